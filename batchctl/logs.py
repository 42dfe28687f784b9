"""``batchctl logs``: what a run, or the newest run of a job, wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batchctl.tail import Line


@click.command()
@click.argument("job_or_run")
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
@target_options
@json_option
def logs(job_or_run: str, follow: bool, target: Target, *, as_json: bool) -> None:
    """Print the log lines of a run, or of the newest run of a job that was not skipped.

    A run is named as other commands print it: JOB/RUN. Attempts after the first are marked on
    standard error. With --json each line is an object of its own.

    Example: batchctl logs hello --env local --follow
    """
    from batchctl import finding, output, runs, streams
    from batchctl.aws import Aws
    from batchctl.tail import Tail

    aws = Aws(target)
    record = finding.find(aws, job_or_run, that_ran=True)
    output.note(f"{record.id} {record.words}")
    tail = Tail(aws, lambda: streams.of_run(aws, record))
    attempt = 1
    while True:
        # Looked at before the lines are read: what a run wrote is complete once it has ended.
        ended = record.outcome is not None
        for line in tail.lines():
            if line.attempt != attempt:
                attempt = line.attempt
                output.note(f"attempt {attempt}")
            click.echo(_json(line) if as_json else line.text)
        if ended or not follow:
            break
        runs.pause(aws)
        record = finding.settled(aws, record)
    if follow and record.outcome:
        output.note(f"{record.id} {record.words}")


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
