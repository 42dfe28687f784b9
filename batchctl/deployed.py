"""The jobs of a deployed platform, read from AWS: machines by name, schedules by group."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batch.contract import DEFAULT_SCHEDULE, RUN_TASK, Tag
from batch.errors import InvalidSchedule
from batch.schedule import Schedule
from batchctl.aws import Aws
from batchctl.errors import NotFound

WORKERS = 10
"""Calls under way at once; adaptive retries slow them where AWS throttles."""


@dataclass(frozen=True)
class DeployedSchedule:
    """A schedule as EventBridge Scheduler has it."""

    name: str
    expression: str
    timezone: str
    enabled: bool
    start: datetime | None = None
    end: datetime | None = None
    created: datetime | None = None

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any], name: str) -> DeployedSchedule:
        """Return what GetSchedule answers, under a name of ours."""
        return cls(
            name,
            answer["ScheduleExpression"],
            answer.get("ScheduleExpressionTimezone", "UTC"),
            answer["State"] == "ENABLED",
            answer.get("StartDate"),
            answer.get("EndDate"),
            answer.get("CreationDate"),
        )

    def parsed(self) -> Schedule | None:
        """Return the schedule, or None where somebody wrote one that this project does not read."""
        try:
            return Schedule(self.expression, self.timezone, self.start, self.end)
        except InvalidSchedule:
            return None

    def in_words(self) -> str:
        """Return the schedule as a sentence, or its expression."""
        parsed = self.parsed()
        return parsed.in_words() if parsed else f"{self.expression} {self.timezone}"

    def next_times(self, after: datetime, count: int) -> list[datetime]:
        """Return when it fires next; nothing while it is disabled."""
        parsed = self.parsed() if self.enabled else None
        return parsed.next_times(after, count, created=self.created) if parsed else []


@dataclass(frozen=True)
class DeployedJob:
    """A job as it was deployed."""

    name: str
    arn: str
    owner: str = ""
    schedules: tuple[DeployedSchedule, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether any of its schedules fires, or it has none that could."""
        return not self.schedules or any(schedule.enabled for schedule in self.schedules)

    def next_time(self, after: datetime) -> datetime | None:
        """Return the first fire time of all its schedules."""
        times = [time for schedule in self.schedules for time in schedule.next_times(after, 1)]
        # Two times of one zone compare by what the clock shows, which a clock change repeats.
        return min(times, key=lambda time: time.astimezone(UTC), default=None)


def names(aws: Aws) -> list[str]:
    """Return the names of the platform's jobs, sorted; without the machine for any command."""
    found = []
    for page in aws.machines.get_paginator("list_state_machines").paginate():
        found += [aws.platform.job_of(machine["name"]) for machine in page["stateMachines"]]
    return sorted(job for job in found if job and job != RUN_TASK)


def known(aws: Aws, job: str) -> str:
    """Return ``job`` if it is deployed.

    Raises:
        NotFound: It is not; the nearest name is in the text.
    """
    deployed = names(aws)
    if job not in deployed and job != RUN_TASK:
        raise NotFound.job(job, aws.platform.prefix, deployed)
    return job


def jobs(aws: Aws) -> list[DeployedJob]:
    """Return every job, sorted by name."""
    with ThreadPoolExecutor(WORKERS) as pool:
        by_job = _schedules(aws, pool)
        return list(pool.map(lambda name: _job(aws, name, by_job.get(name, ())), names(aws)))


def job(aws: Aws, name: str) -> DeployedJob:
    """Return one job.

    Raises:
        NotFound: There is none of that name.
    """
    known(aws, name)
    return _job(aws, name, schedules(aws, name))


def schedules(aws: Aws, job: str) -> tuple[DeployedSchedule, ...]:
    """Return the schedules of a job, by name; none of one that runs on demand."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return _schedules(aws, pool, prefix=job).get(job, ())


def _job(aws: Aws, name: str, schedules: tuple[DeployedSchedule, ...]) -> DeployedJob:
    arn = aws.platform.state_machine_arn(name)
    tags = {
        tag["key"]: tag["value"]
        for tag in aws.machines.list_tags_for_resource(resourceArn=arn)["tags"]
    }
    return DeployedJob(name, arn, tags.get(Tag.OWNER, ""), schedules)


def _schedules(
    aws: Aws, pool: ThreadPoolExecutor, *, prefix: str = ""
) -> dict[str, tuple[DeployedSchedule, ...]]:
    """Return the schedules of the platform's group by job.

    The platform's own has an underscore in its name, which a job's cannot have.
    """
    group = aws.platform.schedule_group
    options: dict[str, Any] = {"NamePrefix": prefix} if prefix else {}
    listed: list[str] = []
    for page in aws.schedules.get_paginator("list_schedules").paginate(GroupName=group, **options):
        listed += [entry["Name"] for entry in page["Schedules"] if "_" not in entry["Name"]]

    def read(name: str) -> tuple[str, DeployedSchedule]:
        entry = aws.schedules.get_schedule(GroupName=group, Name=name)
        job, _, further = name.partition(".")
        return job, DeployedSchedule.of_answer(entry, further or DEFAULT_SCHEDULE)

    by_job: dict[str, list[DeployedSchedule]] = {}
    for job, schedule in pool.map(read, sorted(listed)):
        by_job.setdefault(job, []).append(schedule)
    return {job: tuple(schedules) for job, schedules in by_job.items()}
