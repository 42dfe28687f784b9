"""Times in a task's result are JSON.

moto leaves datetime objects there; a run whose output holds one cannot be described, because
DescribeExecution fails with a TypeError. Step Functions writes epoch milliseconds for its own
integrations and ISO 8601 for those of the AWS SDK.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)

from localaws.fidelity.patching import patch, wrap


def iso(moment: datetime) -> str:
    """Return ``2026-11-23T18:00:00.877Z``, as Step Functions writes times."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def _plain(value: Any, *, as_text: bool) -> Any:
    if isinstance(value, datetime):
        return iso(value) if as_text else int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _plain(item, as_text=as_text) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, as_text=as_text) for item in value]
    return value


@patch
def apply() -> None:
    """Turn the times of every answer into JSON."""

    @wrap(state_task_service.StateTaskService, "_normalise_response")
    def normalise(original: Any, self: Any, response: Any, *args: Any, **kwargs: Any) -> None:
        original(self, response, *args, **kwargs)
        if isinstance(response, dict):
            as_text = self.resource.service_name == "aws-sdk"
            response.update(_plain(dict(response), as_text=as_text))
