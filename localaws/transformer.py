"""What a rule's target gets: the event, a part of it, a constant, or a template filled from it.

As the EventBridge user guide says ("Amazon EventBridge input transformation"): values are put
into a template as they are. Inside quotes nothing is escaped, so a quote or a line break in a
value breaks the JSON, here as there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_STEP: Final = re.compile(r"\.([\w*-]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")
_VARIABLE: Final = re.compile(r"<([\w.-]+)>")

_NOTHING: Final = object()


class InputError(ValueError):
    """A target's input cannot be made from this event."""


def iso(moment: datetime) -> str:
    """Return a moment as events write it: ``2026-11-23T18:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact(value: Any) -> str:
    """Return ``value`` as JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def payload(
    target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, ingested: datetime
) -> str:
    """Return the text that ``target`` gets for ``event``.

    Raises:
        InputError: If the target's input cannot be made from this event.
    """
    if target.get("Input"):
        return str(target["Input"])
    if path := target.get("InputPath"):
        value = look_up(event, path)
        if value is _NOTHING:
            raise InputError(f"InputPath {path}: the event has nothing there")
        return compact(value)
    if transformer := target.get("InputTransformer"):
        return _transformed(transformer, event, rule_arn=rule_arn, ingested=ingested)
    return compact(event)


def look_up(event: Any, path: str) -> Any:
    """Return what is at a JSON path of ``event``; a private object if nothing is."""
    rest = path.removeprefix("$")
    found = [event]
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise InputError(f"path {path}: {rest!r} is not a step; use .name, [0] or ['name']")
        rest = rest[step.end() :]
        key = step[1] or step[2] or step[3]
        found = [child for value in found for child in _children(value, key)]
    if not found:
        return _NOTHING
    return found if "*" in path else found[0]


def _children(value: Any, key: str) -> list[Any]:
    if isinstance(value, Mapping):
        if key == "*":
            return list(value.values())
        return [value[key]] if key in value else []
    if isinstance(value, list):
        if key == "*":
            return value
        if key.isdigit() and int(key) < len(value):
            return [value[int(key)]]
    return []


def _transformed(
    transformer: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, ingested: datetime
) -> str:
    values: dict[str, Any] = {
        name: look_up(event, path)
        for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rsplit("/", 1)[-1],
        "aws.events.event.ingestion-time": iso(ingested),
        "aws.events.event": {k: v for k, v in event.items() if k != "detail"},
        "aws.events.event.json": event,
    }
    template = str(transformer["InputTemplate"])
    text = _fill(template, values)
    if template.lstrip().startswith(("{", "[")):
        try:
            json.loads(text)
        except ValueError as error:
            raise InputError(
                f"InputTemplate: the result is not JSON ({error}); "
                "a value with a quote or a line break cannot stand inside quotes"
            ) from error
    return text


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Replace each ``<name>``; whether it stands inside quotes decides how."""
    parts: list[str] = []
    quoted = False
    at = 0
    while at < len(template):
        character = template[at]
        variable = _VARIABLE.match(template, at)
        if variable and variable[1] in values:
            value = values[variable[1]]
            parts.append(_inside_quotes(value) if quoted else _bare(value))
            at = variable.end()
            continue
        if variable and not quoted:
            raise InputError(
                f"InputTemplate: <{variable[1]}> is no variable; add it to InputPathsMap"
            )
        if character == "\\" and quoted:
            parts.append(template[at : at + 2])
            at += 2
            continue
        if character == '"':
            quoted = not quoted
        parts.append(character)
        at += 1
    return "".join(parts)


def _inside_quotes(value: Any) -> str:
    if value is _NOTHING:
        return ""
    if isinstance(value, str):
        return value
    # "EventBridge removes any internal quotes to ensure a valid string."
    return compact(value).replace('"', "")


def _bare(value: Any) -> str:
    # EventBridge adds the quotes of a string itself; what is not there is an empty one.
    return '""' if value is _NOTHING else compact(value)
