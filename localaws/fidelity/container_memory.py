"""A container of a Fargate task needs no memory of its own (getmoto/moto#7272).

moto adds the containers' memory up and fails with a TypeError where one has none.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

from moto.ecs.models import EC2ContainerServiceBackend

from localaws.fidelity.patching import patch, replace

_KEYS: Final = {"memory", "memoryReservation", "Memory", "MemoryReservation"}


@patch
def apply() -> None:
    """Count a container without memory as one without."""
    original = EC2ContainerServiceBackend._calculate_task_resource_requirements

    def requirements(task_definition: Any) -> Any:
        containers = [
            container if _KEYS & container.keys() else {**container, "memory": 0}
            for container in task_definition.container_definitions
        ]
        return original(SimpleNamespace(container_definitions=containers))

    replace(
        EC2ContainerServiceBackend,
        "_calculate_task_resource_requirements",
        staticmethod(requirements),
    )
