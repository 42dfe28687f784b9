"""What the emulator does, as lines for a person: runs, their output, and the channels.

Everything here goes to standard error: it is progress, not data.
"""

from __future__ import annotations

import html
import re
import sys
import threading
import zlib
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from batchctl.outcome import Outcome, of_execution
from localaws.feed import (
    ExecutionStatusChange,
    Happening,
    LogLine,
    ScheduleFired,
    SlackMessage,
    TaskStateChange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batch.contract import Platform

COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta")
NAME_WIDTH = 14
PIPE_WIDTH = 200

_LINK = re.compile(r"<(?P<url>https?://[^>|]*)(?:[|](?P<label>[^>]*))?>")


def console() -> Console:
    """Return the console of standard error; lines are not broken where nobody looks at them."""
    return Console(
        stderr=True,
        highlight=False,
        soft_wrap=True,
        width=None if sys.stderr.isatty() else PIPE_WIDTH,
    )


def as_shown(line: str) -> Text:
    """Return a line of a message as Slack shows it: links by their labels, entities read."""
    shown, read = Text(), 0
    for link in _LINK.finditer(line):
        shown.append(html.unescape(line[read : link.start()]))
        shown.append(html.unescape(link["label"] or link["url"]), f"underline link {link['url']}")
        read = link.end()
    return shown.append(html.unescape(line[read:]))


class Screen:
    """Writes happenings of the emulator as they come; its methods may be called from any thread."""

    def __init__(self, to: Console, platform: Platform, *, names: list[str]) -> None:
        self._console = to
        self._platform = platform
        self._width = max([NAME_WIDTH, *map(len, names)]) if names else NAME_WIDTH
        self._lock = threading.Lock()

    def __call__(self, happening: Happening) -> None:
        """Show one happening."""
        match happening:
            case LogLine():
                self._line(happening.job, Text(happening.text), attempt=happening.attempt)
            case ExecutionStatusChange():
                self._execution(happening)
            case TaskStateChange():
                self._task(happening)
            case ScheduleFired():
                self._fired(happening)
            case SlackMessage():
                self._message(happening)

    def _line(self, job: str, text: Text, *, attempt: int = 0) -> None:
        colour = COLOURS[zlib.crc32(job.encode()) % len(COLOURS)]
        mark = f"#{attempt}" if attempt > 1 else ""
        label = Text.assemble((f"{job:<{self._width}}", colour), (f" {mark:<3}", "dim"))
        with self._lock:
            for index, line in enumerate(self._wrapped(text, beside=len(label))):
                self._console.print((Text(" " * len(label)) if index else label) + line)

    def _wrapped(self, text: Text, *, beside: int) -> Iterable[Text]:
        """Return the lines of ``text`` in what a terminal has beside the label; else one."""
        if not self._console.is_terminal:
            return [text]
        return text.wrap(self._console, max(self._console.width - beside, 20)) or [text]

    def _execution(self, change: ExecutionStatusChange) -> None:
        job = self._platform.job_of(change.detail["stateMachineArn"])
        if job is None:
            return
        outcome = of_execution(change.detail)
        if outcome is None:
            self._line(job, Text("run started", style="dim"))
        else:
            self._line(job, Text(f"run {outcome.in_words()}", style=style_of(outcome)))

    def _task(self, change: TaskStateChange) -> None:
        detail = change.detail
        if detail.get("lastStatus") != "STOPPED":
            return
        if any(container.get("exitCode") == 0 for container in detail.get("containers", [])):
            return
        said = " ".join(
            str(part)
            for part in (
                "task stopped:",
                detail.get("stoppedReason", ""),
                *(
                    f"(exit code {container['exitCode']})"
                    for container in detail.get("containers", [])
                    if container.get("exitCode") is not None
                ),
            )
            if part
        )
        self._line(change.job or "-", Text(said, style="yellow"), attempt=change.attempt)

    def _fired(self, fired: ScheduleFired) -> None:
        name = fired.schedule_arn.rsplit("/", 1)[-1]
        when = f"{fired.scheduled_time:%Y-%m-%d %H:%M:%SZ}"
        if fired.error:
            said = Text(f"schedule of {when} could not start it: {fired.error}", style="red")
        else:
            said = Text(f"schedule of {when} fired", style="dim")
        self._line(name, said)

    def _message(self, message: SlackMessage) -> None:
        with self._lock:
            if message.dropped:
                self._console.print(
                    f"[bold yellow]DROPPED[/] {escape(message.channel)}: {escape(message.dropped)}"
                )
                return
            failure = message.topic_arn == self._platform.topic_arn(self._platform.failure_topic)
            self._console.print(
                Text.assemble(
                    (f"┃ #{message.channel} ", "bold red" if failure else "bold green"),
                    (message.title, "bold"),
                )
            )
            for line in (
                *message.description.splitlines(),
                *(f"→ {step}" for step in message.next_steps),
            ):
                bar = ("┃ ", "red" if failure else "green")
                for part in self._wrapped(as_shown(line), beside=len(bar[0])):
                    self._console.print(Text.assemble(bar, part))


def style_of(outcome: Outcome) -> str:
    """Return the colour of an ending."""
    if outcome.skipped:
        return "yellow"
    return "green" if outcome.status == "SUCCEEDED" else "red"
