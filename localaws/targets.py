"""How EventBridge and Scheduler call a target: one request to the emulator's own API.

What the role of the target does not allow, or else the policy of the topic or the queue, is
refused. That a target which needs a role has one is checked, because EventBridge does too.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws import clients
from localaws.access.authorization import Caller
from localaws.access.clients import AuthorizedClient

_UNIVERSAL: Final = ":scheduler:::aws-sdk:"

_SERVICES: Final = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
"""Services that universal targets call by another name than botocore."""

_THROTTLED: Final = {"ThrottlingException", "TooManyRequestsException", "ThrottledException"}


class TargetError(Exception):
    """A target did not take what it was sent."""

    def __init__(self, code: str, message: str, *, permanent: bool = True) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.permanent = permanent
        """Whether trying again cannot help."""


@dataclass(frozen=True)
class Request:
    """A call of the AWS API: parameters in PascalCase, as Scheduler's universal targets take."""

    service: str
    action: str
    region: str
    parameters: Mapping[str, Any]
    caller: Caller | None = None
    """Who calls; None may do anything."""


def endpoint_of_server() -> str:
    """Return where the emulator's server answers; moto's state machines find it the same way."""
    return f"http://127.0.0.1:{os.environ.get('MOTO_PORT', '5000')}"


def request(
    target: Mapping[str, Any],
    text: str,
    *,
    region: str,
    now: datetime,
    caller: Caller | None = None,
) -> Request:
    """Return the request with which ``caller`` hands ``text`` to ``target``.

    Raises:
        TargetError: If there is no such kind of target here, or it lacks what it needs.
    """
    arn = str(target["Arn"])
    if _UNIVERSAL in arn:
        service, _, action = arn.partition(_UNIVERSAL)[2].partition(":")
        return Request(service, action, region, _json_object(text, arn), caller)
    if arn.count(":") < 5:
        raise TargetError("ValidationException", f"{arn!r} is no ARN; give the target's")
    _, _, service, arn_region, account, resource = arn.split(":", 5)
    region = arn_region or region
    if service == "states" and resource.startswith("stateMachine:"):
        if not target.get("RoleArn"):
            raise TargetError(
                "ValidationException", f"RoleArn is required for target {arn}; give it a role"
            )
        return Request(
            "sfn", "startExecution", region, {"StateMachineArn": arn, "Input": text}, caller
        )
    if service == "sns":
        return Request("sns", "publish", region, {"TopicArn": arn, "Message": text}, caller)
    if service == "sqs":
        parameters: dict[str, Any] = {
            "QueueUrl": queue_url(account, resource),
            "MessageBody": text,
        }
        if group := (target.get("SqsParameters") or {}).get("MessageGroupId"):
            parameters["MessageGroupId"] = group
        return Request("sqs", "sendMessage", region, parameters, caller)
    if service == "logs" and resource.startswith("log-group:"):
        # Without a role it is the resource policy of Logs that counts, which is not evaluated.
        by_role = caller if caller and caller.role_arn else None
        return Request("logs", "putLogEvents", region, _log_event(resource, text, now), by_role)
    raise TargetError(
        "UnsupportedTarget",
        f"{service} targets do not exist in the emulator: {arn}; "
        "use a state machine, a topic, a queue or a log group",
    )


def queue_url(account: str, name: str) -> str:
    """Return the URL of a queue of the emulator."""
    return f"{endpoint_of_server()}/{account}/{name}"


def _json_object(text: str, arn: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TargetError(
            "ValidationException", f"Input of {arn} must be a JSON object of the call's parameters"
        )
    return found


def _log_event(resource: str, text: str, now: datetime) -> dict[str, Any]:
    timestamp, message = int(now.timestamp() * 1000), text
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    # A template for Logs may say both ("timestamp" in milliseconds).
    if isinstance(given, dict) and given.keys() == {"timestamp", "message"}:
        message = given["message"] if isinstance(given["message"], str) else str(given["message"])
        timestamp = int(given["timestamp"])
    return {
        "LogGroupName": resource.removeprefix("log-group:").removesuffix(":*"),
        "LogStreamName": str(uuid.uuid4()),
        "LogEvents": [{"Timestamp": timestamp, "Message": message}],
    }


def perform(call: Request, *, endpoint: str) -> None:
    """Make the call.

    Raises:
        TargetError: If it is refused or nothing answers.
    """
    service = _SERVICES.get(call.service, call.service)
    try:
        client = clients.make_client(service, region=call.region, endpoint=endpoint)
        if call.caller:
            client = AuthorizedClient(client, call.caller)
        operation = _operation(client, call)
        parameters = _cased(call.parameters, operation.input_shape)
        if operation.name == "StartExecution":
            # Without a name moto's execution is called None.
            parameters.setdefault("name", str(uuid.uuid4()))
        if operation.name == "PutLogEvents":
            stream = {key: parameters[key] for key in ("logGroupName", "logStreamName")}
            client.create_log_stream(**stream)
        method = {api: name for name, api in client.meta.method_to_api_mapping.items()}
        getattr(client, method[operation.name])(**parameters)
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]
        permanent = status.get("HTTPStatusCode", 500) < 500 and code not in _THROTTLED
        message = error.response["Error"].get("Message", "")
        raise TargetError(code, message, permanent=permanent) from error
    except ParamValidationError as error:
        raise TargetError("ValidationException", str(error)) from error
    except BotoCoreError as error:
        raise TargetError("SDK_CLIENT_ERROR", str(error), permanent=False) from error


def _operation(client: Any, call: Request) -> OperationModel:
    model = client.meta.service_model
    name = call.action[:1].upper() + call.action[1:]
    if name not in model.operation_names:
        raise TargetError("ValidationException", f"{call.service} has no action {call.action}")
    operation: OperationModel = model.operation_model(name)
    return operation


def _cased(value: Any, shape: Shape | None) -> Any:
    """Return ``value`` with the names that botocore has for its members."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        names = {member.lower(): member for member in shape.members}
        cased = {}
        for key, child in value.items():
            member = names.get(str(key).lower(), str(key))
            cased[member] = _cased(child, shape.members.get(member))
        return cased
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_cased(child, shape.member) for child in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _cased(child, shape.value) for key, child in value.items()}
    return value
