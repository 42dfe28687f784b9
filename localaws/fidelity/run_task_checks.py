"""RunTask refuses what ECS refuses, and passes tags on.

moto takes overrides of any length, for containers and sizes that do not exist, fails with a
KeyError without security groups, and ignores ``propagateTags``.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from localaws.fidelity.fargate_sizes import size_problem
from localaws.fidelity.patching import patch, wrap

LARGEST_OVERRIDES: Final = 8192
"""Bytes of ``overrides``, as JSON."""


def _check(definition: Any, overrides: dict[str, Any], count: int) -> None:
    if not 1 <= count <= 10:
        raise InvalidParameterException("Count must be between 1 and 10.")
    text = json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > LARGEST_OVERRIDES:
        raise InvalidParameterException(
            f"Container Overrides length must be at most {LARGEST_OVERRIDES}"
        )
    known = {container["name"] for container in definition.container_definitions}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in known:
            raise InvalidParameterException(
                f"Override for container named {override.get('name')} is not a container "
                "in the TaskDefinition."
            )
    if "FARGATE" in (definition.requires_compatibilities or []):
        problem = size_problem(
            overrides.get("cpu") or definition.cpu, overrides.get("memory") or definition.memory
        )
        if problem:
            raise InvalidParameterException(problem)


@patch
def apply() -> None:
    """Check before a task is made, tag after."""

    @wrap(EC2ContainerServiceBackend, "run_task")
    def run_task(
        original: Any,
        self: Any,
        cluster_str: str,
        task_definition_str: str,
        count: int,
        overrides: dict[str, Any] | None,
        started_by: str,
        tags: Any,
        launch_type: str | None,
        networking_configuration: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        self._get_cluster(cluster_str)
        definition = self.describe_task_definition(task_definition_str)
        _check(definition, overrides or {}, count)
        if networking_configuration:
            networking_configuration.get("awsvpcConfiguration", {}).setdefault("securityGroups", [])
        return original(
            self,
            cluster_str,
            task_definition_str,
            count,
            overrides,
            started_by,
            tags,
            launch_type,
            networking_configuration,
            *args,
            **kwargs,
        )

    @wrap(EC2ContainerServiceResponse, "run_task")
    def respond(original: Any, self: Any) -> Any:
        answer = original(self)
        if self._get_param("propagateTags") == "TASK_DEFINITION":
            for task in answer.result["tasks"]:
                definition = self.ecs_backend.describe_task_definition(task.task_definition_arn)
                own = {tag["key"] for tag in task.tags}
                task.tags = task.tags + [
                    tag for tag in definition.tags or [] if tag["key"] not in own
                ]
        return answer
