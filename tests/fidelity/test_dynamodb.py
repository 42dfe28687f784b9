"""DynamoDB as state machines use it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.fidelity import transactions
from localaws.fidelity.sdk_names import service_name
from tests.fidelity.playing import Aws, one_state

KEY = {"pk": {"S": "slots"}, "sk": {"S": "job#j"}}
OTHER = {"pk": {"S": "pauses"}, "sk": {"S": "j"}}


@pytest.fixture
def table(aws: Aws) -> Any:
    """A client of DynamoDB, which has a table."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName="t",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "open")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open",
                "KeySchema": [{"AttributeName": "open", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


def call(aws: Aws, action: str, **arguments: Any) -> dict[str, Any]:
    state = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": arguments,
    }
    run = aws.run(one_state(state))
    return run | {"result": json.loads(run.get("output", "null"))}


def put(number: int = 1, **item: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "t", "Item": KEY | {"n": {"N": str(number)}} | item}}


def take(number: int, holder: str) -> dict[str, Any]:
    """Take one of ``number`` places."""
    return {
        "Update": {
            "TableName": "t",
            "Key": KEY,
            "UpdateExpression": "ADD holders :holder",
            "ConditionExpression": "attribute_not_exists(holders) OR size(holders) < :limit",
            "ExpressionAttributeValues": {
                ":holder": {"SS": [holder]},
                ":limit": {"N": str(number)},
            },
        }
    }


def absent(key: dict[str, Any]) -> dict[str, Any]:
    condition = "attribute_not_exists(pk)"
    return {"ConditionCheck": {"TableName": "t", "Key": key, "ConditionExpression": condition}}


def item(table: Any, key: dict[str, Any] = KEY) -> dict[str, Any] | None:
    return table.get_item(TableName="t", Key=key).get("Item")


# What a state gets


def test_a_cancelled_transaction_says_which_condition_failed(aws, table):
    table.transact_write_items(TransactItems=[put()])

    run = call(aws, "dynamodb:transactWriteItems", TransactItems=[absent(OTHER), absent(KEY)])

    text, _, request = run["cause"].partition(" (Service: DynamoDb, Status Code: 400, Request ID: ")
    assert run["error"] == "DynamoDb.TransactionCanceledException"
    assert text == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed]"
    )
    assert request.removesuffix(")").isalnum()


def test_errors_have_the_names_of_the_sdk_for_java(aws, table, without):
    missing = {"LogGroupName": "g", "LogStreamName": "s"}
    condition = {"ConditionExpression": "attribute_exists(pk)"}

    assert call(aws, "dynamodb:putItem", TableName="t", Item=KEY, **condition)["error"] == (
        "DynamoDb.ConditionalCheckFailedException"
    )
    assert call(aws, "dynamodb:getItem", TableName="other", Key=KEY)["error"] == (
        "DynamoDb.ResourceNotFoundException"
    )
    assert call(aws, "cloudwatchlogs:getLogEvents", **missing)["error"] == (
        "CloudWatchLogs.ResourceNotFoundException"
    )
    assert call(aws, "ecs:listTasks", Cluster="c")["error"] == "Ecs.ClusterNotFoundException"
    assert call(aws, "dynamodb:getItem", TableName="t", Key={"pk": {"S": "a"}})["error"] == (
        "DynamoDb.DynamoDbException"
    )
    with without("sdk_names"):
        assert call(aws, "cloudwatchlogs:getLogEvents", **missing)["error"] == "States.Runtime"
        assert call(aws, "ecs:listTasks", Cluster="c")["error"] == "ecs.ClusterNotFoundException"


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("dynamodb", "DynamoDb"),
        ("logs", "CloudWatchLogs"),
        ("cloudwatch", "CloudWatch"),
        ("ecs", "Ecs"),
        ("stepfunctions", "Sfn"),
        ("sns", "Sns"),
        ("events", "EventBridge"),
        ("secretsmanager", "SecretsManager"),
        ("apigateway", "ApiGateway"),
        ("ec2", "Ec2"),
    ],
)
def test_a_service_has_the_name_of_the_sdk_for_java(service, name):
    assert service_name(service) == name


def test_types_of_values_are_written_as_the_sdk_for_java_writes_them(aws, table):
    table.put_item(
        TableName="t",
        Item=KEY | {"who": {"SS": ["a"]}, "on": {"BOOL": True}, "in": {"M": {"x": {"NULL": True}}}},
    )

    got = call(aws, "dynamodb:getItem", TableName="t", Key=KEY)["result"]["Item"]

    assert got == KEY | {
        "who": {"Ss": ["a"]},
        "on": {"Bool": True},
        "in": {"M": {"x": {"Nul": True}}},
    }


def test_an_index_is_queried_page_by_page(aws, table):
    for number in range(3):
        table.put_item(
            TableName="t",
            Item={"pk": {"S": "run#j"}, "sk": {"S": str(number)}, "open": {"S": "running"}},
        )
    question = {
        "TableName": "t",
        "IndexName": "open",
        "KeyConditionExpression": "#open = :open",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": {":open": {"S": "running"}},
        "Limit": 2,
    }

    first = call(aws, "dynamodb:query", **question)["result"]
    start = first["LastEvaluatedKey"]
    second = call(aws, "dynamodb:query", ExclusiveStartKey=start, **question)["result"]

    assert [each["sk"]["S"] for each in first["Items"]] == ["0", "1"]
    assert [each["sk"]["S"] for each in second["Items"]] == ["2"]
    assert "LastEvaluatedKey" not in second


# Transactions


def test_a_cancelled_transaction_writes_nothing(table):
    there = {"ConditionExpression": "attribute_exists(pk)"}

    with pytest.raises(ClientError, match=r"\[None, ConditionalCheckFailed\]"):
        table.transact_write_items(
            TransactItems=[put(), {"Delete": {"TableName": "t", "Key": OTHER} | there}]
        )

    assert item(table) is None


def test_an_update_that_cannot_be_made_cancels_what_was_written_before_it(table):
    table.transact_write_items(TransactItems=[take(1, "a")])
    before = item(table)
    wrong = {
        "TableName": "t",
        "Key": OTHER,
        "UpdateExpression": "SET n = missing + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }

    new = KEY | {"sk": {"S": "new"}}
    put_new = {"Put": {"TableName": "t", "Item": new}}

    with pytest.raises(ClientError, match=r"\[None, None, ValidationError\]"):
        table.transact_write_items(TransactItems=[take(2, "b"), put_new, {"Update": wrong}])

    assert item(table) == before
    assert item(table, new) is None
    assert item(table, OTHER) is None


def test_of_fifty_transactions_at_the_same_instant_one_wins(table):
    won: list[str] = []
    ready = threading.Barrier(50)

    def compete(holder: str) -> None:
        ready.wait()
        try:
            table.transact_write_items(TransactItems=[take(1, holder)])
        except ClientError:
            return
        won.append(holder)

    threads = [threading.Thread(target=compete, args=(f"h{number}",)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert item(table) == KEY | {"holders": {"SS": won}}


def test_a_token_writes_once(table, without):
    request = {"TransactItems": [take(5, "a")], "ClientRequestToken": "token"}
    table.transact_write_items(**request)
    table.delete_item(TableName="t", Key=KEY)

    table.transact_write_items(**request)

    assert item(table) is None
    with without("transactions"):
        table.transact_write_items(**request)
        assert item(table) is not None


def test_a_token_is_for_one_request(table):
    table.transact_write_items(TransactItems=[take(5, "a")], ClientRequestToken="token")

    with pytest.raises(ClientError) as caught:
        table.transact_write_items(TransactItems=[take(5, "b")], ClientRequestToken="token")

    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_a_token_of_a_cancelled_transaction_may_come_again(table):
    table.transact_write_items(TransactItems=[put()])
    request = {"TransactItems": [absent(KEY)], "ClientRequestToken": "token"}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        table.transact_write_items(**request)
    table.delete_item(TableName="t", Key=KEY)

    assert table.transact_write_items(**request)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_token_is_forgotten_after_ten_minutes(table, monkeypatch):
    request = {"TransactItems": [take(5, "a")], "ClientRequestToken": "token"}
    table.transact_write_items(**request)
    table.delete_item(TableName="t", Key=KEY)
    assert transactions.TOKEN_SECONDS == 600

    monkeypatch.setattr(transactions, "TOKEN_SECONDS", 0.0)
    table.transact_write_items(**request)

    assert item(table) is not None


@pytest.mark.parametrize("kind", ["ConditionCheck", "Delete"])
def test_a_transaction_needs_its_table(table, kind):
    operation = absent(KEY)["ConditionCheck"] | {"TableName": "other"}

    with pytest.raises(ClientError) as caught:
        table.transact_write_items(TransactItems=[put(), {kind: operation}])

    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert item(table) is None


def test_a_transaction_has_one_operation_an_item(table):
    with pytest.raises(ClientError, match="multiple operations on one item"):
        table.transact_write_items(TransactItems=[put(), take(1, "a")])


# Values


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({":unused": {"S": "x"}}, "unused in expressions: keys: {:unused}"),
        ({":holder": {"SS": []}}, "An string set  may not be empty"),
        ({":holder": {"SS": ["a", "a"]}}, r"Input collection \[a, a\] contains duplicates"),
        ({":holder": {}}, "Supplied AttributeValue is empty"),
    ],
)
def test_values_that_do_not_fit_are_refused(table, change, text):
    update = take(1, "a")["Update"]
    update["ExpressionAttributeValues"] |= change

    with pytest.raises(ClientError, match=text):
        table.transact_write_items(TransactItems=[{"Update": update}])


def test_a_value_that_is_missing_is_refused(table, without):
    update = take(1, "a")["Update"]
    del update["ExpressionAttributeValues"][":limit"]

    with pytest.raises(ClientError, match="attribute value: :limit"):
        table.update_item(**update)
    with without("dynamodb_values"), pytest.raises(ClientError) as caught:
        table.update_item(**update)
    assert caught.value.response["Error"]["Code"] != "ValidationException"


def test_the_size_of_what_is_not_there_is_no_size(table):
    update = take(1, "a")["Update"] | {"ConditionExpression": "size(holders) < :limit"}

    with pytest.raises(ClientError) as caught:
        table.update_item(**update)

    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"


def test_a_set_without_members_is_gone(table):
    table.update_item(**take(1, "a")["Update"])

    table.update_item(
        TableName="t",
        Key=KEY,
        UpdateExpression="DELETE holders :holder",
        ExpressionAttributeValues={":holder": {"SS": ["a"]}},
    )

    assert item(table) == KEY
