"""``batchctl run``: start a run, and with ``--wait`` end as it ends."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import click

from batch.contract import RUN_TASK, Trigger
from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batchctl.aws import Aws
    from batchctl.runs import Run


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
@click.option("--wait", is_flag=True, help="Wait for its end and exit as it did.")
@click.option("--follow", is_flag=True, help="Show its log lines while waiting; implies --wait.")
@click.option("--skipped-ok", is_flag=True, help="A skipped run is no failure.")
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
    from batchctl import deployed, output, runs
    from batchctl.aws import Aws

    aws = Aws(target)
    job = deployed.known(aws, job) if job else RUN_TASK
    given["requestedBy"] = aws.identity[1]
    started = runs.start(aws, job, given, name=name)
    output.note(f"started {job}/{started}")
    if not (wait or follow or expect_task_definition):
        if as_json:
            output.write_json(
                {"run": f"{job}/{started}", "arn": aws.platform.execution_arn(job, started)}
            )
        else:
            click.echo(f"{job}/{started}")
        return
    ended = _wait(aws, job, started, follow=follow, lines_to_stderr=as_json)
    outcome = ended.outcome
    assert outcome is not None  # noqa: S101 - _wait returns ended runs
    output.note(f"{ended.id} {outcome.in_words()}")
    if as_json:
        output.write_json(_data(ended))
    if status := outcome.exit_status(skipped_ok=skipped_ok):
        raise SystemExit(status)
    if expect_task_definition and outcome.task_definition_arn != expect_task_definition:
        used = outcome.task_definition_arn or "none that is known"
        raise click.ClickException(
            f"{ended.id}: it used task definition {used}, not {expect_task_definition}; "
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


def _wait(aws: Aws, job: str, name: str, *, follow: bool, lines_to_stderr: bool) -> Run:
    from batchctl import output, runs
    from batchctl.tail import Tail

    tail: Tail | None = None

    def show_lines() -> None:
        nonlocal tail
        if not follow:
            return
        if tail is None:
            run = runs.describe(aws, job, name)
            if run is None:
                return
            tail = Tail(aws, run)
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


def _data(run: Run) -> dict[str, Any]:
    outcome = run.outcome
    assert outcome is not None  # noqa: S101
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
