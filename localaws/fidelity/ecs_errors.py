"""What ECS refuses has a name.

moto ends such a state with States.Runtime. Step Functions names the error ``ECS.<Code>Exception``,
and ``AmazonECS.Unknown`` where RunTask answers with failures instead of tasks.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localaws.fidelity.failures import fail, task_failure
from localaws.fidelity.patching import patch, replace, wrap


def _text(error: ClientError) -> str:
    about = error.response["ResponseMetadata"]
    return (
        f"{error.response['Error']['Message']} (Service: AmazonECS; "
        f"Status Code: {about['HTTPStatusCode']}; Error Code: {error.response['Error']['Code']}; "
        f"Request ID: {about.get('RequestId', '')}; Proxy: null)"
    )


@patch
def apply() -> None:
    """Name the errors of ECS."""
    service = state_task_service_ecs.StateTaskServiceEcs

    @wrap(service, "_from_error")
    def from_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            code = ex.response["Error"]["Code"]
            name = code if code.endswith("Exception") else f"{code}Exception"
            return task_failure(self, env, error=f"ECS.{name}", cause=_text(ex))
        return original(self, env, ex)

    def run(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        client = state_task_service_ecs.boto_client_for(
            service="ecs", region=resource_runtime_part.region, state_credentials=state_credentials
        )
        answer = client.run_task(**normalised_parameters)
        answer.pop("ResponseMetadata", None)
        self._normalise_response(response=answer, service_action_name="run_task")
        if answer.get("Failures") or not answer.get("Tasks"):
            cause = to_json_str(answer, separators=(",", ":"))
            raise fail(task_failure(self, env, error="AmazonECS.Unknown", cause=cause))
        env.stack.append(answer)

    # `runTask` is the only action that this integration has.
    replace(service, "_eval_service_task", run)
