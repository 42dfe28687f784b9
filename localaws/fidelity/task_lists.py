"""ListTasks names the tasks of one cluster that are to run, page by page.

moto names those that have stopped as well unless asked not to, those of every cluster whose name
the wanted one is a part of, and all of them at once.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from localaws.fidelity.patching import patch, replace

_LARGEST_PAGE: Final = 100


@patch
def apply() -> None:
    """Replace the action."""

    def list_tasks(self: Any) -> ActionResult:
        cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
        found = self.ecs_backend.list_tasks(
            cluster.arn,
            self._get_param("containerInstance"),
            self._get_param("family"),
            self._get_param("startedBy"),
            self._get_param("serviceName"),
            self._get_param("desiredStatus") or "RUNNING",
        )
        arns = [task.task_arn for task in found if task.cluster_arn == cluster.arn]
        start = _position(self._get_param("nextToken"))
        end = start + min(self._get_param("maxResults") or _LARGEST_PAGE, _LARGEST_PAGE)
        answer: dict[str, Any] = {"taskArns": arns[start:end]}
        if end < len(arns):
            answer["nextToken"] = base64.b64encode(str(end).encode()).decode()
        return ActionResult(answer)

    replace(EC2ContainerServiceResponse, "list_tasks", list_tasks)


def _position(token: str | None) -> int:
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        raise InvalidParameterException("Invalid token") from None
