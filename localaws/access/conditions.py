"""The conditions of IAM statements: operators and keys. What is not known is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from localaws.errors import EmulatorError

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys and what a request has for them. A key of several values has a tuple."""

KEYS: Final = frozenset(
    key.lower()
    for key in (
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
        "aws:RequestedRegion",
        "aws:ResourceAccount",
        "aws:SecureTransport",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOwner",
        "aws:TagKeys",
        "aws:ViaAWSService",
        "cloudwatch:namespace",
        "dynamodb:LeadingKeys",
        "ecs:cluster",
        "ecs:CreateAction",
        "elasticfilesystem:AccessPointArn",
        "iam:PassedToService",
        "iam:PermissionsBoundary",
        "kms:CallerAccount",
        "kms:ViaService",
    )
)
"""The keys that are understood, in lower case: names of keys have no case."""

PREFIXES: Final = ("aws:requesttag/", "aws:resourcetag/", "kms:encryptioncontext:")
"""Beginnings of keys that end in a name of the request's own."""


class UnsupportedPolicy(EmulatorError):
    """A policy says something that the emulator cannot evaluate."""


def _equal_arns(wanted: str, given: str) -> bool:
    # ArnEquals and ArnLike are the same; a "*" ends at a colon, but for the last part.
    parts, values = wanted.split(":", 5), given.split(":", 5)
    return len(parts) == len(values) == 6 and all(map(matches, parts, values))


def matches(pattern: str, text: str) -> bool:
    """Return whether ``text`` is what ``pattern``, with its ``*`` and ``?``, means."""
    if "${" in pattern:
        raise UnsupportedPolicy(
            f"policy: the emulator knows no variables, as in {pattern!r}; write the value"
        )
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL)


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": matches,
    "ArnEquals": _equal_arns,
    "ArnLike": _equal_arns,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
}
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def met(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Return whether every condition of a statement is met.

    Raises:
        UnsupportedPolicy: For an operator or a key that the emulator does not know.
    """
    lower = {key.lower(): value for key, value in context.items()}
    each = [
        _met(operator, key, as_texts(wanted), lower)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    ]
    # All were looked at: what is unknown is an error whatever the others say.
    return all(each)


def as_texts(value: Any) -> list[str]:
    """Return the one text or the list of texts that an element of a policy may be."""
    if isinstance(value, list | tuple):
        return [text for each in value for text in as_texts(each)]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _met(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    key = key.lower()
    if key not in KEYS and not key.startswith(PREFIXES):
        raise UnsupportedPolicy(
            f"policy: the emulator knows no condition key {key!r}; "
            "add it to localaws.access.conditions and give it where calls are read"
        )
    found = context.get(key)
    given = () if found is None else found if isinstance(found, tuple) else (found,)
    quantifier, _, plain = operator.rpartition(":")
    if plain == "Null":
        return (not given) == (wanted == ["true"])
    if_exists = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    negated = plain in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(plain, plain))
    if compare is None or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise UnsupportedPolicy(
            f"policy: the emulator knows no condition operator {operator!r}; "
            f"use one of {', '.join(sorted([*_OPERATORS, *_NEGATED]))}"
        )
    if not given:
        return quantifier == "ForAllValues" or if_exists or (negated and not quantifier)
    each = (any(compare(value, one) for value in wanted) != negated for one in given)
    return _over(quantifier, each)


def _over(quantifier: str, each: Iterable[bool]) -> bool:
    return any(each) if quantifier == "ForAnyValue" else all(each)
