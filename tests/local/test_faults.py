"""What the tests of the platform break on purpose breaks as AWS does."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.local.ecs import wait_for
from tests.local.executions import end_of
from tests.local.faults import Faults
from tests.roles import open_policy, open_role

KEY = {"pk": {"S": "a"}}
PUT = {
    "StartAt": "Put",
    "QueryLanguage": "JSONata",
    "States": {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
            "Arguments": {"TableName": "t", "Item": KEY},
            "End": True,
        }
    },
}


class Cloud:
    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        self.states = emulator.client("stepfunctions")
        self.table = emulator.client("dynamodb")
        self._role = open_role(emulator.client("iam"))
        self.table.create_table(
            TableName="t",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def machine(self, definition: Any = PUT, name: str = "m") -> str:
        made = self.states.create_state_machine(
            name=name, roleArn=self._role, definition=json.dumps(definition)
        )
        return made["stateMachineArn"]

    def start(self, machine: str, name: str = "r") -> str:
        return self.states.start_execution(stateMachineArn=machine, name=name)["executionArn"]

    def run(self, machine: str, name: str = "r") -> dict[str, Any]:
        return self.end(self.start(machine, name))

    def end(self, run: str) -> dict[str, Any]:
        return end_of(self.states, run)

    def items(self) -> int:
        return self.table.scan(TableName="t")["Count"]

    def queue(self) -> str:
        arn = "arn:aws:sqs:eu-west-1:123456789012:q"
        url = self.emulator.client("sqs").create_queue(
            QueueName="q", Attributes={"Policy": open_policy(arn, "sqs:SendMessage")}
        )["QueueUrl"]
        events = self.emulator.client("events")
        events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.states"]}))
        events.put_targets(
            Rule="r", Targets=[{"Id": "q", "Arn": arn, "InputPath": "$.detail.status"}]
        )
        return url

    def told(self, url: str) -> list[str]:
        assert self.emulator.drain()
        answer = self.emulator.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def cloud(emulator):
    return Cloud(emulator)


@pytest.fixture
def faults(emulator):
    with Faults() as faults:
        yield faults


# Calls


def test_a_refused_call_does_nothing_as_often_as_it_is_refused(cloud, faults):
    faults.refuse("dynamodb.PutItem", "ThrottlingException", times=2)

    codes = []
    for _ in range(3):
        try:
            cloud.table.put_item(TableName="t", Item=KEY)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
            assert cloud.items() == 0

    assert codes == ["ThrottlingException"] * 2
    assert cloud.items() == 1


@pytest.mark.parametrize(
    ("call", "code", "error"),
    [
        ("dynamodb.PutItem", "ThrottlingException", "DynamoDb.ThrottlingException"),
        ("dynamodb.PutItem", "InternalServerError", "DynamoDb.InternalServerErrorException"),
        ("dynamodb.PutItem", "ServiceUnavailable", "DynamoDb.DynamoDbException"),
    ],
)
def test_a_state_fails_with_the_errors_name(cloud, faults, call, code, error):
    faults.refuse(call, code)

    assert cloud.run(cloud.machine())["error"] == error


def test_a_cancelled_transaction_has_the_reasons(cloud, faults):
    faults.cancel("None", "TransactionConflict")

    with pytest.raises(ClientError, match=r"\[None, TransactionConflict\]"):
        cloud.table.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": KEY}}])

    assert cloud.items() == 0


def test_a_lost_answer_is_an_effect_without_an_answer(cloud, faults):
    faults.lose_answer("dynamodb.PutItem", times=2)

    with pytest.raises(ConnectionClosedError):
        cloud.table.put_item(TableName="t", Item={"pk": {"S": "b"}})
    run = cloud.run(cloud.machine())

    assert run["error"] == "DynamoDb.SdkClientException"
    assert cloud.items() == 2


def test_a_client_that_connects_hears_nothing_either(cloud, faults):
    faults.lose_answer("dynamodb.PutItem")
    connecting = boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=cloud.emulator.endpoint,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )

    with closing(connecting), pytest.raises(ConnectionClosedError):
        connecting.put_item(TableName="t", Item=KEY)

    assert cloud.items() == 1


def test_a_failure_may_come_after_the_effect(cloud, faults):
    faults.fail_after("dynamodb.PutItem", "InternalServerError")

    with pytest.raises(ClientError, match="InternalServerError"):
        cloud.table.put_item(TableName="t", Item=KEY)

    assert cloud.items() == 1


def test_only_the_calls_that_are_meant_go_wrong(cloud, faults):
    faults.refuse("dynamodb.PutItem", "ThrottlingException", by="other", times=9)
    faults.refuse("dynamodb.PutItem", "InternalServerError", by="m", after=1)
    faults.refuse(
        "dynamodb.PutItem", "RequestLimitExceeded", where=lambda given: given["Item"] != KEY
    )
    machine = cloud.machine()

    assert cloud.run(machine, "first")["status"] == "SUCCEEDED"
    cloud.table.put_item(TableName="t", Item=KEY)
    assert cloud.run(machine, "second")["error"] == "DynamoDb.InternalServerErrorException"
    assert cloud.run(machine, "third")["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        cloud.table.put_item(TableName="t", Item={"pk": {"S": "b"}})


def test_a_held_call_waits_and_keeps_nobody_else(cloud, faults):
    hold = faults.hold("dynamodb.PutItem", by="m")
    run = cloud.start(cloud.machine())

    hold.wait()
    assert cloud.items() == 0
    assert cloud.states.describe_execution(executionArn=run)["status"] == "RUNNING"
    hold.release()

    assert cloud.end(run)["status"] == "SUCCEEDED"
    assert cloud.items() == 1


def test_a_machine_can_be_stopped_while_its_call_is_held(cloud, faults):
    hold = faults.hold("dynamodb.PutItem", by="m")
    run = cloud.start(cloud.machine())
    hold.wait()

    cloud.states.stop_execution(executionArn=run)

    assert cloud.end(run)["status"] == "ABORTED"


def test_an_update_may_come_late(cloud, faults):
    machine = cloud.machine()
    update = faults.update_late()

    cloud.states.update_state_machine(
        stateMachineArn=machine,
        definition=json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail"}}}),
    )

    assert cloud.run(machine, "old")["status"] == "SUCCEEDED"
    update.take_effect()
    assert cloud.run(machine, "new")["status"] == "FAILED"


def test_a_description_may_be_late(cloud, faults):
    machine = cloud.machine()
    hold = faults.hold("dynamodb.PutItem")
    old = cloud.start(machine, "old")
    hold.wait()
    ended = threading.Event()

    def heard(happening: Any) -> None:
        detail = getattr(happening, "detail", {})
        if (detail.get("executionArn"), detail.get("status")) == (old, "SUCCEEDED"):
            ended.set()

    cloud.emulator.feed.subscribe(heard)
    lag = faults.describe_late()
    new = cloud.start(machine, "new")
    hold.release()
    wait_for(ended.is_set, "the end of the old run")

    assert cloud.states.describe_execution(executionArn=old)["status"] == "RUNNING"
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        cloud.states.describe_execution(executionArn=new)
    lag.catch_up()
    assert cloud.end(old)["status"] == "SUCCEEDED"
    assert cloud.end(new)["status"] == "SUCCEEDED"


def test_a_task_may_go_on_after_it_was_stopped(cloud, faults):
    ecs = cloud.emulator.client("ecs")
    subnets = cloud.emulator.client("ec2").describe_subnets()["Subnets"]
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="f",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "none", "command": ["sleep", "60"]}],
    )
    network = {"subnets": [subnets[0]["SubnetId"]], "securityGroups": []}
    answer = ecs.run_task(
        cluster="c",
        taskDefinition="f",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )
    task = answer["tasks"][0]["taskArn"]

    def status() -> str:
        return ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"]

    wait_for(lambda: status() == "RUNNING", "the task")
    stops = faults.ignore_stop_task()

    assert ecs.stop_task(cluster="c", task=task)["task"]["taskArn"] == task
    assert status() == "RUNNING"
    stops.take_effect()
    wait_for(lambda: status() == "STOPPED", "its end")


def test_an_index_may_be_late(cloud, faults):
    cloud.table.update_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "open", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "open",
                    "KeySchema": [{"AttributeName": "open", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )

    def write(name: str) -> None:
        cloud.table.put_item(TableName="t", Item={"pk": {"S": name}, "open": {"S": "running"}})

    def found() -> list[str]:
        answer = cloud.table.query(
            TableName="t",
            IndexName="open",
            KeyConditionExpression="#open = :running",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":running": {"S": "running"}},
        )
        return sorted(item["pk"]["S"] for item in answer["Items"])

    write("old")
    late = faults.index_late("t")
    write("new")

    assert found() == ["old"]
    assert cloud.items() == 2
    late.catch_up()
    assert found() == ["new", "old"]


def test_everything_is_right_again_afterwards(cloud):
    with Faults() as faults:
        faults.refuse("dynamodb.PutItem", "ThrottlingException", times=9)

    cloud.table.put_item(TableName="t", Item=KEY)

    assert cloud.items() == 1


# Events


def test_events_may_get_lost_or_come_twice(cloud, faults):
    url = cloud.queue()
    faults.events.never(status="RUNNING")
    faults.events.twice(status="SUCCEEDED", times=1)
    machine = cloud.machine()

    cloud.run(machine)

    assert cloud.told(url) == ["SUCCEEDED", "SUCCEEDED"]


def test_events_may_come_late_and_out_of_order(cloud, faults):
    url = cloud.queue()
    faults.events.late(name="r")
    machine = cloud.machine()

    cloud.run(machine)
    assert cloud.told(url) == []
    wait_for(lambda: len(faults.events.held) == 2, "both events")
    faults.events.release(backwards=True)

    assert cloud.told(url) == ["SUCCEEDED", "RUNNING"]
