"""Clients of the emulator that act for a caller, and are refused what it may not do."""

from __future__ import annotations

import contextvars
import functools
from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.access.authorization import Caller, Refused, require
from localaws.access.calls import Call

_QUERY: Final = {"sns": "AccessDenied", "sqs": "AccessDenied"}
"""How services word it that do not say AccessDeniedException."""


calling: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("calling", default=None)
"""Who makes the call that is being answered, where that is a service of the emulator's own."""


class AuthorizedClient:
    """A boto3 client whose calls are evaluated against the policies of its caller first."""

    def __init__(self, client: Any, caller: Caller) -> None:
        self._client = client
        self._caller = caller

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        operation = self._client.meta.method_to_api_mapping.get(name)
        return functools.partial(self._call, found, operation) if operation else found

    def _call(self, method: Any, operation: str, **parameters: Any) -> Any:
        meta = self._client.meta
        service = meta.service_model.service_name
        call = Call(service, operation, self._caller.account, meta.region_name, parameters)
        try:
            require(self._caller, call)
        except Refused as refused:
            raise denied(self._client, operation, str(refused)) from refused
        token = calling.set(self._caller)
        try:
            return method(**parameters)
        finally:
            calling.reset(token)


def denied(client: Any, operation: str, message: str) -> ClientError:
    """Return the error with which a service refuses ``operation``."""
    service = client.meta.service_model.service_name
    code = _QUERY.get(service, "AccessDeniedException")
    answer: Any = {
        "Error": {"Code": code, "Message": message, "Type": "Sender"},
        "ResponseMetadata": {
            "HTTPStatusCode": 403 if service in _QUERY else 400,
            "RequestId": "00000000-0000-0000-0000-000000000000",
        },
    }
    # A class of its own where the service's model has one: Step Functions names errors by it.
    error: type[ClientError] = client.exceptions.from_code(code)
    return error(answer, operation)
