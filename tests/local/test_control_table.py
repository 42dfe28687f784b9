"""The control table in the emulator, written by machines as the platform's machines do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batch import control
from batch.contract import Platform
from tests.local.control import ControlTable
from tests.local.ecs import wait_for
from tests.local.executions import end_of
from tests.local.faults import Faults
from tests.roles import open_policy, open_role

PLATFORM = Platform("batch", "stg", "123456789012", "eu-west-1")
TABLE = PLATFORM.control_table
SLOTS = {name: {"S": value} for name, value in control.job_slots_key("report").items()}
RUN = {
    "pk": {"S": "run#report"},
    "sk": {"S": "{% $states.context.Execution.Name %}"},
}
OWN = "{% $states.context.Execution.Id %}"


def machine(*, token: bool = False) -> dict[str, Any]:
    """Return a machine that takes the only place of a job, or ends with what it was told."""
    take = {
        "TableName": TABLE,
        "Key": SLOTS,
        "UpdateExpression": "ADD holders :own",
        # Its own write, whose answer was lost, is no reason to refuse it.
        "ConditionExpression": (
            "attribute_not_exists(holders) OR size(holders) < :limit OR contains(holders, :one)"
        ),
        "ExpressionAttributeValues": {
            ":own": {"SS": [OWN]},
            ":one": {"S": OWN},
            ":limit": {"N": "1"},
        },
    }
    record = {
        "TableName": TABLE,
        "Item": RUN
        | {
            "open": {"S": control.RUNNING},
            "started": {"S": "{% $states.context.Execution.StartTime %}"},
        },
    }
    arguments: dict[str, Any] = {"TransactItems": [{"Update": take}, {"Put": record}]}
    if token:
        arguments["ClientRequestToken"] = (
            "{% $substring($hash($states.context.Execution.Id), 0, 36) %}"
        )
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Admit",
        "States": {
            "Admit": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems",
                "Arguments": arguments,
                "Retry": [
                    {
                        "ErrorEquals": ["DynamoDb.SdkClientException"],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 2,
                    }
                ],
                "Catch": [
                    {
                        "ErrorEquals": ["DynamoDb.TransactionCanceledException"],
                        "Output": "{% $match($states.errorOutput.Cause, /\\[(.*?)\\]/).groups[0] %}",
                        "Next": "Skip",
                    }
                ],
                "Output": "admitted",
                "End": True,
            },
            "Skip": {"Type": "Succeed"},
        },
    }


class Cloud:
    def __init__(self, emulator: Any) -> None:
        self.emulator = emulator
        self.states = emulator.client("stepfunctions")
        self.role = open_role(emulator.client("iam"))
        self.table = ControlTable(emulator.client("dynamodb"), PLATFORM).make()

    def make(self, name: str, definition: dict[str, Any]) -> str:
        made = self.states.create_state_machine(
            name=name, roleArn=self.role, definition=json.dumps(definition)
        )
        return made["stateMachineArn"]

    def start(self, machine_arn: str, name: str) -> str:
        answer = self.states.start_execution(stateMachineArn=machine_arn, name=name)
        return answer["executionArn"]

    def end(self, run: str) -> dict[str, Any]:
        return end_of(self.states, run)

    def outputs(self, *runs: str) -> list[Any]:
        return [json.loads(self.end(run)["output"]) for run in runs]

    def open_runs(self) -> list[str]:
        found = self.table.client.query(
            TableName=TABLE,
            IndexName=control.OPEN,
            KeyConditionExpression="#open = :running",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":running": {"S": control.RUNNING}},
        )
        return [item["sk"]["S"] for item in found["Items"]]


@pytest.fixture
def cloud(emulator):
    return Cloud(emulator)


def test_of_fifty_runs_at_the_same_instant_one_is_let_in(cloud):
    made = cloud.make(PLATFORM.state_machine("report"), machine())

    runs = [cloud.start(made, f"r{number}") for number in range(50)]
    outputs = cloud.outputs(*runs)

    (winner,) = [run for run, output in zip(runs, outputs, strict=True) if output == "admitted"]
    assert outputs.count("ConditionalCheckFailed, None") == 49
    assert cloud.table.get(control.job_slots_key("report")) == {"holders": {winner}}
    assert cloud.open_runs() == [winner.rpartition(":")[2]]


@pytest.mark.parametrize("token", [False, True])
def test_a_run_whose_answer_was_lost_finds_itself_let_in(cloud, token):
    made = cloud.make(PLATFORM.state_machine("report"), machine(token=token))

    with Faults() as faults:
        faults.lose_answer("dynamodb.TransactWriteItems", by=PLATFORM.state_machine("report"))
        (output,) = cloud.outputs(cloud.start(made, "r"))

    assert output == "admitted"
    assert cloud.open_runs() == ["r"]


def test_without_its_table_a_run_fails_with_the_reason(cloud):
    cloud.table.client.delete_table(TableName=TABLE)
    made = cloud.make(PLATFORM.state_machine("report"), machine())

    ended = cloud.end(cloud.start(made, "r"))

    assert (ended["status"], ended["error"]) == ("FAILED", "DynamoDb.ResourceNotFoundException")
    assert ended["cause"].startswith("Requested resource not found (Service: DynamoDb, ")


# The recorder's way to a run that ended


def recording(cloud: Cloud, *, dead_letters: str, role: str) -> str:
    """Have two rules start the recorder; return its ARN."""
    recorder = cloud.make(
        PLATFORM.recorder,
        {
            "QueryLanguage": "JSONata",
            "StartAt": "Note",
            "States": {
                "Note": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
                    "Arguments": {
                        "TableName": TABLE,
                        "Item": {
                            "pk": {"S": "noted"},
                            "sk": {"S": "{% $states.input.detail.name %}"},
                            "status": {"S": "{% $states.input.detail.status %}"},
                        },
                    },
                    "End": True,
                }
            },
        },
    )
    events = cloud.emulator.client("events")
    for name, statuses in {"success": ["SUCCEEDED"], "failure": ["FAILED", "ABORTED"]}.items():
        pattern = {
            "source": ["aws.states"],
            "detail": {
                "status": statuses,
                "stateMachineArn": [{"prefix": PLATFORM.state_machine_arn("")}],
            },
        }
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        target = {"Arn": recorder, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters}}
        events.put_targets(Rule=name, Targets=[{"Id": "recorder"} | target])
    return recorder


def queue(cloud: Cloud) -> tuple[str, str]:
    arn = PLATFORM.arn("sqs", "dead")
    url = cloud.emulator.client("sqs").create_queue(
        QueueName="dead", Attributes={"Policy": open_policy(arn, "sqs:SendMessage")}
    )["QueueUrl"]
    return url, arn


def test_two_rules_start_the_recorder_and_its_own_end_starts_nothing(cloud):
    _, dead = queue(cloud)
    recorder = recording(cloud, dead_letters=dead, role=cloud.role)
    good = cloud.make(
        PLATFORM.state_machine("good"), {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    )
    bad = cloud.make(
        PLATFORM.state_machine("bad"), {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
    )

    cloud.end(cloud.start(good, "g"))
    cloud.end(cloud.start(bad, "b"))

    def noted(name: str) -> Any:
        return cloud.table.get({"pk": "noted", "sk": name})

    wait_for(lambda: noted("g") and noted("b"), "both records")
    assert (noted("g"), noted("b")) == ({"status": "SUCCEEDED"}, {"status": "FAILED"})
    started = cloud.states.list_executions(stateMachineArn=recorder)["executions"]
    for each in started:
        cloud.end(each["executionArn"])
    assert cloud.emulator.drain()
    assert len(cloud.states.list_executions(stateMachineArn=recorder)["executions"]) == 2


def test_an_end_that_cannot_start_the_recorder_is_a_dead_letter(cloud):
    url, dead = queue(cloud)
    closed = cloud.emulator.client("iam").create_role(
        RoleName="closed",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ]
            }
        ),
    )["Role"]["Arn"]
    recorder = recording(cloud, dead_letters=dead, role=closed)
    bad = cloud.make(
        PLATFORM.state_machine("bad"), {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
    )

    cloud.end(cloud.start(bad, "b"))

    assert cloud.emulator.drain()
    answer = cloud.emulator.client("sqs").receive_message(
        QueueUrl=url, MessageAttributeNames=["All"]
    )
    (letter,) = answer["Messages"]
    assert json.loads(letter["Body"])["detail"]["name"] == "b"
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AccessDeniedException"
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == recorder
