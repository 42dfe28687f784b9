"""The jobs of a program that was evaluated here, whether or not they were made.

The same as :mod:`batchctl.deployed` reads from AWS, without asking it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from batch.contract import DEFAULT_SCHEDULE, RUN_TASK, Platform, Tag
from batchctl.deployed import DeployedJob, DeployedSchedule

if TYPE_CHECKING:
    from localaws.monitor import Registration, Resource

MACHINE: Final = "aws:sfn/stateMachine:StateMachine"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"


def job_of(platform: Platform, registration: Registration) -> str | None:
    """Return the job whose machine or schedule it is, or None: then it is the platform's."""
    name = str(registration.inputs.get("name") or "")
    if registration.type == MACHINE:
        job = platform.job_of(name)
        return None if job == RUN_TASK else job
    in_code = registration.inputs.get("groupName") == platform.schedule_group
    return name.partition(".")[0] if registration.type == SCHEDULE and in_code else None


def jobs(
    platform: Platform, resources: Iterable[Resource], *, deployed: datetime
) -> list[DeployedJob]:
    """Return every job, sorted by name.

    Args:
        deployed: When the program was: a rate counts from there.
    """
    machines: dict[str, Registration] = {}
    schedules: dict[str, list[DeployedSchedule]] = {}
    for registration in (resource.registration for resource in resources):
        job = job_of(platform, registration)
        if job is None:
            continue
        if registration.type == MACHINE:
            machines[job] = registration
        else:
            schedules.setdefault(job, []).append(_schedule(registration.inputs, deployed))
    return [
        DeployedJob(
            job,
            platform.state_machine_arn(job),
            (machines[job].inputs.get("tags") or {}).get(Tag.OWNER, ""),
            tuple(sorted(schedules.get(job, ()), key=lambda schedule: schedule.name)),
        )
        for job in sorted(machines)
    ]


def _schedule(inputs: dict[str, Any], created: datetime) -> DeployedSchedule:
    return DeployedSchedule(
        inputs["name"].partition(".")[2] or DEFAULT_SCHEDULE,
        inputs["scheduleExpression"],
        inputs.get("scheduleExpressionTimezone") or "UTC",
        inputs.get("state") != "DISABLED",
        _time(inputs.get("startDate")),
        _time(inputs.get("endDate")),
        created,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
