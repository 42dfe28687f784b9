"""``batchctl run``: start a run, and with ``--wait`` end as it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batch.contract import RUN_TASK, Trigger
from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.run_input import command_option, commands_of, override_options
from batchctl.target import Target, target_options
from batchctl.wait_options import Waiting, wait_options

if TYPE_CHECKING:
    from batchctl.runs import Run


@click.command()
@click.argument("job", required=False, shell_complete=jobs)
@command_option
@override_options
@click.option(
    "--name",
    help="Name of the run: a second start under it is the same run, also once that has ended.",
)
@wait_options
@click.option(
    "--trigger",
    type=click.Choice([trigger.value for trigger in Trigger]),
    default=Trigger.MANUAL.value,
    show_default=True,
    help="What the run was started for; the job sees it as BATCH_TRIGGER.",
)
@click.option(
    "--expect-task-definition",
    metavar="ARN",
    help="Fail unless the run used this revision; implies --wait.",
)
@yes_option
@target_options
@json_option
def run(
    job: str | None,
    command: str | None,
    overrides: dict[str, Any],
    name: str | None,
    waiting: Waiting,
    trigger: str,
    expect_task_definition: str | None,
    yes: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Start a run of a job, or of any command on the platform.

    With --wait the exit status is the container's own; 124 when a time limit ended it, 125 when
    the container never started, 130 when it was aborted or stopped, 75 when it was skipped. Ctrl-C
    ends the waiting, with 130, and the run goes on.

    In GitHub Actions the end is written into the step's summary too, and a failure is annotated.

    Example: batchctl run --command "bundle exec rake db:migrate" --env stg --wait --follow
    """
    if job in (None, RUN_TASK) and command is None:
        raise click.UsageError("what to run? give a JOB, or --command TEXT")
    given = {"trigger": trigger, **overrides}
    if command is not None:
        given["commands"] = commands_of(command)
    from dataclasses import replace

    from batchctl import deployed, output, production, runs
    from batchctl import waiting as waits
    from batchctl.aws import Aws

    aws = Aws(target)
    job = deployed.known(aws, job) if job else RUN_TASK
    # A deployment was confirmed as a whole.
    production.confirm(aws, yes=yes or trigger == Trigger.DEPLOY)
    given["requestedBy"] = aws.identity[1]
    name = name or runs.new_name(job)
    there = runs.start_named(aws, job, given, name=name)
    output.note(f"started {job}/{name}" if there is None else f"{job}/{name} is there already")
    if expect_task_definition:
        waiting = replace(waiting, wait=True)
    ended = waits.finish(aws, job, name, waiting, as_json=as_json)
    if status := waits.exit_status(ended, waiting):
        raise SystemExit(status)
    if ended and expect_task_definition:
        _check_revision(ended, expect_task_definition)


def _check_revision(ended: Run, expected: str) -> None:
    used = ended.outcome.task_definition_arn if ended.outcome else ""
    if used != expected:
        raise click.ClickException(
            f"{ended.id}: it used task definition {used or 'none that is known'}, not {expected}; "
            "another deployment is under way: deploy again"
        )
