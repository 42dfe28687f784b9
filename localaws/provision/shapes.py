"""Translations that many services share: from the provider's property names to the API's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def present(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that have a value: boto3 refuses None."""
    return {name: value for name, value in parameters.items() if value is not None}


def pascal(value: Any) -> Any:
    """Return a structure with the first letter of every key capitalised, without empty values."""
    if isinstance(value, Mapping):
        return {
            key[:1].upper() + key[1:]: pascal(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def camel(value: Any) -> Any:
    """Return a structure without empty values; the provider's keys are the API's."""
    if isinstance(value, Mapping):
        return {key: camel(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as most services want them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def lower_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as ECS and Step Functions want them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def text(value: Any) -> str | None:
    """Return a value as the text that a map of attributes holds, or None if there is none."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
