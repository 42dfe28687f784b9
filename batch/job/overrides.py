"""What a stack's configuration says about a job: it wins over the code, key by key.

The code has Python's spelling (``run_timeout``), the stack's YAML Pulumi's (``runTimeout``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from batch.errors import Problem
from batch.reading import Reader

KEYS: Final = (
    "command",
    "shell",
    "owner",
    "description",
    "schedule",
    "schedules",
    "timezone",
    "start_date",
    "end_date",
    "flexible_window_minutes",
    "enabled",
    "cpu",
    "memory",
    "ephemeral_storage_gib",
    "architecture",
    "spot",
    "volumes",
    "environment",
    "secrets",
    "image",
    "container",
    "permissions",
    "attempt_timeout",
    "run_timeout",
    "retry",
    "start_retry",
    "max_event_age",
    "overlap",
    "queue_for",
    "concurrency_group",
    "start_deadline",
    "pause_after_failures",
    "expect_success_within",
    "success_messages",
    "topic_arn",
)
"""Every key of a job, as its team writes it."""

BACKOFF_KEYS: Final = ("attempts", "interval", "backoff_rate", "max_delay", "jitter")
RETRY_KEYS: Final = (*BACKOFF_KEYS, "exit_codes")
VOLUME_KEYS: Final = (
    "name",
    "file_system_id",
    "path",
    "root_directory",
    "access_point_id",
    "read_only",
)
PERMISSION_KEYS: Final = ("actions", "resources")

_NESTED: Final = {
    "retry": RETRY_KEYS,
    "start_retry": BACKOFF_KEYS,
    "volumes": VOLUME_KEYS,
    "permissions": PERMISSION_KEYS,
}
_MERGED: Final = {"environment", "secrets", "retry", "start_retry"}
_RIVALS: Final = {
    "command": "shell",
    "shell": "command",
    "schedule": "schedules",
    "schedules": "schedule",
}


@cache  # a job asks for a hundred
def camel(key: str) -> str:
    """Return the spelling of a key in a stack's YAML."""
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def override_problems(where: str, overrides: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each key of ``overrides``, or below one, that no job has."""
    problems: list[Problem] = []
    reader = Reader(overrides, problems=problems, where=where)
    reader.refuse_unknown([camel(key) for key in KEYS])
    for key, known in _NESTED.items():
        value, names = overrides.get(camel(key)), [camel(name) for name in known]
        if isinstance(value, Mapping):
            reader.section(camel(key), names)
        elif isinstance(value, list):
            list(reader.sections(camel(key), names))
    return problems


def merged(raw: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``raw`` with what ``overrides`` says in its place, in Python's spelling.

    A null takes away what the code says. Names of ``environment`` and ``secrets``, and keys of the
    retries, are merged one by one. ``command`` and ``shell`` replace each other, and so do
    ``schedule`` and ``schedules``.
    """
    result = dict(raw)
    own = _python(overrides, KEYS)
    for key in own:
        if key in _RIVALS:
            result.pop(_RIVALS[key], None)
    for key, value in own.items():
        base = result.get(key)
        if key in _MERGED and isinstance(base, Mapping) and isinstance(value, Mapping):
            both = {**base, **value}
            result[key] = {name: item for name, item in both.items() if item is not None}
        else:
            result[key] = value
    # The rivals of one and the same text are both kept: that is a mistake to tell.
    return {**result, **{key: own[key] for key in own if key in _RIVALS}}


def spelt(overrides: Mapping[str, Any]) -> dict[str, str]:
    """Return how the keys that ``overrides`` names are spelt there."""
    own = _python(overrides, KEYS)
    nested = [key for section in own.keys() & _NESTED.keys() for key in _NESTED[section]]
    return {key: camel(key) for key in (*own, *nested)}


def _python(value: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return the known keys of ``value``, and of what is below them, in Python's spelling."""
    names = {camel(key): key for key in known}
    return {
        names[spelling]: _python_below(names[spelling], item)
        for spelling, item in value.items()
        if spelling in names
    }


def _python_below(key: str, value: Any) -> Any:
    known = _NESTED.get(key)
    if known and isinstance(value, Mapping):
        return _python(value, known)
    if known and isinstance(value, list):
        return [_python(item, known) if isinstance(item, Mapping) else item for item in value]
    return value
