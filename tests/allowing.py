"""Whether an identity's policy allows a call, as the emulator evaluates policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localaws.access import conditions, policy


@dataclass(frozen=True)
class Call:
    """What IAM is asked."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys to values; what is not there is not known."""

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} {dict(self.context) or ''}".rstrip()


def allows(document: Mapping[str, Any], call: Call) -> bool:
    """Return whether ``document`` allows ``call``."""
    request = policy.Request(call.action, call.resource, call.context)
    return policy.answer(json.dumps(document), request) is policy.Answer.ALLOWED


def refused(document: Mapping[str, Any], calls: Iterable[Call]) -> list[str]:
    """Return the calls that ``document`` does not allow."""
    return sorted({str(call) for call in calls if not allows(document, call)})


def matches(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """Return whether ``text`` is of IAM's ``pattern``: ``*`` and ``?`` stand for anything."""
    if any_case:
        pattern, text = pattern.lower(), text.lower()
    return conditions.matches(pattern, text)


def listed(value: Any) -> Sequence[str]:
    """Return what may be one or a list as a list."""
    return [value] if isinstance(value, str) else value
