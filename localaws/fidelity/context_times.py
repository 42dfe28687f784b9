"""Times of the context object read like those of AWS.

AWS writes ``2026-11-23T18:00:00.877Z``. moto writes microseconds and ``+00:00``, and for
``$$.Execution.StartTime`` leaves a datetime object, with which no text can be made. The two
forms do not compare as text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from localaws.fidelity.patching import patch, replace, wrap
from localaws.fidelity.response_times import iso


@patch
def apply() -> None:
    """Write the start of the run and the entry into a state as AWS does."""
    state_data = state.StateData

    @wrap(ExecutionWorker, "_get_evaluation_environment")
    def environment(original: Any, self: Any) -> Any:
        env = original(self)
        execution = env.states.context_object.context_object_data["Execution"]
        if isinstance(execution["StartTime"], datetime):
            execution["StartTime"] = iso(execution["StartTime"])
        execution["RedriveCount"] = 0
        return env

    def entered(EnteredTime: str, Name: str) -> Any:  # noqa: N803 - moto calls it by these names
        return state_data(EnteredTime=iso(datetime.fromisoformat(EnteredTime)), Name=Name)

    replace(state, "StateData", entered)
