"""DynamoDB's transactions happen once, whole, and one after the other.

moto looks at each item when its turn has come, when others may have been written; it copies whole
tables to take writes back, which loses what other threads write meanwhile; it ignores
``ClientRequestToken``; and a table that is missing is one more cancellation reason.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.dynamodb import exceptions
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler

from localaws.fidelity.patching import patch, replace, wrap

TOKEN_SECONDS: Final = 600.0
"""How long a ``ClientRequestToken`` is remembered after its first use."""

_LIMIT: Final = 100
_LONGEST_TOKEN: Final = 36

_lock = threading.RLock()
"""Held by every request: one server is one DynamoDB."""

_Item = dict[str, Any]


class IdempotentParameterMismatch(exceptions.DynamodbException):  # type: ignore[misc] # untyped
    """A token came again with another request."""

    def __init__(self) -> None:
        super().__init__(
            exceptions.ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException",
            message="The request uses the same client token as a previous, but non-identical "
            "request. Do not reuse a client token with different requests, unless the "
            "requests are identical",
        )


@contextmanager
def alone() -> Iterator[None]:
    """Keep DynamoDB from answering anybody else."""
    with _lock:
        yield


@patch
def apply() -> None:
    """Answer one request after the other, and replace how transactions are written and read."""

    @wrap(DynamoHandler, "call_action")
    def one_at_a_time(original: Any, self: Any) -> Any:
        with alone():
            return original(self)

    @wrap(DynamoHandler, "transact_write_items")
    def write_once(original: Any, self: Any) -> Any:
        token = self.body.get("ClientRequestToken")
        if not token:
            return original(self)
        if len(token) > _LONGEST_TOKEN:
            raise exceptions.MockValidationException(
                f"1 validation error detected: Value '{token}' at 'clientRequestToken' failed to "
                "satisfy constraint: Member must have length less than or equal to "
                f"{_LONGEST_TOKEN}"
            )
        used = _tokens_of(self.dynamodb_backend)
        request = json.dumps(self.body, sort_keys=True, default=str)
        now = time.monotonic()
        for old in [key for key, (_, since) in used.items() if now - since >= TOKEN_SECONDS]:
            del used[old]
        if token in used and used[token][0] != request:
            raise IdempotentParameterMismatch
        if token not in used:
            answer = original(self)
            # Only what succeeded is remembered: a cancelled transaction may be tried again.
            used[token] = request, now
            return answer
        return _nothing(original, self)

    @wrap(DynamoHandler, "transact_get_items")
    def read_existing(original: Any, self: Any) -> Any:
        for item in self.body["TransactItems"]:
            self.dynamodb_backend.get_table(item["Get"]["TableName"])
        return original(self)

    replace(DynamoDBBackend, "transact_write_items", _write)


def _tokens_of(backend: Any) -> dict[str, tuple[str, float]]:
    # Kept where moto's reset forgets it.
    return backend.__dict__.setdefault("_client_request_tokens", {})  # type: ignore[no-any-return]


def _nothing(original: Any, handler: Any) -> Any:
    """Answer like a transaction that writes nothing."""
    body, handler.body = handler.body, {"TransactItems": []}
    try:
        return original(handler)
    finally:
        handler.body = body


def _write(backend: Any, transact_items: list[_Item]) -> None:
    if len(transact_items) > _LIMIT:
        raise exceptions.TooManyTransactionsException
    operations = []
    for item in transact_items:
        if len(item) != 1:
            raise exceptions.TransactWriteSingleOpException
        ((kind, operation),) = item.items()
        table = backend.get_table(operation["TableName"])
        operations.append((kind, operation, table, _key(kind, operation, table)))
    if len({(table.name, str(key)) for _, _, table, key in operations}) < len(operations):
        raise exceptions.MultipleTransactionsException
    reasons: list[tuple[str, str, Any] | tuple[None, None, None]]
    # No two of them are about the same item: all conditions are about what was there before.
    reasons = [_unmet(operation, table, key) for _, operation, table, key in operations]
    _cancel_if_any(reasons)
    with _taken_back_on_error([(table, key) for _, _, table, key in operations]):
        for index, (kind, operation, table, key) in enumerate(operations):
            try:
                _do(backend, kind, operation, table, key)
            except exceptions.MockValidationException as error:
                reasons[index] = "ValidationError", error.exception_msg, None
        _cancel_if_any(reasons)


def _key(kind: str, operation: _Item, table: Any) -> _Item:
    """Return the key, with its attributes in the table's order."""
    given = operation["Item"] if kind == "Put" else operation["Key"]
    if missing := [name for name in table.table_key_attrs if name not in given]:
        raise exceptions.MockValidationException(
            f"One or more parameter values were invalid: Missing the key {missing[0]} in the item"
        )
    if kind != "Put" and len(given) != len(table.table_key_attrs):
        raise exceptions.ProvidedKeyDoesNotExist
    return {name: given[name] for name in table.table_key_attrs}


def _found(table: Any, key: _Item) -> Any:
    return table.get_item(*(DynamoType(value) for value in key.values()))


def _unmet(
    operation: _Item, table: Any, key: _Item
) -> tuple[str, str, Any] | tuple[None, None, None]:
    """Return why the condition does not hold, or nothing."""
    if operation.get("ConditionExpression") is None:
        return None, None, None
    current = _found(table, key)
    condition = get_filter_expression(
        operation["ConditionExpression"],
        operation.get("ExpressionAttributeNames"),
        operation.get("ExpressionAttributeValues"),
    )
    if condition.expr(current):
        return None, None, None
    wanted = operation.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    item = current.to_json()["Attributes"] if wanted and current else None
    return "ConditionalCheckFailed", "The conditional request failed", item


def _cancel_if_any(reasons: list[Any]) -> None:
    if any(code for code, _, _ in reasons):
        raise exceptions.TransactionCanceledException(reasons)


def _do(backend: Any, kind: str, operation: _Item, table: Any, key: _Item) -> None:
    if kind == "Put":
        backend.put_item(table.name, operation["Item"], overwrite=True)
    elif kind == "Delete":
        backend.delete_item(table.name, key)
    elif kind == "Update":
        backend.update_item(
            table.name,
            key,
            update_expression=operation["UpdateExpression"],
            expression_attribute_names=operation.get("ExpressionAttributeNames"),
            expression_attribute_values=operation.get("ExpressionAttributeValues"),
        )


@contextmanager
def _taken_back_on_error(places: list[tuple[Any, _Item]]) -> Iterator[None]:
    """Put the items back as they were if anything goes wrong."""
    # Copies: an update changes what is there in its place.
    before = [(table, key, copy.deepcopy(_found(table, key))) for table, key in places]
    try:
        yield
    except Exception:
        for table, key, item in before:
            hash_, *range_ = (DynamoType(value) for value in key.values())
            table.delete_item(hash_, range_[0] if range_ else None)
            if item is not None and range_:
                table.items[hash_][range_[0]] = item
            elif item is not None:
                table.items[hash_] = item
        raise
