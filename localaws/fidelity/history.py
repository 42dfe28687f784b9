"""GetExecutionHistory takes pages, reverse order and no data when asked to.

moto answers with everything, oldest first, whatever the parameters say.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.responses import StepFunctionResponse

from localaws.fidelity.patching import patch, replace

_PAGE: Final = 100
_LARGEST_PAGE: Final = 1000
_DATA_KEYS: Final = ("input", "output", "parameters")


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        raise InvalidToken(token) from None


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {name: item for name, item in value.items() if name not in _DATA_KEYS}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


@patch
def apply() -> None:
    """Replace the action."""

    def get_execution_history(self: Any) -> ActionResult:
        arn = self._get_param("executionArn")
        events = self.stepfunction_backend.get_execution_history(arn)["events"]
        if self._get_param("reverseOrder"):
            events = events[::-1]
        if self._get_param("includeExecutionData") is False:
            events = [_without_data(event) for event in events]
        start = _position(self._get_param("nextToken"))
        size = min(self._get_param("maxResults") or _PAGE, _LARGEST_PAGE)
        answer = {"events": events[start : start + size]}
        if start + size < len(events):
            answer["nextToken"] = base64.b64encode(str(start + size).encode()).decode()
        return ActionResult(answer)

    replace(StepFunctionResponse, "get_execution_history", get_execution_history)
