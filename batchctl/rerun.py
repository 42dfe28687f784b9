"""``batchctl rerun``: a run once more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options
from batchctl.wait_options import wait_options

if TYPE_CHECKING:
    from batchctl.aws import Aws
    from batchctl.records import RunRecord


@click.command()
@click.argument("run")
@wait_options
@target_options
@json_option
def rerun(
    run: str,
    wait: bool,
    follow: bool,
    skipped_ok: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Start a run again: the same job with the same input, for the same scheduled time.

    The job is as it is deployed now. RUN is JOB/RUN as other commands print it, the name or the ARN
    of a run, or a JOB for its newest run. With --wait the exit status is that of `run --wait`.

    Example: batchctl rerun hello --env prod --follow
    """
    from batchctl import deployed, finding, output, runs, waiting
    from batchctl.aws import Aws
    from batchctl.errors import OperatorError

    aws = Aws(target)
    record = finding.find(aws, run)
    if record.outcome is None:
        raise OperatorError(
            f"{record.id}: it has not ended; see it with `batchctl logs {record.id} --follow`, "
            f"or start another with `batchctl run {record.job}`"
        )
    job = deployed.known(aws, record.job)
    started = runs.start(aws, job, again(_input(aws, record), aws.identity[1]))
    output.note(f"started {job}/{started}, again what {record.id} did")
    if not (wait or follow):
        waiting.print_started(aws, job, started, as_json=as_json)
        return
    outcome = waiting.wait(aws, job, started, follow=follow, as_json=as_json)
    if status := outcome.exit_status(skipped_ok=skipped_ok):
        raise SystemExit(status)


def again(given: dict[str, Any], who: str) -> dict[str, Any]:
    """Return the input of a run that does again what the run with the input ``given`` did."""
    from batch.contract import Trigger

    return {**given, "trigger": Trigger.RERUN.value, "requestedBy": who}


def _input(aws: Aws, record: RunRecord) -> dict[str, Any]:
    """Return the input of a run. Step Functions has all of it, the record no secrets.

    Raises:
        OperatorError: Neither has it any more.
    """
    from batchctl import runs
    from batchctl.errors import OperatorError

    if known := runs.describe(aws, record.job, record.name):
        if not isinstance(known.input, dict):
            raise OperatorError(
                f"{record.id}: its input is no object, and would be refused again; "
                f"start another with `batchctl run {record.job}`"
            )
        return known.input
    kept = of_record(record.input)
    if kept is None:
        raise OperatorError(
            f"{record.id}: Step Functions no longer knows its input, and the record has it without "
            f"the values of its environment; give them with `batchctl run {record.job} -e "
            "NAME=VALUE`"
        )
    return kept


def of_record(text: str) -> dict[str, Any] | None:
    """Return the input in a record, or None if it is not there, or not all of it."""
    from batch.control import MASK

    try:
        given = json.loads(text)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    variables = given.get("environment", [])
    masked = any(
        variable == MASK or (isinstance(variable, dict) and variable.get("Value") == MASK)
        for variable in (variables if isinstance(variables, list) else [variables])
    )
    return None if masked else given
