"""A task that is not there is said to be missing.

moto describes it with neither a task nor a failure, and stopping it ends in an error of the
server.
"""

from __future__ import annotations

from typing import Any

from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Answer as ECS does."""

    @wrap(EC2ContainerServiceResponse, "describe_tasks")
    def describe(original: Any, self: Any) -> Any:
        answer = original(self)
        found = {task.task_arn for task in answer.result["tasks"]}
        found |= {arn.rsplit("/", 1)[-1] for arn in found}
        answer.result["failures"] = [
            {"arn": arn, "reason": "MISSING"}
            for arn in self._get_param("tasks", [])
            if arn not in found
        ]
        return answer

    @wrap(EC2ContainerServiceBackend, "stop_task")
    def stop(original: Any, self: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        cluster = self._get_cluster(cluster_str)
        wanted = task_str.rsplit("/", 1)[-1]
        if not any(arn.endswith(wanted) for arn in self.tasks.get(cluster.name, {})):
            raise InvalidParameterException("The referenced task was not found.")
        return original(self, cluster_str, task_str, reason)
