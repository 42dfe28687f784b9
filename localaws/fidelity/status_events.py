"""Runs say that they started and how they ended.

moto emits no "Step Functions Execution Status Change" event. This publishes each one to the
feed of the emulator, with the detail that EventBridge gets on AWS.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend import execution as executions

from localaws import feed
from localaws.fidelity.patching import patch, wrap

LARGEST_DATA: Final = 248 * 1024
"""Bytes of input or output above which AWS leaves them out of the event."""

_REDRIVABLE: Final = {"FAILED", "TIMED_OUT", "ABORTED"}


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _data(text: str | None) -> tuple[str | None, dict[str, bool] | None]:
    if text is None:
        return None, None
    included = len(text.encode()) <= LARGEST_DATA
    return (text if included else None), {"included": included}


def detail(execution: Any, status: str) -> dict[str, Any]:
    """Return the event's detail for an execution that has now reached ``status``."""
    output = None
    if status == "SUCCEEDED":
        output = execution.output
        if not isinstance(output, str):
            output = to_json_str(output, separators=(",", ":"))
    input_text, input_details = _data(execution.execution_input)
    output_text, output_details = _data(output)
    redrivable = status in _REDRIVABLE
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": None if status == "RUNNING" else _milliseconds(execution.stop_date),
        "input": input_text,
        "output": output_text,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": (
            None if redrivable else f"Execution is {status} and cannot be redriven"
        ),
        "inputDetails": input_details,
        "outputDetails": output_details,
        "error": execution.error,
        "cause": execution.cause,
    }


def _publish(execution: Any, status: str) -> None:
    moment = execution.start_date if status == "RUNNING" else execution.stop_date
    feed.current().publish(
        feed.ExecutionStatusChange(
            time=moment or datetime.now(UTC),
            account=execution.account_id,
            region=execution.region_name,
            detail=detail(execution, status),
        )
    )


@patch
def apply() -> None:
    """Publish at the start and at the end."""

    @wrap(executions.Execution, "start")
    def start(original: Any, self: Any) -> None:
        # Before the thread runs: the shortest run may end before this returns.
        _publish(self, "RUNNING")
        original(self)

    @wrap(executions.BaseExecutionWorkerCommunication, "terminated")
    def terminated(original: Any, self: Any) -> None:
        original(self)
        _publish(self.execution, self.execution.exec_status.value)
