"""A run that was stopped, or timed out, stays so.

In moto a state that is still at work when its run is stopped may fail afterwards, and the run is
FAILED with States.Runtime instead of ABORTED.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramRunning

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Let only what runs fail or time out."""

    def if_running(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        with self._state_mutex:
            if self._program_state is None or isinstance(self._program_state, ProgramRunning):
                original(self, *args, **kwargs)

    wrap(Environment, "set_error")(if_running)
    wrap(Environment, "set_timed_out")(if_running)
