"""One job: its state machine, its schedules, and what else its options need."""

from datetime import UTC, datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from batch import control
from batch.contract import Platform, schedule_input
from batch.documents import job_machine
from batch.job import Job
from batch.schedule import Schedule
from components import clock, granted, job_task, registry, state_machine
from components.connection import Connection, connect
from components.job_inputs import JobInputs
from components.rendering import as_output, derived, split, text
from components.scheduled_job_args import ScheduledJobArgs


class ScheduledJob(pulumi.ComponentResource):
    """A batch job: a command that runs in a container, on schedule or when somebody starts it.

    The stack's configuration can change it: what stands below ``jobs.<name>`` wins key by key.
    """

    state_machine_arn: pulumi.Output[str]
    """The ARN of the state machine; starting an execution of it runs the job."""

    state_machine_name: pulumi.Output[str]
    """The name of the state machine, <platform>-<stack>-<job>."""

    schedule_names: pulumi.Output[list[str]]
    """The names of the schedules that were made: none if it has none or they are past."""

    task_definition_arn: pulumi.Output[str]
    """The ARN of the task definition with its revision: the job's own, or the platform's."""

    def __init__(
        self, name: str, args: ScheduledJobArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the job ``name``.

        Raises:
            InvalidJob: with everything that is wrong with it; nothing is made then.
        """
        raw: dict[str, Any] = dict(args)
        connection = connect(raw.pop("platform"))
        inputs = JobInputs(raw.pop("name", None) or name, raw)
        job_task.check_name(name, inputs.job)
        group_limit = derived(
            granted.group_limit,
            job=inputs.settled("topic_arn"),
            limits=connection["limits"],
            topics=connection["topics"],
        )
        registry.register(inputs.job.name, args["platform"])
        super().__init__("batch:index:ScheduledJob", name, {}, opts)
        job, platform = inputs.job, connection.platform
        for line in job.warnings(clock.now()):
            pulumi.log.warn(line, resource=self)
        # The one that registers the job: a team's own, on a shared platform.
        project = pulumi.get_project()
        task = job_task.make(name, inputs=inputs, connection=connection, parent=self)
        machine = state_machine.make(
            name,
            physical_name=derived(
                lambda platform: platform.state_machine(job.name), platform=platform
            ),
            definition=derived(
                _definition,
                platform=platform,
                job=inputs.settled("environment", "topic_arn"),
                family=task.family,
                container=job.container or connection["container"],
                subnets=connection["subnets"],
                groups=connection["groups"],
                public_ip=connection["publicip"],
                project=project,
                history_days=connection["historydays"],
                group_limit=group_limit,
                success_messages=connection["successmessages"],
            ),
            role_arn=connection["machinerole"],
            log_group_arn=derived(
                lambda platform: platform.log_group_arn(platform.machine_log_group),
                platform=platform,
            ),
            tags=derived(_tags, platform=platform, job=job, project=project),
            parent=self,
        )
        schedules = [
            _schedule(name, label, schedule, job, connection, machine, parent=self)
            for label, schedule in sorted(job.schedules.items())
            if not schedule.is_past(clock.now())
        ]
        if job.expect_success_within_seconds and job.enabled and schedules:
            _expectation(name, job, connection, machine, parent=self)
        self.state_machine_arn = machine.arn
        self.state_machine_name = machine.name
        self.schedule_names = pulumi.Output.all(*[one.name for one in schedules])
        self.task_definition_arn = as_output(task.arn)
        self.register_outputs(
            {
                "state_machine_arn": self.state_machine_arn,
                "state_machine_name": self.state_machine_name,
                "schedule_names": self.schedule_names,
                "task_definition_arn": self.task_definition_arn,
            }
        )


def _tags(*, platform: Platform, job: Job, project: str) -> dict[str, str]:
    return state_machine.tags(platform, job=job.name, owner=job.owner, project=project)


def _definition(
    *,
    platform: Platform,
    job: Job,
    family: str,
    container: str,
    subnets: str,
    groups: str,
    public_ip: str,
    project: str,
    history_days: str,
    group_limit: int | None,
    success_messages: str,
) -> str:
    return text(
        job_machine.definition(
            platform=platform,
            job=job,
            family=family,
            container=container,
            subnets=split(subnets),
            security_groups=split(groups),
            public_ip=public_ip == "ENABLED",
            project=project,
            history_days=int(history_days),
            group_limit=group_limit,
            success_messages=success_messages == "true",
        )
    )


def _expectation(
    name: str,
    job: Job,
    connection: Connection,
    machine: aws.sfn.StateMachine,
    *,
    parent: pulumi.Resource,
) -> None:
    """Let the sweep know how often the job is to succeed."""
    item = {
        control.PARTITION_KEY: {"S": control.EXPECTATIONS},
        control.SORT_KEY: {"S": job.name},
        "within": {"N": str(job.expect_success_within_seconds)},
    }
    aws.dynamodb.TableItem(
        name,
        table_name=derived(lambda platform: platform.control_table, platform=connection.platform),
        hash_key=control.PARTITION_KEY,
        range_key=control.SORT_KEY,
        item=text(item),
        # The machine waits for the table, which is a name here.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[machine]),
    )


def _schedule(
    name: str,
    label: str,
    schedule: Schedule,
    job: Job,
    connection: Connection,
    machine: aws.sfn.StateMachine,
    *,
    parent: pulumi.Resource,
) -> aws.scheduler.Schedule:
    window = job.flexible_window_minutes
    return aws.scheduler.Schedule(
        # As the physical name: with a hyphen the schedule `b` of job `a` and the job `a-b` would
        # have one URN.
        Platform.schedule(name, label),
        name=Platform.schedule(job.name, label),
        group_name=derived(lambda platform: platform.schedule_group, platform=connection.platform),
        description=job.description or None,
        schedule_expression=schedule.expression,
        schedule_expression_timezone=schedule.timezone,
        start_date=_date(schedule, schedule.start),
        end_date=_date(schedule, schedule.end),
        state="ENABLED" if job.enabled else "DISABLED",
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": window}
        if window
        else {"mode": "OFF"},
        target={
            "arn": machine.arn,
            "role_arn": connection["schedulerrole"],
            "input": text(schedule_input(label)),
            "dead_letter_config": {"arn": connection["deadletters"]},
            "retry_policy": {
                "maximum_event_age_in_seconds": job.max_event_age_seconds,
                # The most there can be: the age alone says how late a start may be.
                "maximum_retry_attempts": 185,
            },
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _date(schedule: Schedule, moment: datetime | None) -> str | None:
    """Return a date as Scheduler takes it. It refuses one that is past, and at() has no use."""
    if moment is None or moment <= clock.now() or schedule.kind == "at":
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
