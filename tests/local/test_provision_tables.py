"""Tables and their items, as the program orders them and as DynamoDB then has them."""

import json

import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"


def make_table(bench, **more):
    inputs = {
        "name": "t",
        "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "job", "started")],
        "hashKey": "pk",
        "rangeKey": "sk",
        "billingMode": "PAY_PER_REQUEST",
        "globalSecondaryIndexes": [
            {"name": "by-job", "hashKey": "job", "rangeKey": "started", "projectionType": "ALL"}
        ],
    }
    return bench.make(aws.dynamodb.Table, **{**inputs, **more})


def test_a_table_has_its_keys_indexes_and_protections(bench):
    made = make_table(
        bench,
        ttl={"attributeName": "expires", "enabled": True},
        pointInTimeRecovery={"enabled": True},
        serverSideEncryption={"enabled": True, "kmsKeyArn": KEY},
        deletionProtectionEnabled=True,
        tags={"a": "b"},
    )

    client = bench.client("dynamodb")
    found = client.describe_table(TableName="t")["Table"]
    index = found["GlobalSecondaryIndexes"][0]
    backups = client.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]

    assert made.id == "t"
    assert made.outputs["arn"] == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
    assert found["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert (index["IndexName"], index["Projection"]) == ("by-job", {"ProjectionType": "ALL"})
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["job", "started"]
    assert (found["SSEDescription"]["Status"], found["SSEDescription"]["KMSMasterKeyArn"]) == (
        "ENABLED",
        KEY,
    )
    assert found["DeletionProtectionEnabled"] is True
    assert client.describe_time_to_live(TableName="t")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert client.list_tags_of_resource(ResourceArn=made.outputs["arn"])["Tags"] == [
        {"Key": "env", "Value": "dev"},
        {"Key": "a", "Value": "b"},
    ]


def test_a_plain_table_is_without_them(bench):
    make_table(bench)

    client = bench.client("dynamodb")
    found = client.describe_table(TableName="t")["Table"]

    assert found["DeletionProtectionEnabled"] is False
    assert "SSEDescription" not in found
    described = client.describe_time_to_live(TableName="t")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}


def test_an_item_is_put_and_never_over_another(bench):
    make_table(bench)
    item = {"pk": {"S": "expectations"}, "sk": {"S": "j"}, "within": {"N": "60"}}

    def put():
        return bench.make(
            aws.dynamodb.TableItem,
            tableName="t",
            hashKey="pk",
            rangeKey="sk",
            item=json.dumps(item),
        )

    made = put()

    key = {"pk": item["pk"], "sk": item["sk"]}
    assert made.id == "t|pk|expectations|sk|j"
    assert bench.client("dynamodb").get_item(TableName="t", Key=key)["Item"] == item
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        put()
