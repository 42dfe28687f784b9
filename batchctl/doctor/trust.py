"""Whether a role's trust lets a service take it for this platform. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

_PATTERNS: Final = ("StringLike", "ArnLike", "ArnEquals")
_EXACT: Final = ("StringEquals",)


def refusal(document: Mapping[str, Any], service: str, **about: str) -> str:
    """Return why ``service`` may not take the role, empty if it may.

    Args:
        document: the role's trust.
        about: ``SourceAccount`` and ``SourceArn`` of what the service acts for.

    Raises:
        ValueError: a condition is none of those that this reads.
    """
    statements = [s for s in _listed(document["Statement"]) if _names(s, service)]
    if not statements:
        return f"it does not trust {service}"
    met = [_met(statement.get("Condition", {}), about) for statement in statements]
    return "" if any(met) else f"it trusts {service}, but not for {about['SourceArn']}"


def _names(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else []
    return (
        statement["Effect"] == "Allow"
        and service in services
        and "sts:AssumeRole" in _listed(statement["Action"])
    )


def _met(conditions: Mapping[str, Mapping[str, Any]], about: Mapping[str, str]) -> bool:
    return all(
        _holds(operator, about.get(key.removeprefix("aws:")), _listed(wanted), key)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, value: str | None, wanted: Sequence[str], key: str) -> bool:
    if value is None or operator not in (*_PATTERNS, *_EXACT):
        raise ValueError(f"its trust has a condition that is not read here: {operator} of {key}")
    if operator in _EXACT:
        return value in wanted
    return any(fnmatchcase(value, pattern) for pattern in wanted)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
