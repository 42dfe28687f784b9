"""A missing heartbeat is States.HeartbeatTimeout. In moto it is States.Timeout."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError

from localaws.fidelity.failures import error_name
from localaws.fidelity.patching import patch, wrap

_ERROR = "States.HeartbeatTimeout"


@patch
def apply() -> None:
    """Name the error."""

    @wrap(StateTask, "_from_error")
    def from_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        event = original(self, env, ex)
        if not isinstance(ex, HeartbeatTimeoutError):
            return event
        details = event.event_details
        details["taskTimedOutEventDetails"]["error"] = _ERROR
        return FailureEvent(
            env=env,
            error_name=error_name(_ERROR),
            event_type=event.event_type,
            event_details=details,
        )
