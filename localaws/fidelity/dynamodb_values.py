"""DynamoDB refuses a request whose values do not fit its expressions, or are no values.

moto takes values that no expression uses, fails on those that are missing with an internal error,
stores sets that are empty, and cannot take the size of an attribute that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from moto.dynamodb import comparisons
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from localaws.fidelity.patching import patch, wrap

_EXPRESSIONS: Final = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)

_NAMES: Final = {"#": "ExpressionAttributeNames", ":": "ExpressionAttributeValues"}

_TYPES: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})

_SETS: Final = {"SS": "string", "NS": "number", "BS": "binary"}


@patch
def apply() -> None:
    """Look at every request before moto does."""
    for action in (
        *("get_item", "put_item", "update_item", "delete_item", "query", "scan"),
        *("transact_write_items", "transact_get_items"),
    ):
        _check_before(action)

    @wrap(comparisons.FuncSize, "expr")
    def size(original: Any, self: Any, item: Any) -> Any:
        # Compared with anything it is false.
        return None if self.attr.get_type(item) is None else original(self, item)


def _check_before(action: str) -> None:
    @wrap(DynamoHandler, action)
    def checked(original: Any, self: Any) -> Any:
        for operation in _operations(self.body):
            _check(operation)
        return original(self)


def _operations(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a request asks for, one item at a time."""
    if "TransactItems" not in body:
        yield body
    for item in body.get("TransactItems", []):
        yield from item.values()


def _check(operation: dict[str, Any]) -> None:
    text = " ".join(operation.get(name) or "" for name in _EXPRESSIONS)
    for sign, parameter in _NAMES.items():
        given = operation.get(parameter) or {}
        used = set(re.findall(rf"{sign}\w+", text))
        what = "name" if sign == "#" else "value"
        if missing := sorted(used - given.keys()):
            raise MockValidationException(
                f"Invalid expression: An expression attribute {what} used in expression is not "
                f"defined; attribute {what}: {missing[0]}"
            )
        if unused := sorted(given.keys() - used):
            raise MockValidationException(
                f"Value provided in {parameter} unused in expressions: "
                f"keys: {{{', '.join(unused)}}}"
            )
    for parameter in ("ExpressionAttributeValues", "Item", "Key"):
        _check_values((operation.get(parameter) or {}).values())


def _check_values(values: Iterable[Any]) -> None:
    for value in values:
        if len(value) != 1 or not value.keys() <= _TYPES:
            raise MockValidationException(
                "Supplied AttributeValue is empty, must contain exactly one of the supported "
                "datatypes"
            )
        ((type_, inner),) = value.items()
        if type_ in _SETS and not inner:
            raise MockValidationException(
                "One or more parameter values were invalid: "
                f"An {_SETS[type_]} set  may not be empty"
            )
        if type_ in _SETS and len(set(inner)) < len(inner):
            raise MockValidationException(
                "One or more parameter values were invalid: Input collection "
                f"[{', '.join(map(str, inner))}] contains duplicates."
            )
        if type_ == "M":
            _check_values(inner.values())
        elif type_ == "L":
            _check_values(inner)
