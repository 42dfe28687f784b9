"""The jobs of a deployed platform, read from AWS: machines by name, schedules by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batch.contract import DEFAULT_SCHEDULE, RUN_TASK, Tag
from batch.errors import InvalidSchedule
from batch.schedule import Schedule
from batchctl.aws import CONNECTIONS, Aws
from batchctl.errors import NotDeployed, NotFound

Answers = Iterable[tuple[str, "DeployedSchedule"]]
Progress = Callable[[Answers, int], Answers]
"""Hands on answers as they come, of a number that is known."""


def _silent(answers: Answers, _number: int) -> Answers:
    return answers


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


def exists(aws: Aws) -> bool:
    """Return whether there is a platform of that name at all."""
    return bool(_machines(aws))


def names(aws: Aws) -> list[str]:
    """Return the names of the platform's jobs, sorted; without the machine for any command."""
    return sorted(job for job in _machines(aws) if job != RUN_TASK)


def _machines(aws: Aws) -> list[str]:
    pages = aws.machines.get_paginator("list_state_machines").paginate(
        PaginationConfig={"PageSize": 1000}
    )
    found = [aws.platform.job_of(one["name"]) for page in pages for one in page["stateMachines"]]
    return [job for job in found if job]


def known(aws: Aws, job: str) -> str:
    """Return ``job`` if it is deployed.

    Raises:
        NotDeployed: No job is.
        NotFound: It is not; the nearest name is in the text.
    """
    machines = _machines(aws)
    if not machines:
        raise NotDeployed(aws.platform)
    deployed = sorted(machine for machine in machines if machine != RUN_TASK)
    if job not in deployed and job != RUN_TASK:
        raise NotFound.job(job, aws.platform.prefix, deployed)
    return job


def jobs(
    aws: Aws,
    wanted: Callable[[str, str], bool] = lambda _name, _owner: True,
    *,
    progress: Progress = _silent,
) -> list[DeployedJob]:
    """Return the jobs, sorted by name.

    It takes a call for 1,000 machines, one for the tags of 100 and one for the names of 100
    schedules; and one for each schedule of a job that is wanted.

    Args:
        wanted: whether a job is, by its name and its owner.
        progress: sees the schedules as they are read.
    """
    owners = _owners(aws)
    chosen = [name for name in names(aws) if wanted(name, owners.get(name, ""))]
    by_job = _schedules(aws, set(chosen).__contains__, progress=progress)
    return [
        DeployedJob(
            name, aws.platform.state_machine_arn(name), owners.get(name, ""), by_job.get(name, ())
        )
        for name in chosen
    ]


def job(aws: Aws, name: str) -> DeployedJob:
    """Return one job.

    Raises:
        NotFound: There is none of that name.
    """
    known(aws, name)
    arn = aws.platform.state_machine_arn(name)
    tags = {
        tag["key"]: tag["value"]
        for tag in aws.machines.list_tags_for_resource(resourceArn=arn)["tags"]
    }
    return DeployedJob(name, arn, tags.get(Tag.OWNER, ""), schedules(aws, name))


def schedules(aws: Aws, job: str) -> tuple[DeployedSchedule, ...]:
    """Return the schedules of a job, by name; none of one that runs on demand."""
    return _schedules(aws, job.__eq__, prefix=job).get(job, ())


def _owners(aws: Aws) -> dict[str, str]:
    """Return the owners of the platform's jobs, as far as they are known."""
    pages = aws.tags.get_paginator("get_resources").paginate(
        ResourceTypeFilters=["states:stateMachine"],
        TagFilters=[{"Key": Tag.PLATFORM.value, "Values": [aws.platform.prefix]}],
        PaginationConfig={"PageSize": 100},
    )
    found = {}
    for page in pages:
        for machine in page["ResourceTagMappingList"]:
            tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
            if job := aws.platform.job_of(machine["ResourceARN"]):
                found[job] = tags.get(Tag.OWNER, "")
    return found


def _schedules(
    aws: Aws,
    wanted: Callable[[str], bool],
    *,
    prefix: str = "",
    progress: Progress = _silent,
) -> dict[str, tuple[DeployedSchedule, ...]]:
    """Return the schedules of the platform's group by job.

    The platform's own has an underscore in its name, which a job's cannot have.
    """
    group = aws.platform.schedule_group
    options: dict[str, Any] = {"NamePrefix": prefix} if prefix else {}
    listed: list[str] = []
    for page in aws.schedules.get_paginator("list_schedules").paginate(
        GroupName=group, PaginationConfig={"PageSize": 100}, **options
    ):
        listed += [
            entry["Name"]
            for entry in page["Schedules"]
            if "_" not in entry["Name"] and wanted(entry["Name"].partition(".")[0])
        ]

    def read(name: str) -> tuple[str, DeployedSchedule]:
        entry = aws.schedules.get_schedule(GroupName=group, Name=name)
        job, _, further = name.partition(".")
        return job, DeployedSchedule.of_answer(entry, further or DEFAULT_SCHEDULE)

    by_job: dict[str, list[DeployedSchedule]] = {}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for job, schedule in progress(pool.map(read, sorted(listed)), len(listed)):
            by_job.setdefault(job, []).append(schedule)
    return {job: tuple(schedules) for job, schedules in by_job.items()}
