"""A retried task gets a task token of its own.

moto waits on the token of the attempt before, which was already told to give up: every retry of
a ``.sync`` or ``.waitForTaskToken`` state ends at once with States.Timeout.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Make a token and its endpoint at the start of every attempt."""

    @wrap(StateTaskService, "_eval_execution")
    def evaluate(original: Any, self: Any, env: Any) -> None:
        if (
            isinstance(self, StateTaskServiceCallback)
            and self._is_integration_pattern()
            and ResourceCondition.WaitForTaskToken in self._supported_integration_patterns
        ):
            env.callback_pool_manager.add(env.states.context_object.update_task_token())
        original(self, env)
