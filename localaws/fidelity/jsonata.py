"""JSONata expressions and variables are evaluated (getmoto/moto#10105).

moto has everything but the engine: its function pointer is None. It also writes variables into
the expression as text, where a string with a quote in it breaks the expression. Here the engine
is jsonata-python, and variables are bound.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.eval import variable_store
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localaws.fidelity.expressions import EvaluationFailed, check, evaluate
from localaws.fidelity.failures import error_name, fail
from localaws.fidelity.patching import patch, replace, wrap

_ERROR = "States.QueryEvaluationError"


def _variables(env: Any, *, with_states: bool) -> dict[str, Any]:
    store = env.variable_store
    variables = {**store._outer_scope, **store._inner_scope}
    if with_states:
        states = env.states._states_data
        variables["states"] = {
            key: value
            for key, value in states.items()
            if value is not None or key in {"input", "context"}
        }
    return variables


def _evaluate(env: Any, expression: str, *, with_states: bool = True) -> None:
    try:
        value = evaluate(expression, _variables(env, with_states=with_states))
    except EvaluationFailed as error:
        details = EvaluationFailedEventDetails(error=_ERROR, cause=str(error))
        failure = fail(
            FailureEvent(
                env=env,
                error_name=error_name(_ERROR),
                event_type=HistoryEventType.EvaluationFailed,
                event_details=EventDetails(evaluationFailedEventDetails=details),
            )
        )
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(
                evaluationFailedEventDetails=failure.get_evaluation_failed_event_details()
            ),
        )
        raise failure from error
    env.stack.append(value)


@patch
def apply() -> None:
    """Evaluate expressions, refuse bad ones when the machine is made, write variables as JSON."""

    @wrap(string_expression.StringJSONata, "__init__")
    def init(original: Any, self: Any, expression: str) -> None:
        check(expression)
        original(self, expression)

    def expression(self: Any, env: Any) -> None:
        _evaluate(env, self.expression)

    def sample(self: Any, env: Any) -> None:
        with_states = self.query_language_mode == QueryLanguageMode.JSONata
        _evaluate(env, self.expression, with_states=with_states)

    def assigned(self: Any) -> dict[str, str]:
        return {
            name: to_json_str(self.get(name), separators=(",", ":"))
            for name in self._declaration_tracing
        }

    replace(string_expression.StringJSONata, "_eval_body", expression)
    replace(string_expression.StringVariableSample, "_eval_body", sample)
    replace(variable_store.VariableStore, "get_assigned_variables", assigned)
