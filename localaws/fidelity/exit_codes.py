"""``ecs:runTask.sync`` fails where a container did.

moto succeeds whenever the task has stopped, whatever the exit codes. Step Functions fails with
States.TaskFailed if any container ended with another code than 0 or never got one, an injected
sidecar included, and the task as JSON is the cause.

The task is looked at in this process instead of by a call, so looking often costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ecs.models import ecs_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localaws.fidelity.failures import fail, task_failure
from localaws.fidelity.patching import patch, replace

POLL_SECONDS = 0.05


@patch
def apply() -> None:
    """Resolve ``.sync`` by the exit codes, and look often."""
    replace(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", POLL_SECONDS)
    replace(state_task_service_ecs.StateTaskServiceEcs, "_build_sync_resolver", _resolver)


def _resolver(
    self: Any,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: dict[str, Any],  # noqa: ARG001
    state_credentials: Any,
) -> Callable[[], dict[str, Any] | None]:
    submitted = env.stack.pop()["Tasks"][0]
    cluster, arn = submitted["ClusterArn"], submitted["TaskArn"]
    region, account = resource_runtime_part.region, resource_runtime_part.account

    def resolve() -> dict[str, Any] | None:
        task = ecs_backends[account][region].tasks.get(cluster.rsplit("/", 1)[-1], {}).get(arn)
        if task is None or task.status != "STOPPED":
            return None
        client = state_task_service_ecs.boto_client_for(
            service="ecs", region=region, state_credentials=state_credentials
        )
        answer = client.describe_tasks(cluster=cluster, tasks=[arn])
        failed = any(
            container.get("exitCode") != 0 for container in answer["tasks"][0]["containers"]
        )
        self._normalise_response(response=answer, service_action_name="describe_tasks")
        described: dict[str, Any] = answer["Tasks"][0]
        if failed:
            cause = to_json_str(described, separators=(",", ":"))
            raise fail(task_failure(self, env, error="States.TaskFailed", cause=cause))
        return described

    resolve.task = (cluster, arn, state_credentials)  # type: ignore[attr-defined]
    return resolve
