"""A run that was just started: said, waited for, followed, and stopped where that is wanted."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

import click

from batchctl import github, output, runs, stopping
from batchctl.aws import Aws
from batchctl.runs import Run
from batchctl.tail import Line, Tail
from batchctl.wait_options import Waiting

INTERRUPTED = 130
"""What a shell says of Ctrl-C."""


def finish(aws: Aws, job: str, name: str, waiting: Waiting, *, as_json: bool) -> Run | None:
    """Say what was started, or wait for its end and say that.

    Returns:
        The run at its end, or None if it is not waited for.
    """
    if not waiting.until_end:
        _print_started(aws, job, name, as_json=as_json)
        return None
    ended = _wait(aws, job, name, waiting, lines_to_stderr=as_json)
    output.note(f"{ended.id} {_words(ended)}")
    github.tell(aws, ended)
    if as_json:
        output.write_json(_data(ended))
    return ended


def exit_status(ended: Run | None, waiting: Waiting) -> int:
    """Return what a command ends with after :func:`finish`."""
    if ended is None or ended.outcome is None:
        return 0
    return ended.outcome.exit_status(skipped_ok=waiting.skipped_ok)


def _print_started(aws: Aws, job: str, name: str, *, as_json: bool) -> None:
    """Print what other commands take to find the run again."""
    if as_json:
        output.write_json({"run": f"{job}/{name}", "arn": aws.platform.execution_arn(job, name)})
    else:
        click.echo(f"{job}/{name}")


def _wait(aws: Aws, job: str, name: str, waiting: Waiting, *, lines_to_stderr: bool) -> Run:
    arn = aws.platform.execution_arn(job, name)
    tail = Tail(aws, lambda: runs.streams(aws, arn))
    known, attempt = False, 1

    def show(lines: Iterable[Line]) -> None:
        nonlocal known, attempt
        # Its history is asked for once Step Functions knows it.
        known = known or (waiting.follow and runs.describe(aws, job, name) is not None)
        if not known:
            return
        for line in lines:
            if line.attempt != attempt:
                attempt = line.attempt
                output.note(f"attempt {attempt}")
            click.echo(line.text, err=lines_to_stderr)

    try:
        with github.commands_off(to_stderr=lines_to_stderr):
            ended = runs.wait(aws, job, name, each=lambda: show(tail.lines()))
            show(tail.rest(lambda: runs.pause(aws)))
            return ended
    except KeyboardInterrupt:
        if waiting.stop_on_interrupt:
            _stop(aws, job, name)
        else:
            this = f"{shlex.quote(f'{job}/{name}')} --env {aws.target.stack}"
            output.note(
                f"\nstopped waiting; {job}/{name} goes on. "
                f"Come back with `batchctl logs {this} --follow`, end it with "
                f"`batchctl stop {this}`"
            )
        raise SystemExit(INTERRUPTED) from None


def _stop(aws: Aws, job: str, name: str) -> None:
    output.note(f"\nstopping {job}/{name}")
    stopping.stop(aws, job, name, reason="Ctrl-C of who waited for it")
    ended = runs.wait(aws, job, name)
    output.note(f"{ended.id} {_words(ended)}")
    github.tell(aws, ended)


def _words(run: Run) -> str:
    """Return how a run ended, on a line of its own whatever a reason holds."""
    return " ".join(run.outcome.in_words().split()) if run.outcome else "running"


def _data(run: Run) -> dict[str, Any]:
    outcome = run.outcome
    assert outcome is not None  # noqa: S101 - only ended runs are told
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
