"""What Scheduler refuses and moto takes: expressions, zones, dates and windows that are wrong.

moto also measures a start date against the machine's clock; here it is the emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule
from moto.scheduler.responses import EventBridgeSchedulerResponse

from batch.errors import InvalidSchedule
from localaws.clock import Clock
from localaws.hooks import Hooks
from localaws.timetable import Terms, moment

_OLDEST_START: Final = timedelta(minutes=5)
_WINDOW: Final = range(1, 1441)


def install(hooks: Hooks, clock: Clock) -> None:
    """Refuse what Scheduler refuses until ``hooks`` are removed."""

    def create(original: Callable[..., Any], backend: Any, **given: Any) -> Any:
        group = given.get("group_name") or "default"
        if group not in backend.schedule_groups:
            raise ScheduleGroupNotFound(group)
        check(given, clock.now(), new=True)
        return original(backend, **given)

    def update(original: Callable[..., Any], backend: Any, **given: Any) -> Any:
        check(given, clock.now(), new=False)
        return original(backend, **given)

    def update_response(original: Callable[..., str], response: Any) -> str:
        answer = original(response)
        # UpdateSchedule replaces every field; moto's leaves this one as it was.
        response.scheduler_backend.get_schedule(
            response._get_param("GroupName"), response.uri.split("?")[0].split("/")[-1]
        ).action_after_completion = response._get_param("ActionAfterCompletion")
        return answer

    hooks.answer(EventBridgeSchedulerBackend, "create_schedule", create)
    hooks.answer(EventBridgeSchedulerBackend, "update_schedule", update)
    hooks.answer(EventBridgeSchedulerResponse, "update_schedule", update_response)
    hooks.answer(Schedule, "_validate_start_date", lambda _original, _schedule, date: date)


def check(given: Mapping[str, Any], now: datetime, *, new: bool) -> None:
    """Raise what Scheduler answers to parameters that it does not take."""
    expression = given["schedule_expression"]
    terms = Terms(
        expression,
        given.get("schedule_expression_timezone") or "UTC",
        moment(given.get("start_date")),
        moment(given.get("end_date")),
    )
    try:
        schedule = terms.schedule()
    except InvalidSchedule as error:
        said = "; ".join(str(problem) for problem in error.problems)
        raise ValidationException(f"Invalid Schedule Expression {expression}. {said}") from error
    if new and schedule.kind == "at" and schedule.is_past(now):
        raise ValidationException(
            f"Invalid Schedule Expression {expression}. schedule: the time is past; use a later one"
        )
    if schedule.kind != "at" and terms.start is not None and terms.start < now - _OLDEST_START:
        raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
    _check_window(given.get("flexible_time_window") or {})
    _check_input(given.get("target") or {})


def _check_window(window: Mapping[str, Any]) -> None:
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") == "FLEXIBLE" and minutes not in _WINDOW:
        raise ValidationException(
            f"MaximumWindowInMinutes: {minutes} is out of range; use 1 to 1440, or Mode OFF"
        )
    if window.get("Mode") == "OFF" and minutes is not None:
        raise ValidationException(
            "MaximumWindowInMinutes: given with Mode OFF; leave it out, or use Mode FLEXIBLE"
        )


def _check_input(target: Mapping[str, Any]) -> None:
    if ":states:" not in str(target.get("Arn")) or not target.get("Input"):
        return
    try:
        json.loads(target["Input"])
    except ValueError as error:
        raise ValidationException(
            f"Input: not JSON ({error}); a state machine takes nothing else"
        ) from error
