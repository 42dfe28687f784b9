"""EventBridge Scheduler refuses schedules that cannot be.

moto takes any expression, zone and date, fails with a KeyError for an unknown group, makes a
group twice, and an update leaves a schedule without a state and keeps its old
``ActionAfterCompletion``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.scheduler import models
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.responses import EventBridgeSchedulerResponse

from batch.errors import InvalidSchedule
from batch.schedule import Schedule
from localaws.fidelity.patching import patch, replace, wrap

_NAME: Final = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
_LATE_START: Final = timedelta(minutes=5)


def _system() -> datetime:
    return datetime.now(UTC)


_now: Callable[[], datetime] = _system


def use_clock(now: Callable[[], datetime] | None) -> None:
    """Tell the past from the future by ``now``: the emulator's clock can be moved."""
    global _now
    _now = now or _system


def _moment(value: float | str | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(float(value), UTC)


def check(parameters: dict[str, Any], now: datetime) -> list[str]:
    """Return what Scheduler has against a schedule."""
    start, end = _moment(parameters["start_date"]), _moment(parameters["end_date"])
    zone = parameters["schedule_expression_timezone"] or "UTC"
    try:
        schedule = Schedule(parameters["schedule_expression"], zone, start, end)
    except InvalidSchedule as error:
        return [f"Invalid Schedule Expression or dates. {problem}" for problem in error.problems]
    problems = []
    if start and schedule.kind != "at" and start < now - _LATE_START:
        problems.append("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if schedule.is_past(now):
        problems.append("The schedule is over: its date, or its EndDate, is in the past.")
    return problems + _window(parameters["flexible_time_window"]) + _target(parameters["target"])


def _window(window: dict[str, Any]) -> list[str]:
    minutes: int = window.get("MaximumWindowInMinutes") or 0
    if window.get("Mode") == "FLEXIBLE":
        return (
            []
            if 1 <= minutes <= 1440
            else ["MaximumWindowInMinutes must be 1-1440 if Mode is FLEXIBLE."]
        )
    return ["MaximumWindowInMinutes must not be set if Mode is OFF."] if minutes else []


def _target(target: dict[str, Any]) -> list[str]:
    problems = []
    if ":states:" in target.get("Arn", "") and "Input" in target:
        try:
            json.loads(target["Input"])
        except ValueError:
            problems.append("Target Input must be valid JSON for a state machine.")
    policy = target.get("RetryPolicy", {})
    if not 0 <= policy.get("MaximumRetryAttempts", 0) <= 185:
        problems.append("MaximumRetryAttempts must be 0-185.")
    if not 60 <= policy.get("MaximumEventAgeInSeconds", 60) <= 86400:
        problems.append("MaximumEventAgeInSeconds must be 60-86400.")
    return problems


@patch
def apply() -> None:
    """Check what is created and updated."""
    backend = models.EventBridgeSchedulerBackend

    def checked(original: Any, self: Any, **parameters: Any) -> Any:
        if not _NAME.fullmatch(parameters["name"]):
            raise ValidationException(f"Invalid schedule name {parameters['name']}.")
        self.get_schedule_group(parameters["group_name"])
        if problems := check(parameters, _now()):
            raise ValidationException(" ".join(problems))
        return original(self, **parameters)

    wrap(backend, "create_schedule")(checked)
    wrap(backend, "update_schedule")(checked)
    # Compared with this machine's time, and only for expressions with a star in them.
    replace(models.Schedule, "_validate_start_date", lambda _self, start_date: start_date)

    @wrap(EventBridgeSchedulerResponse, "update_schedule")
    def update(original: Any, self: Any) -> Any:
        answer = original(self)
        name = self.uri.split("?")[0].rsplit("/", 1)[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        # An update sends every field; what it leaves out has its default.
        schedule.state = schedule.state or "ENABLED"
        schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
        return answer

    @wrap(backend, "create_schedule_group")
    def create_group(original: Any, self: Any, name: str, tags: Any) -> Any:
        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        return original(self, name=name, tags=tags)

    @wrap(backend, "delete_schedule_group")
    def delete_group(original: Any, self: Any, name: str | None) -> Any:
        if (name or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(name or "default")
        return original(self, name)
