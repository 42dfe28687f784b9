"""Tables and the items that a program puts into them."""

from __future__ import annotations

import json
from typing import Any

from localaws.monitor import Made, Resource
from localaws.provision.registry import Inputs, Order, changes, makes, removes
from localaws.provision.shapes import present, tag_list


def table_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateTable."""
    encryption = inputs.get("serverSideEncryption") or {}
    streams = inputs.get("streamEnabled")
    return present(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in inputs["attributes"]
        ],
        KeySchema=_keys(inputs),
        # The provider's default, unlike the API's, is to say so.
        BillingMode=inputs.get("billingMode") or "PROVISIONED",
        ProvisionedThroughput=_throughput(inputs),
        GlobalSecondaryIndexes=[
            present(
                IndexName=index["name"],
                KeySchema=_keys(index),
                Projection=_projection(index),
                ProvisionedThroughput=_throughput(index),
            )
            for index in inputs.get("globalSecondaryIndexes") or []
        ]
        or None,
        LocalSecondaryIndexes=[
            {
                "IndexName": index["name"],
                "KeySchema": _keys({"hashKey": inputs["hashKey"], "rangeKey": index["rangeKey"]}),
                "Projection": _projection(index),
            }
            for index in inputs.get("localSecondaryIndexes") or []
        ]
        or None,
        StreamSpecification=streams
        and {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]},
        # Without it the table has a key of DynamoDB's own, which nobody sees.
        SSESpecification=present(
            Enabled=True, SSEType="KMS", KMSMasterKeyId=encryption.get("kmsKeyArn")
        )
        if encryption.get("enabled")
        else None,
        DeletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
        TableClass=inputs.get("tableClass"),
        Tags=tag_list(tags) or None,
    )


def _keys(of: Inputs) -> list[dict[str, str]]:
    if of.get("keySchemas"):  # an index, in the form that takes the place of the other
        return [
            {"AttributeName": key["attributeName"], "KeyType": key["keyType"]}
            for key in of["keySchemas"]
        ]
    keys = [{"AttributeName": of["hashKey"], "KeyType": "HASH"}]
    if of.get("rangeKey"):
        keys.append({"AttributeName": of["rangeKey"], "KeyType": "RANGE"})
    return keys


def _projection(index: Inputs) -> dict[str, Any]:
    return present(
        ProjectionType=index["projectionType"], NonKeyAttributes=index.get("nonKeyAttributes")
    )


def _throughput(of: Inputs) -> dict[str, int] | None:
    if of.get("readCapacity") is None and of.get("writeCapacity") is None:
        return None
    return {
        "ReadCapacityUnits": of.get("readCapacity") or 1,
        "WriteCapacityUnits": of.get("writeCapacity") or 1,
    }


@makes(
    "aws:dynamodb/table:Table",
    "name attributes hashKey rangeKey billingMode readCapacity writeCapacity "
    "globalSecondaryIndexes localSecondaryIndexes ttl pointInTimeRecovery serverSideEncryption "
    "streamEnabled streamViewType deletionProtectionEnabled tableClass tags",
)
def table(order: Order) -> Made:
    """Make a table, with its expiry and its backups, which have calls of their own."""
    name = order.name()
    client = order.client("dynamodb")
    request = table_request(order.inputs, name, order.tags())
    description = client.create_table(**request)["TableDescription"]
    if ttl := order.inputs.get("ttl"):
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "Enabled": ttl.get("enabled") is not False,
                "AttributeName": ttl["attributeName"],
            },
        )
    if recovery := order.inputs.get("pointInTimeRecovery"):
        client.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=present(
                PointInTimeRecoveryEnabled=recovery["enabled"],
                RecoveryPeriodInDays=recovery.get("recoveryPeriodInDays"),
            ),
        )
    return Made(
        name,
        {
            "arn": description["TableArn"],
            "name": name,
            "streamArn": description.get("LatestStreamArn", ""),
            "streamLabel": description.get("LatestStreamLabel", ""),
        },
    )


@makes("aws:dynamodb/tableItem:TableItem", "tableName hashKey rangeKey item")
def table_item(order: Order) -> Made:
    """Put an item, which must not be there: the provider does not take over what it finds."""
    inputs = order.inputs
    order.client("dynamodb").put_item(
        TableName=inputs["tableName"],
        Item=_item(inputs),
        ConditionExpression="attribute_not_exists(#hk)",
        ExpressionAttributeNames={"#hk": inputs["hashKey"]},
    )
    parts = [part for name, value in _key(inputs).items() for part in (name, *value.values())]
    return Made("|".join([inputs["tableName"], *parts]))


@changes("aws:dynamodb/tableItem:TableItem")
def changed_table_item(order: Order, there: Resource) -> Made:
    """Put an item in the place of what it was."""
    order.client("dynamodb").put_item(TableName=order.inputs["tableName"], Item=_item(order.inputs))
    return Made(there.id)


@removes("aws:dynamodb/tableItem:TableItem")
def removed_table_item(order: Order, _there: Resource) -> None:
    """Delete an item."""
    order.client("dynamodb").delete_item(
        TableName=order.inputs["tableName"], Key=_key(order.inputs)
    )


def _item(inputs: Inputs) -> dict[str, dict[str, str]]:
    item: dict[str, dict[str, str]] = json.loads(inputs["item"])
    return item


def _key(inputs: Inputs) -> dict[str, dict[str, str]]:
    item = _item(inputs)
    names = [inputs["hashKey"], *([inputs["rangeKey"]] if inputs.get("rangeKey") else [])]
    return {name: item[name] for name in names}
