"""``batchctl run``: start a run, and with ``--wait`` end as it ends."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from batch.contract import RUN_TASK, Trigger
from batchctl.output import json_option
from batchctl.target import Target, target_options
from batchctl.wait_options import wait_options


@click.command()
@click.argument("job", required=False)
@click.option(
    "--command",
    metavar="TEXT",
    help="What to run: a line for bash -c, or a JSON list of words. Without JOB, any command.",
)
@click.option(
    "-e",
    "--environment",
    metavar="NAME=VALUE",
    multiple=True,
    help="Variable for this run; repeatable.",
)
@click.option("--cpu", metavar="UNITS", help="CPU units for this run, for instance 1024.")
@click.option("--memory", metavar="MIB", help="Memory in MiB for this run, for instance 2048.")
@click.option("--name", help="Name of the run: a second start under it is the same run.")
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
    help="Fail unless the run used this revision.",
)
@target_options
@json_option
def run(
    job: str | None,
    command: str | None,
    environment: tuple[str, ...],
    cpu: str | None,
    memory: str | None,
    name: str | None,
    wait: bool,
    follow: bool,
    skipped_ok: bool,
    trigger: str,
    expect_task_definition: str | None,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Start a run of a job, or of any command on the platform.

    With --wait the exit status is the container's own; 124 when a time limit ended it, 125 when
    the container never started, 130 when it was aborted or stopped, 75 when it was skipped.

    Example: batchctl run --command "bundle exec rake db:migrate" --env stg --wait --follow
    """
    if job in (None, RUN_TASK) and command is None:
        raise click.UsageError("what to run? give a JOB, or --command TEXT")
    given = _input(command, environment, cpu, memory, trigger)
    from batchctl import deployed, output, runs, waiting
    from batchctl.aws import Aws

    aws = Aws(target)
    job = deployed.known(aws, job) if job else RUN_TASK
    given["requestedBy"] = aws.identity[1]
    started = runs.start(aws, job, given, name=name)
    output.note(f"started {job}/{started}")
    if not (wait or follow or expect_task_definition):
        waiting.print_started(aws, job, started, as_json=as_json)
        return
    ended = waiting.wait(aws, job, started, follow=follow, as_json=as_json)
    if status := ended.exit_status(skipped_ok=skipped_ok):
        raise SystemExit(status)
    if expect_task_definition and ended.task_definition_arn != expect_task_definition:
        used = ended.task_definition_arn or "none that is known"
        raise click.ClickException(
            f"{job}/{started}: it used task definition {used}, not {expect_task_definition}; "
            "another deployment is under way: deploy again"
        )


def _input(
    command: str | None,
    environment: tuple[str, ...],
    cpu: str | None,
    memory: str | None,
    trigger: str,
) -> dict[str, Any]:
    """Return the execution input of the contract."""
    given: dict[str, Any] = {"trigger": trigger}
    if command is not None:
        given["commands"] = commands_of(command)
    if environment:
        given["environment"] = [_variable(assignment) for assignment in environment]
    if cpu:
        given["cpu"] = _number("--cpu", cpu)
    if memory:
        given["memory"] = _number("--memory", memory)
    return given


def commands_of(text: str) -> list[str]:
    """Return the words of ``--command``: a JSON list as it is, anything else as a bash line."""
    if text.lstrip().startswith("["):
        try:
            words = json.loads(text)
        except ValueError:
            words = None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return words
        if words is not None:
            raise click.UsageError("--command: a JSON list must hold words and not be empty")
    if not text.strip():
        raise click.UsageError("--command: it is empty; say what to run")
    return ["bash", "-c", text]


def _variable(assignment: str) -> dict[str, str]:
    name, equals, value = assignment.partition("=")
    if not equals or not name:
        raise click.UsageError(
            f"--environment: {shlex.quote(assignment)} is not NAME=VALUE; write -e NAME=VALUE"
        )
    return {"Name": name, "Value": value}


def _number(option: str, text: str) -> str:
    if not text.isdecimal():
        raise click.UsageError(f"{option}: {text!r} is not a whole number; see docs/jobs.md")
    return text
