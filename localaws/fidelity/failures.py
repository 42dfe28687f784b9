"""How a patch reports that a state failed."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails


def error_name(name: str | None) -> ErrorName:
    """Return the error of that name, be it one of Step Functions' own or not."""
    if name and name.startswith("States."):
        try:
            return StatesErrorName(typ=StatesErrorNameType.from_name(name))
        except ValueError:
            # A Fail state may use a name that only looks like one of theirs.
            return CustomErrorName(None)
    return CustomErrorName(name)


def task_failure(task: Any, env: Any, *, error: str, cause: str) -> FailureEvent:
    """Return the event of a service task that failed."""
    return FailureEvent(
        env=env,
        error_name=error_name(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(
            taskFailedEventDetails=TaskFailedEventDetails(
                error=error,
                cause=cause,
                resource=task._get_sfn_resource(),
                resourceType=task._get_sfn_resource_type(),
            )
        ),
    )


def fail(event: FailureEvent) -> FailureEventException:
    """Return the exception that ends a state with ``event``."""
    return FailureEventException(failure_event=event)
