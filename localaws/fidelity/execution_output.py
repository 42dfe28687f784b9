"""What an ended run says of itself can always be described.

moto keeps the output as Python objects, and DescribeExecution fails with a TypeError where one
of them is not JSON. Of a stopped run it loses the error, the cause and the date; of one that
timed out, the date.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.responses import StepFunctionResponse

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Keep the output as text, and error, cause and date where they belong."""

    @wrap(BaseExecutionWorkerCommunication, "_reflect_execution_status")
    def reflect(original: Any, self: Any) -> None:
        original(self)
        execution = self.execution
        if execution.output is not None:
            execution.output = to_json_str(execution.output, separators=(",", ":"))
        state = execution.exec_worker.env.program_state()
        if isinstance(state, ProgramStopped):
            execution.error, execution.cause = state.error or None, state.cause or None
            execution.stop_date = state.stop_date

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
