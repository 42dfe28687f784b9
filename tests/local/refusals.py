"""How a service of the emulator is made to refuse a call."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

HTTP_STATUS = {"InternalServerError": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
"""Of errors that no model of a service has with another status than 400."""


class Refusal(ServiceException):
    """An error of whatever service is asked."""


def refused(response: Any, error: Refusal) -> Any:
    """Return the answer with ``error``."""
    status, headers, body = response.serialized(ActionResult(error))
    headers["status"] = status = HTTP_STATUS.get(error.code, status)
    headers, body = response._enrich_response(headers, body)
    return status, headers, body
