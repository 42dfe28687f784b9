"""Whether an identity's policy allows a call, as far as our policies go: no denial, no variable."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """What IAM is asked."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys to values; what is not there is not known."""

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} {dict(self.context) or ''}".rstrip()


def allows(policy: Mapping[str, Any], call: Call) -> bool:
    """Return whether one statement of ``policy`` allows ``call``."""
    return any(_grants(statement, call) for statement in policy["Statement"])


def refused(policy: Mapping[str, Any], calls: Iterable[Call]) -> list[str]:
    """Return the calls that ``policy`` does not allow."""
    return sorted({str(call) for call in calls if not allows(policy, call)})


def matches(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """Return whether ``text`` is of IAM's ``pattern``: ``*`` and ``?`` stand for anything."""
    escaped = fnmatch.translate(pattern.replace("[", "[[]"))
    return re.match(escaped, text, re.IGNORECASE if any_case else 0) is not None


def _grants(statement: Mapping[str, Any], call: Call) -> bool:
    assert statement["Effect"] == "Allow", "a denial is not understood here"
    return (
        any(matches(action, call.action, any_case=True) for action in listed(statement["Action"]))
        and any(matches(resource, call.resource) for resource in listed(statement["Resource"]))
        and all(
            _OPERATORS[operator](listed(wanted), call.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def listed(value: Any) -> Sequence[str]:
    """Return what may be one or a list as a list."""
    return [value] if isinstance(value, str) else value


_OPERATORS = {
    "StringEquals": lambda wanted, value: value in wanted,
    # A key that is not there is unequal to everything.
    "StringNotEquals": lambda wanted, value: value not in wanted,
}
