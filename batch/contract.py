"""What deployed things are called, and how they are spoken to.

Operators, policies, teams in other repositories and dashboards find things by these names.
A change here is a change of everybody's interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

RUN_TASK: Final = "run-task"
"""The machine that runs arbitrary commands; no job may have its name."""

DEFAULT_SCHEDULE: Final = "default"
"""The name of a job's only schedule."""

DEFAULT_CONTAINER: Final = "app"

LOG_STREAM_PREFIX: Final = "task"
"""``awslogs-stream-prefix`` of every task definition: the family is shared by many jobs."""

PLATFORM_NAME_LIMIT: Final = 30
"""Characters of ``<platform>-<stack>``: with a job of 40 it stays within Step Functions' 80."""


class Tag(StrEnum):
    """Keys of the tags on machines and tasks."""

    PLATFORM = "batch:platform"
    JOB = "batch:job"
    OWNER = "batch:owner"
    PROJECT = "batch:project"
    PRODUCTION = "batch:production"
    """``true`` on the machine for any command of a platform that is production."""


class Trigger(StrEnum):
    """Who or what started a run (``trigger`` of the execution input)."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    BACKFILL = "backfill"
    DEPLOY = "deploy"
    RERUN = "rerun"


class RunError(StrEnum):
    """``Error`` of an execution that ends FAILED."""

    EXIT_CODE = "Job.ExitCode"
    NOT_STARTED = "Job.NotStarted"
    TIMED_OUT = "Job.TimedOut"
    STOPPED = "Job.Stopped"


@dataclass(frozen=True)
class Platform:
    """A deployed platform: its name and its place. Everything else here follows from them."""

    name: str
    """What the platform is called, for instance ``batch``: ``[a-z][a-z0-9]*``."""

    stack: str
    """The environment, for instance ``stg``: ``[a-z][a-z0-9]*``."""

    account: str
    region: str
    partition: str = "aws"

    @property
    def prefix(self) -> str:
        """``<platform>-<stack>``, the start of every physical name."""
        return f"{self.name}-{self.stack}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    # State machines

    def state_machine(self, job: str) -> str:
        """Return the name of the state machine of ``job``."""
        return f"{self.prefix}-{job}"

    def state_machine_arn(self, job: str) -> str:
        """Return the ARN of the state machine of ``job``; ``*`` stands for every job."""
        return self.arn("states", f"stateMachine:{self.state_machine(job)}")

    def execution_arn(self, job: str, run: str) -> str:
        """Return the ARN of a run of ``job``; ``*`` stands for any."""
        return self.arn("states", f"execution:{self.state_machine(job)}:{run}")

    @property
    def recorder(self) -> str:
        """The name of the platform's machine that records how runs ended.

        Its own machines have an underscore: no rule or policy on ``P-`` reaches them.
        """
        return f"{self.prefix}_recorder"

    @property
    def sweep(self) -> str:
        """The name of the platform's machine that looks after what events did not tell."""
        return f"{self.prefix}_sweep"

    def own_machine_arn(self, name: str) -> str:
        """Return the ARN of one of the platform's own machines, by its whole name."""
        return self.arn("states", f"stateMachine:{name}")

    def own_execution_arn(self, name: str, execution: str = "*") -> str:
        """Return the ARN of an execution of one of the platform's own machines."""
        return self.arn("states", f"execution:{name}:{execution}")

    def job_of(self, state_machine: str) -> str | None:
        """Return the job of a state machine's name or ARN, or None if it is not ours."""
        name = state_machine.rsplit(":", 1)[-1]
        return name.removeprefix(f"{self.prefix}-") if name.startswith(f"{self.prefix}-") else None

    # Schedules

    @property
    def schedule_group(self) -> str:
        """The group of the schedules that are defined in code."""
        return self.prefix

    @property
    def manual_schedule_group(self) -> str:
        """The group of the schedules that were made by hand."""
        return f"{self.prefix}_manual"

    @staticmethod
    def schedule(job: str, schedule: str = DEFAULT_SCHEDULE) -> str:
        """Return the name of a schedule of ``job``."""
        return job if schedule == DEFAULT_SCHEDULE else f"{job}.{schedule}"

    # Tasks

    @property
    def cluster_arn(self) -> str:
        """The ARN of the ECS cluster, which is named like the platform."""
        return self.arn("ecs", f"cluster/{self.prefix}")

    def family(self, job: str | None = None) -> str:
        """Return the task definition family of the platform, or the own one of ``job``."""
        return f"{self.prefix}-{job}" if job else self.prefix

    # Logs

    @property
    def task_log_group(self) -> str:
        """The log group of what the tasks write."""
        return f"/batch/{self.prefix}"

    @property
    def machine_log_group(self) -> str:
        """The log group of the state machines.

        Under ``/aws/vendedlogs/`` because log delivery then needs no entry of its own in the
        account's resource policy, which holds 5,120 characters (Step Functions, "Log groups").
        """
        return f"/aws/vendedlogs/states/{self.prefix}"

    def log_group_arn(self, name: str) -> str:
        """Return the ARN of a log group, without the ``:*`` that stands for its streams."""
        return self.arn("logs", f"log-group:{name}")

    # Control

    @property
    def control_table(self) -> str:
        """The DynamoDB table of pauses, places, claims and records (``batch.control``)."""
        return f"{self.prefix}-control"

    @property
    def control_table_arn(self) -> str:
        """The ARN of :attr:`control_table`."""
        return self.arn("dynamodb", f"table/{self.control_table}")

    # Messages

    @property
    def success_topic(self) -> str:
        """The SNS topic of the runs that succeeded."""
        return f"{self.prefix}-success"

    @property
    def failure_topic(self) -> str:
        """The SNS topic of the runs that did not."""
        return f"{self.prefix}-failure"

    def topic_arn(self, name: str) -> str:
        """Return the ARN of an SNS topic."""
        return self.arn("sns", name)

    # Roles

    @property
    def role_path(self) -> str:
        """The IAM path of every role that a task or a machine of this platform may have."""
        return f"/batch/{self.prefix}/"

    @property
    def roles_arn(self) -> str:
        """The ARN pattern of the roles on :attr:`role_path`."""
        return f"arn:{self.partition}:iam::{self.account}:role{self.role_path}*"

    @property
    def job_role_path(self) -> str:
        """The IAM path of the roles of single jobs, below :attr:`role_path`.

        Who may deploy jobs writes these, and none of the platform's own.
        """
        return f"{self.role_path}jobs/"

    @property
    def job_roles_arn(self) -> str:
        """The ARN pattern of the roles on :attr:`job_role_path`."""
        return f"arn:{self.partition}:iam::{self.account}:role{self.job_role_path}*"


def schedule_input(schedule: str = DEFAULT_SCHEDULE) -> dict[str, Any]:
    """Return the execution input that a schedule sends.

    Scheduler replaces the keyword when it fires ("Adding context attributes").
    """
    return {
        "schedule": schedule,
        "scheduledTime": "<aws.scheduler.scheduled-time>",
        "trigger": Trigger.SCHEDULE.value,
    }


def log_stream(container: str, task: str) -> str:
    """Return the stream that awslogs writes for ``container`` of a task's ARN or id."""
    return f"{LOG_STREAM_PREFIX}/{container}/{task.rsplit('/', 1)[-1]}"
