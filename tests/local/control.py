"""The control table in the emulator, and what tests read and write there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from batch import control
from batch.contract import Platform

_read = TypeDeserializer().deserialize
_write = TypeSerializer().serialize


class ControlTable:
    """The table of a platform, its items as plain values."""

    def __init__(self, client: Any, platform: Platform) -> None:
        self.client = client
        self.name = platform.control_table

    def make(self) -> ControlTable:
        """Make the table as the platform does."""
        keys = {control.PARTITION_KEY, control.SORT_KEY}
        keys |= {key for index in control.INDEXES.values() for key in index}
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)
            ],
            KeySchema=_schema(control.PARTITION_KEY, control.SORT_KEY),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": _schema(*index),
                    "Projection": {"ProjectionType": "ALL"},
                }
                for name, index in control.INDEXES.items()
            ],
        )
        return self

    def put(self, key: Mapping[str, str], **attributes: Any) -> None:
        """Write an item; a set is a string set, a number an int."""
        self.client.put_item(TableName=self.name, Item=_typed({**key, **attributes}))

    def get(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """Return an item without its key, or None."""
        answer = self.client.get_item(TableName=self.name, Key=_typed(key), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def run(self, job: str, run: str) -> dict[str, Any] | None:
        """Return the record of a run."""
        return self.get(control.run_key(job, run))

    def delete(self, key: Mapping[str, str]) -> None:
        """Remove an item."""
        self.client.delete_item(TableName=self.name, Key=_typed(key))

    def all(self, partition: str) -> dict[str, dict[str, Any]]:
        """Return the items of a partition by their sort keys."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        return {
            item[control.SORT_KEY]["S"]: _plain(item) for page in pages for item in page["Items"]
        }


def _schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _write(value) for name, value in values.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: _read(value) for name, value in item.items()}
    return {
        name: int(value) if type(value).__name__ == "Decimal" else value
        for name, value in plain.items()
        if name not in (control.PARTITION_KEY, control.SORT_KEY)
    }
