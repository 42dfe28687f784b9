"""What GitHub Actions shows of a run: annotations, and a table in the step's summary.

Outside of GitHub Actions nothing happens. The forms are those of "Workflow commands for GitHub
Actions": https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from batch.diagnosis import Diagnosis
    from batchctl.aws import Aws
    from batchctl.runs import Run

LAST_LINES = 20


def active() -> bool:
    """Return whether this is a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def commands_off(*, to_stderr: bool) -> Iterator[None]:
    """Keep what is written meanwhile from being read as workflow commands.

    A job's log lines are written by whoever has the job's data: ``::set-env`` or ``::error`` in
    them must stay text. Who does not know the token cannot switch the commands on again.
    """
    if not active():
        yield
        return
    token = secrets.token_hex(16)
    click.echo(f"::stop-commands::{token}", err=to_stderr)
    try:
        yield
    finally:
        click.echo(f"::{token}::", err=to_stderr)


def tell(aws: Aws, run: Run) -> None:
    """Annotate the step with how a run ended, and write it into the step's summary."""
    if not active() or run.outcome is None:
        return
    from batch.diagnosis import diagnose
    from batchctl import last_lines, links

    outcome = run.outcome
    lines = last_lines.of_stream(aws, outcome.log_stream, LAST_LINES) if outcome.log_stream else []
    found = diagnose(
        result=outcome.result,
        reason=outcome.reason,
        exit_code=outcome.exit_code,
        attempts=outcome.attempts,
        last_lines=lines,
    )
    kind = "notice" if outcome.status == "SUCCEEDED" else "error"
    click.echo(annotation(kind, f"{run.id} {found.what}", found.todo), err=True)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        where = {
            "execution": links.execution(aws.platform, run.arn),
            "log": links.log(aws.platform, outcome.log_stream) if outcome.log_stream else "",
        }
        with Path(path).open("a", encoding="utf-8") as summary:
            summary.write(_markdown(run, found, lines, where))


def annotation(kind: str, title: str, text: str) -> str:
    """Return a workflow command that annotates the step."""
    # A property ends at a comma or a colon; both end at a line's end.
    title = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{_escaped(text or 'nothing to do')}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _markdown(run: Run, found: Diagnosis, lines: Sequence[str], where: dict[str, str]) -> str:
    from batch import durations
    from batchctl import output

    outcome = run.outcome
    assert outcome is not None  # noqa: S101 - only ended runs are told
    mark = "✅" if outcome.status == "SUCCEEDED" else "❌"
    took = (run.ended - run.started).total_seconds() if run.ended else None
    facts = {
        "run": run.name,
        "result": outcome.result,
        "exit code": "" if outcome.exit_code is None else str(outcome.exit_code),
        "attempts": "" if outcome.attempts is None else str(outcome.attempts),
        "started": output.moment(run.started),
        "took": "" if took is None else durations.in_words(round(took)),
        "reason": outcome.reason,
        "what to do": found.todo,
    }
    rows = [f"| {name} | {_cell(value)} |" for name, value in facts.items() if value]
    links = [f"[{name}]({address})" for name, address in where.items() if address]
    text = [f"### {mark} {_cell(f'{run.job} {found.what}')}", "", "| | |", "|---|---|", *rows, ""]
    if links:
        text += [" · ".join(links), ""]
    if lines:
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", "\n".join(lines))), default=0))
        text += ["Last log lines", "", f"{fence}text", *lines, fence, ""]
    return "\n".join(text) + "\n"


def _cell(text: str) -> str:
    """Return text that neither ends a cell nor begins an element of HTML or Markdown."""
    text = " ".join(text.split())
    return re.sub(r"([\\|<>\[\]*_])", r"\\\1", text)
