"""A task has all the containers of its definition, and what Fargate says about a new task.

moto models the first container only, with exit code 0 from the start, and leaves out size, times
and platform. Nothing here moves the task: see ``localaws.tasks``.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from moto.ecs import models

from localaws.fidelity.patching import patch, wrap

_FARGATE: Final = {"FARGATE", "FARGATE_SPOT"}


def _container(definition: dict[str, Any], task: Any) -> Any:
    container = models.Container(SimpleNamespace(arn="", container_definitions=[definition]))
    container.task_arn = task.task_arn
    place = task.task_arn.split(":task/")
    container.container_arn = f"{place[0]}:container/{place[1]}/{uuid.uuid4()}"
    container.exitCode = None
    return container


@patch
def apply() -> None:
    """Complete the task when it is made."""

    @wrap(models.Task, "__init__")
    def init(
        original: Any, self: Any, cluster: Any, task_definition: Any, *args: Any, **kwargs: Any
    ) -> None:
        original(self, cluster, task_definition, *args, **kwargs)
        self.containers = [
            _container(definition, self) for definition in task_definition.container_definitions
        ]
        self.cpu = self.overrides.get("cpu") or task_definition.cpu
        self.memory = self.overrides.get("memory") or task_definition.memory
        self.created_at = datetime.now(UTC)
        self.version = 1
        if self.launch_type == "FARGATE" or self.capacity_provider_name in _FARGATE:
            self.launch_type = "FARGATE"
            self.platform_family = "Linux"
            self.platform_version = self.platform_version or "1.4.0"
        self.last_status = "PROVISIONING"
