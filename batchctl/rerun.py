"""``batchctl rerun``: a run once more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.run_input import command_option, commands_of, override_options
from batchctl.target import Target, target_options
from batchctl.wait_options import Waiting, wait_options

if TYPE_CHECKING:
    from batchctl.aws import Aws
    from batchctl.records import RunRecord


@click.command()
@click.argument("run", shell_complete=jobs)
@command_option
@override_options
@wait_options
@yes_option
@target_options
@json_option
def rerun(
    run: str,
    command: str | None,
    overrides: dict[str, Any],
    waiting: Waiting,
    yes: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Start a run again: the same job with the same input, for the same scheduled time.

    The job is as it is deployed now; options change the input. RUN is JOB/RUN as other commands
    print it, the name or the ARN of a run, or a JOB for its newest run. With --wait the exit status
    is that of `run --wait`.

    Step Functions' own redrive is not offered: it goes on within 14 days only, with the definition
    and the input of then, so that a fix would not be in it; and a run of this platform that failed
    has ended in a state that would fail again.

    Example: batchctl rerun hello --env prod --follow
    """
    given = dict(overrides)
    if command is not None:
        given["commands"] = commands_of(command)
    from batchctl import deployed, finding, output, production, runs
    from batchctl import waiting as waits
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
    asked = again(_input(aws, record), aws.identity[1], given)
    production.confirm(aws, yes=yes)
    started = runs.start(aws, job, asked)
    output.note(f"started {job}/{started}, again what {record.id} did")
    ended = waits.finish(aws, job, started, waiting, as_json=as_json)
    if status := waits.exit_status(ended, waiting):
        raise SystemExit(status)


def again(given: dict[str, Any], who: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the input of a run that does again what the run with the input ``given`` did.

    Args:
        given: the input of that run.
        who: the identity that asks.
        changes: keys of the input that are to be others; variables are merged by name.
    """
    from batch.contract import Trigger

    changed = dict(changes or {})
    if "environment" in changed and isinstance(given.get("environment"), list):
        new = {variable["Name"]: variable for variable in changed["environment"]}
        kept = [
            variable
            for variable in given["environment"]
            if not (isinstance(variable, dict) and variable.get("Name") in new)
        ]
        changed["environment"] = [*kept, *new.values()]
    return {**given, **changed, "trigger": Trigger.RERUN.value, "requestedBy": who}


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
