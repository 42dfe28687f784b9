"""The schedules that were made by hand: in a group of their own, for any command.

They start the machine for any command with the platform's role for schedules. Role, dead-letter
queue and retry policy are read from the schedule of the sweep, which every platform has.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from batch.contract import RUN_TASK, schedule_input
from batch.errors import nearest
from batchctl.aws import CONNECTIONS, Aws
from batchctl.deployed import DeployedSchedule, exists
from batchctl.errors import NotDeployed, NotFound, OperatorError

MAX_EVENT_AGE_SECONDS = 3600
"""How late Scheduler may still start a run, as for jobs that say nothing else."""


@dataclass(frozen=True)
class ManualSchedule:
    """A schedule made by hand."""

    schedule: DeployedSchedule
    input: dict[str, Any]
    """The execution input that it sends."""

    description: str = ""

    @property
    def name(self) -> str:
        """Its name in the group."""
        return self.schedule.name

    @property
    def commands(self) -> list[str]:
        """What it runs."""
        return [str(word) for word in self.input.get("commands") or []]


def add(
    aws: Aws,
    name: str,
    *,
    expression: str,
    timezone: str,
    run: dict[str, Any],
    description: str = "",
    enabled: bool = True,
) -> None:
    """Make a schedule.

    Args:
        run: ``commands`` and whatever else of the execution input.

    Raises:
        OperatorError: There is one of that name.
    """
    sent = {**schedule_input(name), **run, "requestedBy": aws.identity[1]}
    try:
        aws.schedules.create_schedule(
            Name=name,
            GroupName=aws.platform.manual_schedule_group,
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=timezone,
            FlexibleTimeWindow={"Mode": "OFF"},
            State="ENABLED" if enabled else "DISABLED",
            Target=_target(aws, json.dumps(sent, ensure_ascii=False)),
            # What fires once is gone afterwards.
            ActionAfterCompletion="DELETE" if expression.startswith("at(") else "NONE",
            **({"Description": description} if description else {}),
        )
    except aws.schedules.exceptions.ConflictException:
        raise OperatorError(
            f"{name}: there is a schedule of that name; see it with `batchctl schedule ls`, remove "
            f"it with `batchctl schedule rm {name}`, or choose another name"
        ) from None


def every(aws: Aws) -> list[ManualSchedule]:
    """Return all of them, sorted by name."""
    names = _names(aws)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = pool.map(lambda name: _get(aws, name), names)
        return [_read(answer) for answer in found if answer]


def remove(aws: Aws, name: str) -> None:
    """Remove a schedule.

    Raises:
        NotFound: There is none of that name.
    """
    try:
        aws.schedules.delete_schedule(Name=name, GroupName=aws.platform.manual_schedule_group)
    except aws.schedules.exceptions.ResourceNotFoundException:
        raise _unknown(aws, name) from None


def switch(aws: Aws, name: str, *, enabled: bool) -> ManualSchedule:
    """Enable or disable a schedule, and return it. An update sends all of it again.

    Raises:
        NotFound: There is none of that name.
    """
    there = _get(aws, name)
    if there is None:
        raise _unknown(aws, name)
    kept = {key: there[key] for key in _FIELDS if there.get(key) is not None}
    aws.schedules.update_schedule(**{**kept, "State": "ENABLED" if enabled else "DISABLED"})
    return _read({**there, "State": "ENABLED" if enabled else "DISABLED"})


_FIELDS = (
    "ActionAfterCompletion", "Description", "EndDate", "FlexibleTimeWindow", "GroupName",
    "KmsKeyArn", "Name", "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "State",
    "Target",
)  # fmt: skip
"""Of UpdateSchedule; GetSchedule answers with more."""


def _target(aws: Aws, sent: str) -> Any:
    try:
        own = aws.schedules.get_schedule(
            Name=aws.platform.sweep, GroupName=aws.platform.schedule_group
        )["Target"]
    except aws.schedules.exceptions.ResourceNotFoundException:
        raise NotDeployed(aws.platform) from None
    return {
        "Arn": aws.platform.state_machine_arn(RUN_TASK),
        "RoleArn": own["RoleArn"],
        "Input": sent,
        "DeadLetterConfig": own["DeadLetterConfig"],
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": MAX_EVENT_AGE_SECONDS,
            "MaximumRetryAttempts": 185,
        },
    }


def _names(aws: Aws) -> list[str]:
    group = aws.platform.manual_schedule_group
    pages = aws.schedules.get_paginator("list_schedules").paginate(GroupName=group)
    try:
        names = sorted(entry["Name"] for page in pages for entry in page["Schedules"])
    except aws.schedules.exceptions.ResourceNotFoundException:
        raise NotDeployed(aws.platform) from None
    if not names and not exists(aws):
        raise NotDeployed(aws.platform)
    return names


def _get(aws: Aws, name: str) -> dict[str, Any] | None:
    """Return a schedule as GetSchedule has it, or None: it may have fired since it was listed."""
    group = aws.platform.manual_schedule_group
    try:
        return dict(aws.schedules.get_schedule(Name=name, GroupName=group))
    except aws.schedules.exceptions.ResourceNotFoundException:
        return None


def _read(answer: dict[str, Any]) -> ManualSchedule:
    try:
        sent = json.loads(answer["Target"].get("Input") or "{}")
    except ValueError:
        sent = {}
    return ManualSchedule(
        DeployedSchedule.of_answer(answer, answer["Name"]),
        sent if isinstance(sent, dict) else {},
        answer.get("Description", ""),
    )


def _unknown(aws: Aws, name: str) -> NotFound:
    near = nearest(name, _names(aws))
    hint = f"did you mean {near}" if near else "list them with `batchctl schedule ls`"
    return NotFound(f"{name}: no schedule made by hand has this name; {hint}")
