"""Whether the platform's own parts work: its table, its machines, its queues, its log groups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from batchctl.doctor.finding import Finding, ok, problem, warning
from batchctl.doctor.patient import Patient
from batchctl.output import moment

SILENT = timedelta(hours=1)
"""Without a sweep in it there is something wrong: one is due every 15 minutes."""


def queues(patient: Patient) -> Iterator[Finding]:
    """Look for what could not be delivered."""
    starts = patient.sweep_target["DeadLetterConfig"]["Arn"]
    again = "run what is still wanted with `batchctl backfill`"
    yield _queue(patient, "starts that could not be delivered", _url(patient, starts), again)
    messages = {rule.target["DeadLetterConfig"]["Arn"] for rule in patient.rules}
    for arn in sorted(messages):
        swept = "the sweep makes up for it"
        yield _queue(patient, "ends that could not be recorded", _url(patient, arn), swept)


def _url(patient: Patient, arn: str) -> str:
    *_, account, name = arn.split(":")
    answer = patient.aws.client("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    return str(answer["QueueUrl"])


def _queue(patient: Patient, where: str, url: str, then: str) -> Finding:
    answer = patient.aws.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    if not count:
        return ok(where, "none waits in the dead-letter queue")
    name = url.rpartition("/")[2]
    return problem(
        where,
        f"{count} in the dead-letter queue {name}",
        f"read why with `aws sqs receive-message --message-attribute-names All --queue-url {url}`, "
        f"repair that, {then}, and purge the queue",
    )


def table(patient: Patient) -> Iterator[Finding]:
    """Look at the control table."""
    tables, name = patient.aws.tables, patient.platform.control_table
    try:
        status = tables.describe_table(TableName=name)["Table"]["TableStatus"]
    except tables.exceptions.ResourceNotFoundException:
        yield problem(
            f"table {name}", "it is not there: no run starts", "deploy the platform again"
        )
        return
    if status in ("ACTIVE", "UPDATING"):
        yield ok(f"table {name}", f"it is {status.lower()}")
    else:
        yield problem(f"table {name}", f"it is {status}", "look at it in the console")


def sweep(patient: Patient) -> Iterator[Finding]:
    """Look whether the platform's own machines are there, and when the sweep last ran."""
    gone = []
    for name in (patient.platform.recorder, patient.platform.sweep):
        arn = patient.platform.own_machine_arn(name)
        try:
            patient.aws.machines.describe_state_machine(stateMachineArn=arn)
        except patient.aws.machines.exceptions.StateMachineDoesNotExist:
            gone.append(name)
            yield problem(name, "the machine is not there", "deploy the platform again")
    name = patient.platform.sweep
    if name in gone:
        return
    found = patient.aws.machines.list_executions(
        stateMachineArn=patient.platform.own_machine_arn(name), maxResults=1
    )["executions"]
    if not found:
        yield warning(
            name,
            "it never ran",
            "wait a quarter of an hour after the first deployment; then look at its schedule",
        )
        return
    last = found[0]
    age = datetime.now(UTC) - last["startDate"]
    if age > SILENT:
        yield problem(
            name,
            f"it ran last at {moment(last['startDate'])}: what no event told stays untold",
            "look at its schedule and at the dead-letter queue of starts",
        )
    elif last["status"] in ("FAILED", "TIMED_OUT", "ABORTED"):
        yield warning(name, f"its last execution is {last['status']}", "look at it in the console")
    else:
        yield ok(name, "it ran within the hour")


def log_groups(patient: Patient) -> Iterator[Finding]:
    """Look whether the log groups are there: ECS starts no task without its own."""
    for name in (patient.platform.task_log_group, patient.platform.machine_log_group):
        found = patient.aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if any(group["logGroupName"] == name for group in found):
            yield ok(f"log group {name}", "it is there")
        else:
            yield problem(f"log group {name}", "it is not there", "deploy the platform again")


def groups(patient: Patient) -> Iterator[Finding]:
    """Look whether the groups of schedules are there."""
    schedules = patient.aws.schedules
    for name in (patient.platform.schedule_group, patient.platform.manual_schedule_group):
        try:
            schedules.get_schedule_group(Name=name)
            yield ok(f"schedule group {name}", "it is there")
        except schedules.exceptions.ResourceNotFoundException:
            yield problem(f"schedule group {name}", "it is not there", "deploy the platform again")
