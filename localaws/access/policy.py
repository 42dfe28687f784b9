"""What a policy says of one request: allowed, denied, or nothing. Pure.

Not in here: whose policies count, and what several of them say together
(:mod:`localaws.access.authorization`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from localaws.access.conditions import Context, UnsupportedPolicy, as_texts, matches, met

Statement = Mapping[str, Any]

_ELEMENTS = frozenset(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"]
)


@dataclass(frozen=True)
class Request:
    """An action on a resource, and what is known of it."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """Who a policy of a resource is asked for: a role, or a service of AWS."""

    service: str = ""
    role_arn: str = ""

    def names(self, principal: Any) -> bool:
        """Return whether the ``Principal`` of a statement is this one.

        The root of an account is not the roles in it: it leaves them to their own policies
        (:func:`delegates`).
        """
        if principal == "*":
            return True
        if not isinstance(principal, Mapping) or principal.keys() - {"AWS", "Service"}:
            raise UnsupportedPolicy(
                f"policy: the emulator knows no principal {principal!r}; use AWS or Service"
            )
        if self.service:
            return self.service in as_texts(principal.get("Service", []))
        return bool({"*", self.role_arn} & set(as_texts(principal.get("AWS", []))))


class Answer(Enum):
    """What policies say. A denial wins; without any word nothing is allowed."""

    NOTHING = 0
    ALLOWED = 1
    DENIED = 2


@lru_cache(maxsize=512)
def statements(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy's text."""
    found = json.loads(document).get("Statement", [])
    return tuple(found if isinstance(found, list) else [found])


def answer(document: str, request: Request, *, principal: Principal | None = None) -> Answer:
    """Return what the text of a policy says of ``request``.

    Args:
        principal: who asks, if it is the policy of a resource or a role's trust.

    Raises:
        UnsupportedPolicy: If it says something that cannot be evaluated.
    """
    said = Answer.NOTHING
    for statement in statements(document):
        if _speaks(statement, request, principal):
            if statement["Effect"] == "Deny":
                return Answer.DENIED
            said = Answer.ALLOWED
    return said


def delegates(document: str, request: Request, account: str) -> bool:
    """Return whether a resource's policy leaves ``request`` to the policies of ``account``."""
    for statement in statements(document):
        named = statement.get("Principal")
        roots = as_texts(named.get("AWS", [])) if isinstance(named, Mapping) else []
        if (
            statement["Effect"] == "Allow"
            and any(root == account or root.endswith(f"::{account}:root") for root in roots)
            and _covers(statement, request)
        ):
            return True
    return False


def _speaks(statement: Statement, request: Request, principal: Principal | None) -> bool:
    if unknown := sorted(statement.keys() - _ELEMENTS):
        raise UnsupportedPolicy(
            f"policy: the emulator knows no element {unknown[0]!r}; use "
            f"{', '.join(sorted(_ELEMENTS))}"
        )
    if principal is not None and not principal.names(statement.get("Principal")):
        return False
    return _covers(statement, request)


def _covers(statement: Statement, request: Request) -> bool:
    return (
        _named(statement, "Action", request.action.lower(), lower=True)
        and _named(statement, "Resource", request.resource)
        and met(statement.get("Condition", {}), request.context)
    )


def _named(statement: Statement, element: str, text: str, *, lower: bool = False) -> bool:
    if f"Not{element}" in statement:
        return not _any(statement[f"Not{element}"], text, lower=lower)
    # A role's trust has no resource: it is about that role.
    return element not in statement or _any(statement[element], text, lower=lower)


def _any(patterns: Any, text: str, *, lower: bool) -> bool:
    return any(matches(p.lower() if lower else p, text) for p in as_texts(patterns))
