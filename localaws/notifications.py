"""What Amazon Q Developer in chat applications (once AWS Chatbot) makes of an SNS message.

It shows three things and drops the rest without a word: its own custom notifications, alarms of
CloudWatch, and events of AWS services exactly as EventBridge delivers them. The look of the last
two is not documented; here they have the same facts in an order of ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LONGEST_TITLE: Final = 250
LONGEST_DESCRIPTION: Final = 8000
"""Characters. Longer ones count as dropped, to be on the safe side: AWS states no limit that we
could verify, and Slack cuts texts off far below SNS's 256 KB."""

_ENVELOPE: Final = {"version", "id", "detail-type", "source", "account", "time", "region", "detail"}


@dataclass(frozen=True)
class Notification:
    """What a channel shows."""

    title: str
    description: str
    next_steps: tuple[str, ...] = ()
    thread: str = ""


class Dropped(ValueError):
    """Amazon Q shows nothing. The text says why, and what to do."""


def read(text: str) -> Notification:
    """Return what a channel shows for the text of an SNS message.

    Raises:
        Dropped: If it shows nothing.
    """
    try:
        message = json.loads(text)
    except ValueError as error:
        raise Dropped(
            f"message: not JSON ({error}); send a custom notification, or an event as it is"
        ) from error
    if not isinstance(message, dict):
        raise Dropped(
            "message: not a JSON object; send a custom notification, or an event as it is"
        )
    if "AlarmName" in message and "NewStateValue" in message:
        return _alarm(message)
    if message.keys() >= _ENVELOPE and isinstance(message["detail"], dict):
        return _event(message)
    return _custom(message)


def _custom(message: Mapping[str, Any]) -> Notification:
    if message.get("source") != "custom":
        raise Dropped(
            f'source: {message.get("source")!r} is not "custom"; '
            "send a custom notification, or an event as it is"
        )
    if message.get("version") != "1.0":
        raise Dropped(f'version: {message.get("version")!r} is not "1.0"; write it as a string')
    content = _object(message, "content")
    metadata = _object(message, "metadata")
    if content.get("textType", "client-markdown") != "client-markdown":
        raise Dropped(
            f"content.textType: {content['textType']!r} is unknown; use client-markdown, or none"
        )
    description = _string(content, "content", "description")
    if not description.strip():
        raise Dropped("content.description: missing or empty; say what happened")
    title = _string(content, "content", "title")
    for where, value, most in (
        ("content.title", title, LONGEST_TITLE),
        ("content.description", description, LONGEST_DESCRIPTION),
    ):
        if len(value) > most:
            raise Dropped(f"{where}: {len(value)} characters; keep it within {most}")
    steps = content.get("nextSteps") or []
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise Dropped("content.nextSteps: not a list of strings; make it one")
    return Notification(title, description, tuple(steps), _string(metadata, "metadata", "threadId"))


def _object(message: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = message.get(key)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise Dropped(f"{key}: not an object; make it one")
    return value


def _string(mapping: Mapping[str, Any], where: str, key: str) -> str:
    value = mapping.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Dropped(f"{where}.{key}: not a string; make it one")
    return value


def _alarm(message: Mapping[str, Any]) -> Notification:
    place = " | ".join(str(message[key]) for key in ("Region", "AWSAccountId") if message.get(key))
    title = f"CloudWatch Alarm | {message['AlarmName']}" + (f" | {place}" if place else "")
    return Notification(
        title,
        _lines(
            State=f"{message.get('OldStateValue', '?')} -> {message['NewStateValue']}",
            Description=message.get("AlarmDescription"),
            Reason=message.get("NewStateReason"),
            Time=message.get("StateChangeTime"),
        ),
    )


def _event(event: Mapping[str, Any]) -> Notification:
    source = str(event["source"])
    if not source.startswith("aws."):
        raise Dropped(
            f"source: {source!r} is no AWS service; send your own events as custom notifications"
        )
    title = f"{event['detail-type']} | {event['region']} | Account: {event['account']}"
    detail = event["detail"]
    if source == "aws.states":
        description = _lines(
            Status=detail.get("status"),
            StateMachine=str(detail.get("stateMachineArn", "")).rsplit(":", 1)[-1],
            Execution=detail.get("name"),
            Error=detail.get("error"),
            Cause=detail.get("cause"),
        )
    elif source == "aws.ecs":
        description = _lines(
            Status=detail.get("lastStatus"),
            Task=detail.get("taskArn"),
            TaskDefinition=str(detail.get("taskDefinitionArn", "")).rsplit("/", 1)[-1],
            StopCode=detail.get("stopCode"),
            Reason=detail.get("stoppedReason"),
            ExitCodes=", ".join(
                f"{container.get('name')}={container['exitCode']}"
                for container in detail.get("containers") or []
                if container.get("exitCode") is not None
            ),
        )
    else:
        description = _lines(Resources=", ".join(event.get("resources") or []), Time=event["time"])
    return Notification(title, description)


def _lines(**facts: Any) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
