"""A run that was just started: said, waited for, followed."""

from __future__ import annotations

from typing import Any

import click

from batchctl import output, runs
from batchctl.aws import Aws
from batchctl.outcome import Outcome
from batchctl.runs import Run
from batchctl.tail import Tail


def print_started(aws: Aws, job: str, name: str, *, as_json: bool) -> None:
    """Print what other commands take to find the run again."""
    if as_json:
        output.write_json({"run": f"{job}/{name}", "arn": aws.platform.execution_arn(job, name)})
    else:
        click.echo(f"{job}/{name}")


def wait(aws: Aws, job: str, name: str, *, follow: bool, as_json: bool) -> Outcome:
    """Wait for the end of a run, say it, and return how it ended.

    Args:
        follow: show its log lines meanwhile; on standard error where JSON is to follow.
    """
    ended = _wait(aws, job, name, follow=follow, lines_to_stderr=as_json)
    outcome = ended.outcome
    assert outcome is not None  # noqa: S101 - _wait returns ended runs
    output.note(f"{ended.id} {outcome.in_words()}")
    if as_json:
        output.write_json(_data(ended, outcome))
    return outcome


def _wait(aws: Aws, job: str, name: str, *, follow: bool, lines_to_stderr: bool) -> Run:
    arn = aws.platform.execution_arn(job, name)
    tail = Tail(aws, lambda: runs.streams(aws, arn))
    known = False

    def show_lines() -> None:
        nonlocal known
        # Its history is asked for once Step Functions knows it.
        known = known or (follow and runs.describe(aws, job, name) is not None)
        if known:
            for line in tail.lines():
                click.echo(line.text, err=lines_to_stderr)

    try:
        return runs.wait(aws, job, name, each=show_lines)
    except KeyboardInterrupt:
        output.note(
            f"\nstopped waiting; {job}/{name} goes on. "
            f"Come back with `batchctl logs {job}/{name} --follow`"
        )
        raise SystemExit(130) from None


def _data(run: Run, outcome: Outcome) -> dict[str, Any]:
    return {
        "run": run.id,
        "arn": run.arn,
        "start": run.started,
        "end": run.ended,
        "status": outcome.status,
        "result": outcome.result,
        "words": outcome.in_words(),
        "exitCode": outcome.exit_code,
        "attempts": outcome.attempts,
        "reason": outcome.reason,
        "taskArn": outcome.task_arn,
        "taskDefinitionArn": outcome.task_definition_arn,
        "logStream": outcome.log_stream,
    }
