"""A task that nobody waits for any more is stopped, where Step Functions stops it.

That is when somebody calls StopExecution and when a sibling branch or item fails; moto leaves
the task running. At a time-out, of the state or of the run, neither stops it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_ecs,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped

from localaws.fidelity.patching import patch, wrap

REASON = "Stopped by AWS Step Functions: the execution was stopped"


@patch
def apply() -> None:
    """Stop the task when the wait for it was called off."""

    @wrap(state_task_service_ecs.StateTaskServiceEcs, "_eval_sync")
    def wait(original: Any, self: Any, env: Any, sync_resolver: Any, **kwargs: Any) -> Any:
        outcome = original(self, env=env, sync_resolver=sync_resolver, **kwargs)
        task = getattr(sync_resolver, "task", None)
        if task and not outcome and isinstance(env.program_state(), ProgramStopped):
            cluster, arn, credentials = task
            client = state_task_service_ecs.boto_client_for(
                service="ecs", region=arn.split(":")[3], state_credentials=credentials
            )
            # Best effort, as on AWS.
            with contextlib.suppress(ClientError):
                client.stop_task(cluster=cluster, task=arn, reason=REASON)
        return outcome

    @wrap(state_task_service_callback.StateTaskServiceCallback, "_eval_wait_for_task_token")
    def wait_for_token(original: Any, self: Any, *, timeout_seconds: Any, **kwargs: Any) -> Any:
        # What was stopped meanwhile evaluates nothing any more, not even its own limit: moto
        # then takes for the limit whatever lies on the stack, and the thread ends in an error.
        if not isinstance(timeout_seconds, int | float):
            return None
        return original(self, timeout_seconds=timeout_seconds, **kwargs)
