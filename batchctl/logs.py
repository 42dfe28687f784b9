"""``batchctl logs``: what a run, or the newest run of a job, wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batchctl.records import RunRecord
    from batchctl.tail import Line


@click.command()
@click.argument("job_or_run", shell_complete=jobs)
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@click.option(
    "--since", metavar="TIME", help="Lines from then on: a time, or how long ago, such as 10m."
)
@click.option(
    "--grep", metavar="PATTERN", help="Only lines that a regular expression (Python's) is found in."
)
@click.option("--attempt", type=click.IntRange(1), metavar="NUMBER", help="Only of this attempt.")
@target_options
@json_option
def logs(
    job_or_run: str,
    follow: bool,
    since: str | None,
    grep: str | None,
    attempt: int | None,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Print the log lines of a run, or of the newest run of a job that was not skipped.

    A run is named as other commands print it: JOB/RUN. Attempts are told apart on standard error,
    where there are several. With --json each line is an object of its own.

    Example: batchctl logs hello --env local --follow --grep "ERROR|WARN"
    """
    from datetime import UTC, datetime

    from batchctl import finding, moments, output, runs, streams
    from batchctl.aws import Aws
    from batchctl.tail import Tail

    pattern = _pattern(grep)
    start = moments.earlier(since, "--since", datetime.now(UTC)) if since else None
    aws = Aws(target)
    record = finding.find(aws, job_or_run, that_ran=True)
    output.note(f"{record.id} {' '.join(record.words.split())}")
    tail = Tail(aws, lambda: streams.of_run(aws, record), start)
    printer = _Printer(pattern, attempt, as_json=as_json)
    try:
        while True:
            # Looked at before the lines are read: what a run wrote is complete once it has ended.
            ended = record.outcome is not None
            printer.print(tail.lines())
            if ended or not follow:
                break
            runs.pause(aws)
            record = finding.settled(aws, record)
        if follow and record.outcome:
            printer.print(tail.rest(lambda: runs.pause(aws)))
            output.note(f"{record.id} {' '.join(record.words.split())}")
    except KeyboardInterrupt:
        output.note(f"\nstopped reading; {record.id} goes on")
        raise SystemExit(130) from None
    if not printer.printed:
        output.note(_nothing(record, filtered=bool(pattern or start or attempt)))


class _Printer:
    """Prints lines, and where an attempt begins."""

    def __init__(
        self, pattern: re.Pattern[str] | None, attempt: int | None, *, as_json: bool
    ) -> None:
        self.printed = 0
        self._pattern = pattern
        self._attempt = attempt
        self._as_json = as_json
        self._now = 1

    def print(self, lines: Iterable[Line]) -> None:
        """Print those of the lines that are wanted."""
        from batchctl import output

        for line in lines:
            if self._attempt not in (None, line.attempt):
                continue
            if self._pattern and not self._pattern.search(line.text):
                continue
            if line.attempt != self._now:
                self._now = line.attempt
                output.note(f"attempt {line.attempt}")
            click.echo(_json(line) if self._as_json else line.text)
            self.printed += 1


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise click.UsageError(
            f"--grep: {text!r} is no regular expression ({error}); put \\ before signs such as ("
        ) from None


def _nothing(record: RunRecord, *, filtered: bool) -> str:
    """Return why nothing was printed, as far as it is known."""
    if filtered:
        return "no such line"
    if record.outcome is None:
        return "no lines yet"
    return "no lines: it wrote none, or they are no longer kept"


def _json(line: Line) -> str:
    import json

    return json.dumps(
        {
            "time": line.time.isoformat(),
            "attempt": line.attempt,
            "stream": line.stream,
            "text": line.text,
        },
        ensure_ascii=False,
    )
