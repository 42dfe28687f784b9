"""No parameter of RunTask is dropped.

moto forgets CapacityProviderStrategy, Tags, Count and others without a word: a Spot run then
fails for want of container instances. What RunTask does not know, ``casing`` refuses.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_ecs,
)

from localaws.fidelity.patching import patch, replace


@patch
def apply() -> None:
    """Hand every parameter on."""

    def parameters(self: Any, env: Any) -> dict[str, Any]:
        if self.parargs is None:
            return {}
        self.parargs.eval(env=env)
        evaluated: dict[str, Any] = env.stack.pop()
        return evaluated

    replace(state_task_service_ecs.StateTaskServiceEcs, "_eval_parameters", parameters)
