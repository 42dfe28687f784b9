"""``batchctl show``: everything about one job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batch.contract import Platform
    from batchctl.deployed import DeployedJob

RECENT = 5


@click.command()
@click.argument("job", shell_complete=jobs)
@target_options
@json_option
def show(job: str, target: Target, *, as_json: bool) -> None:
    """Show one job: its schedules, command, machine and newest runs.

    Example: batchctl show hello --env local
    """
    import json
    from datetime import UTC, datetime

    from batch.control import EVERY_JOB
    from batch.documents import job_machine
    from batchctl import deployed, finding, history, output, pausing
    from batchctl.aws import Aws
    from batchctl.queries import Runs
    from batchctl.table import Table

    aws = Aws(target)
    found = deployed.job(aws, job)
    machine = aws.machines.describe_state_machine(stateMachineArn=found.arn)
    told = job_machine.told(json.loads(machine["definition"]))
    table = Table(aws)
    recent = [finding.settled(aws, run) for run in table.of_job(job, Runs(), most=RECENT)]
    pauses, last = table.pauses(), table.job(job)
    holding = [pauses[which] for which in (job, EVERY_JOB) if which in pauses]
    now = datetime.now(UTC)
    data = {
        "job": found.name,
        "owner": found.owner,
        "enabled": found.enabled,
        "schedules": [
            {
                "name": schedule.name,
                "expression": schedule.expression,
                "timezone": schedule.timezone,
                "words": schedule.in_words(),
                "enabled": schedule.enabled,
                "next": schedule.next_times(now, 3),
            }
            for schedule in found.schedules
        ],
        "definition": told,
        "stateMachine": found.arn,
        "logGroup": aws.platform.task_log_group,
        "changed": machine.get("creationDate"),
        "paused": pauses[job].data() if job in pauses else None,
        "platformPaused": pauses[EVERY_JOB].data() if EVERY_JOB in pauses else None,
        "failures": last.failures,
        "failingSince": last.failing_since,
        "lastSuccess": last.last_success,
        "links": _links(aws.platform, found),
        "runs": [history.data(run, now) for run in recent],
    }
    if as_json:
        output.write_json(data)
        return
    fields = {"job": found.name, "owner": found.owner or "-"}
    for schedule in found.schedules:
        times = schedule.next_times(now, 3)
        upcoming = "\n".join(f"next {output.fire_time(time)}" for time in times)
        state = "" if schedule.enabled else " (disabled in code)"
        fields[f"schedule {schedule.name}"] = (
            f"{schedule.in_words()}{state}\n{schedule.expression}\n{upcoming}".rstrip()
        )
    if not found.schedules:
        fields["schedule"] = "on demand"
    if holding:
        fields["paused"] = "\n".join(
            f"{'the platform, ' if pause.of_platform else ''}{pausing.in_words(pause)}"
            for pause in holding
        )
    if last.failures:
        fields["failing"] = f"{last.failures} in a row since {output.moment(last.failing_since)}"
    if last.last_success:
        fields["last success"] = output.moment(last.last_success)
    fields |= _in_words(told)
    fields |= {"state machine": found.arn, "log group": aws.platform.task_log_group}
    output.write_fields(fields)
    click.echo()
    links = _links(aws.platform, found)
    schedules = {f"schedule {name}": at for name, at in links["schedules"].items()}
    output.write_fields({"machine": links["stateMachine"], **schedules, "logs": links["logs"]})
    click.echo()
    if not recent:
        click.echo("It never ran.")
        return
    output.write_table(
        ("RUN", "START", "BY", "TOOK", "RESULT"),
        [
            (
                run.id,
                output.moment(run.started),
                run.started_by,
                history.took(run, now),
                run.words,
            )
            for run in recent
        ],
    )


def _links(platform: Platform, job: DeployedJob) -> dict[str, Any]:
    """Return where the AWS console shows what the job is made of."""
    from batch import console

    group = platform.schedule_group
    return {
        "stateMachine": console.state_machine(platform, job.arn),
        "schedules": {
            schedule.name: console.schedule(
                platform, group, platform.schedule(job.name, schedule.name)
            )
            for schedule in job.schedules
        },
        "logs": console.task_log_group(platform),
    }


def _in_words(told: dict[str, Any]) -> dict[str, str]:
    """Return what the machine says of its job, a line each."""
    import shlex

    from batch import durations

    if not told:
        return {}
    size = f"cpu {told['cpu']}, memory {told['memory']} MiB" if "cpu" in told else "the platform's"
    limits = {"an attempt": told["attemptSeconds"], "a run": told["runSeconds"]}
    variables = [f"{variable['Name']}={variable['Value']}" for variable in told["environment"]]
    return {
        "command": shlex.join(told["commands"]),
        "environment": "\n".join([*variables, *(f"{name} (secret)" for name in told["secrets"])])
        or "-",
        "size": size,
        "time limits": ", ".join(
            f"{what} {durations.in_words(seconds) if seconds else 'none'}"
            for what, seconds in limits.items()
        ),
        "task definition": told["taskDefinition"],
    }
