"""A task changes when something happens to it, not when somebody looks.

moto moves a task one status further with every DescribeTasks, whoever calls it.
"""

from __future__ import annotations

from typing import Final

import moto.ecs.models  # noqa: F401 - registers the default that is to be overridden
from moto.moto_api import state_manager

from localaws.fidelity.patching import patch, replace

_MODEL: Final = "ecs::task"


@patch
def apply() -> None:
    """Freeze the transitions of ECS tasks."""
    frozen = {"progression": "manual", "times": 10**12}
    replace(state_manager, "_transitions", {**state_manager._transitions, _MODEL: frozen})
