"""What an ended run says of itself can always be described.

moto keeps the output as Python objects, and DescribeExecution fails with a TypeError where one
of them is not JSON. Of a stopped run it loses the error, the cause and the date; of one that
timed out, the date. It also says that the run has ended before it says how. One that is about to
begin has no status, and whoever lists runs then gets an error of the server.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.responses import StepFunctionResponse

from localaws.fidelity.patching import patch, replace, wrap


def _reflect(self: Any) -> None:
    execution, env = self.execution, self.execution.exec_worker.env
    state = env.program_state()
    status = ExecutionStatus.TIMED_OUT
    stopped_at = datetime.now(UTC)
    if isinstance(state, ProgramEnded):
        status = ExecutionStatus.SUCCEEDED
        execution.output = to_json_str(env.states.get_input(), separators=(",", ":"))
    elif isinstance(state, ProgramStopped):
        status = ExecutionStatus.ABORTED
        execution.error, execution.cause = state.error or None, state.cause or None
        stopped_at = state.stop_date
    elif isinstance(state, ProgramError):
        status = ExecutionStatus.FAILED
        details = state.error or {}
        execution.error, execution.cause = details.get("error"), details.get("cause")
    execution.stop_date = stopped_at
    # Last: whoever sees the status must find the rest.
    execution.exec_status = status


@patch
def apply() -> None:
    """Keep the output as text, and error, cause and date where they belong."""
    replace(BaseExecutionWorkerCommunication, "_reflect_execution_status", _reflect)
    replace(
        Execution,
        "status",
        property(lambda self: (self.exec_status or ExecutionStatus.RUNNING).value),
    )

    @wrap(StepFunctionResponse, "describe_execution")
    def describe(original: Any, self: Any) -> Any:
        answer = original(self)
        execution = self.stepfunction_backend.describe_execution(answer.result["executionArn"])
        if execution.stop_date and execution.status != "RUNNING":
            answer.result["stopDate"] = execution.stop_date
        return answer

    @wrap(StepFunctionResponse, "list_executions")
    def listed(original: Any, self: Any) -> Any:
        answer = original(self)
        for item in answer.result["executions"]:
            execution = self.stepfunction_backend.describe_execution(item["executionArn"])
            if execution.stop_date and execution.status != "RUNNING":
                item["stopDate"] = execution.stop_date
        return answer
