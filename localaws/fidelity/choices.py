"""A Choice without a match takes its default, with the state's own Assign, or fails.

moto evaluates the state's Assign and Output also where a rule leads to the state that is the
default; and without a default it ends with States.Runtime in place of States.NoChoiceMatched.
"""

from __future__ import annotations

from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localaws.fidelity.failures import error_name, fail
from localaws.fidelity.patching import patch, replace

_ERROR: Final = "States.NoChoiceMatched"


@patch
def apply() -> None:
    """Replace how the next state is found, and what is evaluated on the way there."""
    replace(StateChoice, "_eval_state", _choose)
    replace(StateChoice, "_eval_state_output", _leave)


def _choose(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append((rule.next_stmt.name, True))
            return
    if self.default_state is None:
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
        )
    env.stack.append((self.default_state.state_name, False))


def _leave(self: Any, env: Any) -> None:
    next_state, matched = env.stack.pop()
    if not matched:
        for part in (self.assign_decl, self.output):
            if part:
                part.eval(env=env)
    if self._is_language_query_jsonpath():
        if self.output_path:
            self.output_path.eval(env=env)
        else:
            env.states.reset(input_value=env.stack.pop())
    env.next_state_name = next_state
