"""``batchctl why``: everything that is known of one run, what matters most first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from batch.diagnosis import Diagnosis
    from batchctl.attempts import Attempt
    from batchctl.aws import Aws
    from batchctl.records import RunRecord


@click.command()
@click.argument("run", shell_complete=jobs)
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Last log lines of the last attempt.",
)
@target_options
@json_option
def why(run: str, lines: int, target: Target, *, as_json: bool) -> None:
    """Tell what became of a run, what to do, and all that is known of it.

    RUN is JOB/RUN as other commands print it, the name or the ARN of a run, or a JOB for its newest
    run.

    Example: batchctl why hello --env prod
    """
    from datetime import UTC, datetime

    from batchctl import attempts, finding, output
    from batchctl.aws import Aws

    aws = Aws(target)
    record = finding.find(aws, run)
    tried = attempts.of_record(aws, record)
    log, missing = _last_lines(aws, record, lines)
    found = _diagnosis(record, tried or [], log)
    now = datetime.now(UTC)
    if as_json:
        told = {"diagnosis": found.what, "todo": found.todo} if found else {}
        output.write_json(_data(aws, record, now) | told | {"tasks": _tasks(tried), "log": log})
        return
    click.echo(f"{record.id} {found.what if found else _underway(record, now)}")
    if found and found.todo:
        click.echo(f"To do: {found.todo}")
    click.echo()
    output.write_fields(_facts(record, now) | _attempts(tried, record))
    if lines:
        click.echo()
        click.echo("last log lines" if log else missing)
        for line in log:
            click.echo(f"  {line}".rstrip())
    click.echo()
    output.write_fields(_next(aws, record))


def _diagnosis(record: RunRecord, tried: Sequence[Attempt], log: Sequence[str]) -> Diagnosis | None:
    """Return what happened, or None of a run that has not ended."""
    from batch.diagnosis import diagnose

    outcome = record.outcome
    if outcome is None:
        return None
    return diagnose(
        result=outcome.result,
        reason=outcome.reason,
        exit_code=outcome.exit_code,
        stop_code=tried[-1].stop_code if tried else "",
        attempts=outcome.attempts,
        last_lines=log,
        skip=record.skip or outcome.skip,
    )


def _underway(record: RunRecord, now: datetime) -> str:
    from batchctl import history

    if record.waiting:
        return f"waits for its place, for {history.took(record, now)}"
    over = record.limit and now > record.limit
    limit = ", which is over its limit" if over else ""
    return f"is running, for {history.took(record, now)}{limit}"


def _attempts(tried: Sequence[Attempt] | None, record: RunRecord) -> dict[str, str]:
    """Return how each task ended, where there was more than one; they have much to say of it."""
    if tried is None:
        return {"tasks": "Step Functions no longer has the history of this run (90 days)"}
    if len(tried) < 2 and record.outcome is not None:
        return {}
    lines = [f"{number}. {attempt.in_words()}" for number, attempt in enumerate(tried, start=1)]
    return {"tasks": "\n".join(lines)} if lines else {}


def _tasks(tried: Sequence[Attempt] | None) -> list[dict[str, Any]] | None:
    if tried is None:
        return None
    return [
        {
            "taskArn": attempt.task_arn or None,
            "exitCode": attempt.exit_code,
            "stopCode": attempt.stop_code or None,
            "reason": attempt.reason or None,
        }
        for attempt in tried
    ]


def _facts(record: RunRecord, now: datetime) -> dict[str, str]:
    """Return names and values for people; what is not known is left out."""
    from batchctl import history, output

    outcome = record.outcome
    limit = "" if outcome else output.moment(record.limit)
    fields = {
        "exit code": history.exit_code(record),
        "reason": outcome.reason if outcome else "",
        "attempts": str(outcome.attempts) if outcome and outcome.attempts is not None else "",
        "scheduled for": output.moment_of(record.scheduled_time),
        "started": output.moment(record.started),
        "ended": output.moment(record.ended),
        "took": history.took(record, now) if outcome else "",
        "limit": limit,
        "started by": record.started_by,
        "input": record.input,
        "task": outcome.task_arn if outcome else "",
        "task definition": outcome.task_definition_arn if outcome else "",
        "image": record.image_digest,
        "message": _message(record),
    }
    return {name: value for name, value in fields.items() if value}


def _next(aws: Aws, record: RunRecord) -> dict[str, str]:
    """Return where to look, and what to type."""
    import shlex

    from batchctl import links

    stream = record.outcome.log_stream if record.outcome else ""
    this = f"{shlex.quote(record.id)} --env {aws.platform.stack}"
    fields = {
        "execution": links.execution(aws.platform, record.arn),
        "log": links.log(aws.platform, stream) if stream else "",
        "whole log": f"batchctl logs {this}" + ("" if record.outcome else " --follow"),
        "once more": f"batchctl rerun {this}" if record.outcome else "",
    }
    return {name: value for name, value in fields.items() if value}


def _message(record: RunRecord) -> str:
    from batchctl import output

    if not record.message:
        return ""
    if record.told:
        return f"{record.message}, sent {output.moment(record.told)}"
    return f"{record.message}, not sent yet"


def _data(aws: Aws, record: RunRecord, now: datetime) -> dict[str, Any]:
    from batchctl import history, links

    outcome = record.outcome
    return history.data(record, now) | {
        "admitted": record.admitted,
        "limit": record.limit,
        "input": record.input or None,
        "taskArn": (outcome.task_arn if outcome else "") or None,
        "taskDefinitionArn": (outcome.task_definition_arn if outcome else "") or None,
        "imageDigest": record.image_digest or None,
        "message": record.message or None,
        "messageSent": record.told,
        "executionUrl": links.execution(aws.platform, record.arn),
    }


def _last_lines(aws: Aws, record: RunRecord, count: int) -> tuple[list[str], str]:
    """Return the last lines of the last attempt, or none and why."""
    from batchctl import last_lines, streams

    found = streams.of_run(aws, record) if count else []
    if not found:
        return [], "no log: no task of it started" if record.outcome else "no log yet"
    lines = last_lines.of_stream(aws, found[-1], count)
    return lines, "no log: nothing was written, or it is no longer kept"
