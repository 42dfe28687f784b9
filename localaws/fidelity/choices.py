"""A Choice without a match ends with States.NoChoiceMatched. In moto it is States.Runtime."""

from __future__ import annotations

from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localaws.fidelity.failures import error_name, fail
from localaws.fidelity.patching import patch, wrap

_ERROR: Final = "States.NoChoiceMatched"
_MOTO: Final = "No branching option reached"


@patch
def apply() -> None:
    """Name the error."""

    @wrap(StateChoice, "_eval_state")
    def evaluate(original: Any, self: Any, env: Any) -> None:
        try:
            original(self, env)
        except FailureEventException:
            raise
        except RuntimeError as error:
            if not str(error.args[:1]).count(_MOTO):
                raise
            details = ExecutionFailedEventDetails(
                error=_ERROR, cause=f"No choice rule matched in the state '{self.name}'"
            )
            raise fail(
                FailureEvent(
                    env=env,
                    error_name=error_name(_ERROR),
                    event_type=HistoryEventType.ExecutionFailed,
                    event_details=EventDetails(executionFailedEventDetails=details),
                )
            ) from error
