"""Schedules and schedule groups of EventBridge Scheduler."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localaws.monitor import Made, Resource
from localaws.provision.registry import Inputs, Order, changes, foresees, makes, removes
from localaws.provision.shapes import pascal, present, tag_list

_DEFAULT_GROUP = "default"

_TARGET = {"arn", "roleArn", "input", "retryPolicy", "deadLetterConfig", "sqsParameters"}


def schedule_request(inputs: Inputs, name: str) -> dict[str, Any]:
    """Return the parameters of CreateSchedule."""
    return present(
        Name=name,
        GroupName=inputs.get("groupName"),
        ScheduleExpression=inputs["scheduleExpression"],
        ScheduleExpressionTimezone=inputs.get("scheduleExpressionTimezone"),
        StartDate=_date(inputs.get("startDate")),
        EndDate=_date(inputs.get("endDate")),
        State=inputs.get("state"),
        Description=inputs.get("description"),
        KmsKeyArn=inputs.get("kmsKeyArn"),
        ActionAfterCompletion=inputs.get("actionAfterCompletion"),
        FlexibleTimeWindow=pascal(inputs["flexibleTimeWindow"]),
        Target=pascal(inputs["target"]),
    )


def _date(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@makes(
    "aws:scheduler/schedule:Schedule",
    "name namePrefix groupName scheduleExpression scheduleExpressionTimezone startDate endDate "
    "state description kmsKeyArn actionAfterCompletion flexibleTimeWindow target",
)
def schedule(order: Order) -> Made:
    """Make a schedule."""
    if unknown := sorted(order.inputs["target"].keys() - _TARGET):
        raise order.refused(
            f"unknown target {', '.join(unknown)}", f"use {', '.join(sorted(_TARGET))}"
        )
    order.client("scheduler").create_schedule(**schedule_request(order.inputs, order.name()))
    return schedule_to_be(order)


@foresees("aws:scheduler/schedule:Schedule")
def schedule_to_be(order: Order) -> Made:
    """Tell what a schedule is: all of it follows from its name."""
    name, group = order.name(), order.inputs.get("groupName") or _DEFAULT_GROUP
    arn = order.arn("scheduler", f"schedule/{group}/{name}")
    return Made(f"{group}/{name}", {"arn": arn, "name": name, "groupName": group})


@changes("aws:scheduler/schedule:Schedule")
def changed_schedule(order: Order, _there: Resource) -> Made:
    """Change a schedule: all of it is sent."""
    order.client("scheduler").update_schedule(**schedule_request(order.inputs, order.name()))
    return schedule_to_be(order)


@removes("aws:scheduler/schedule:Schedule")
def removed_schedule(order: Order, there: Resource) -> None:
    """Remove a schedule."""
    group, _, name = there.id.partition("/")
    order.client("scheduler").delete_schedule(GroupName=group, Name=name)


def schedule_group_request(name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateScheduleGroup."""
    return present(Name=name, Tags=tag_list(tags) or None)


@makes("aws:scheduler/scheduleGroup:ScheduleGroup", "name namePrefix tags")
def schedule_group(order: Order) -> Made:
    """Make a schedule group."""
    name = order.name()
    request = schedule_group_request(name, order.tags())
    arn = order.client("scheduler").create_schedule_group(**request)["ScheduleGroupArn"]
    return Made(name, {"arn": arn, "name": name, "state": "ACTIVE"})
