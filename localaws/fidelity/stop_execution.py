"""StopExecution stops, and says when.

moto ignores the error and the cause, answers without a date, fails for a run that started a
moment ago, and answers before the run has stopped.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from localaws.fidelity.patching import patch, replace

_PATIENCE_SECONDS: Final = 5.0


def stop(execution: Any, *, error: str | None = None, cause: str | None = None) -> None:
    """Stop a run and wait a moment until it has."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while execution.status == "RUNNING" and time.monotonic() < until:
        env = execution.exec_worker and execution.exec_worker.env
        if env and env.is_running():
            execution.stop(stop_date=datetime.now(UTC), error=error, cause=cause)
        time.sleep(0.005)


def stop_all() -> None:
    """Stop every run there is, in every account and region."""
    running = [
        execution
        for regions in stepfunctions_parser_backends.values()
        for backend in regions.values()
        for machine in backend.state_machines
        for execution in machine.executions
        if execution.status == "RUNNING"
    ]
    for execution in running:
        stop(execution)


@patch
def apply() -> None:
    """Replace the action."""

    def stop_execution(self: Any) -> ActionResult:
        arn = self._get_param("executionArn")
        execution = self.stepfunction_backend.describe_execution(arn)
        stop(execution, error=self._get_param("error"), cause=self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date or datetime.now(UTC)})

    replace(StepFunctionResponse, "stop_execution", stop_execution)
