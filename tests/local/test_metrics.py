"""What the emulator puts into CloudWatch, and what its alarms make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localaws.alarm_states import Rule, Value
from localaws.clock import MovedClock
from localaws.emulator import Emulator
from tests.local.ecs import wait_for
from tests.roles import open_policy, open_role

ACCOUNT, REGION = "123456789012", "eu-west-1"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
LATE = PASS | {"TimeoutSeconds": 1, "StartAt": "W", "States": WAIT["States"]}


class Cloud:
    """An emulator whose clock jumps to whatever is waited for, and an alarm that tells a queue."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.states = emulator.client("stepfunctions")
        self.watch = emulator.client("cloudwatch")
        self.role = open_role(emulator.client("iam"))
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
        emulator.client("sns").create_topic(
            Name="t", Attributes={"Policy": open_policy(topic, "sns:Publish")}
        )
        self.topic = topic
        self.told_url, arn = self.queue("told")
        emulator.client("sns").subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )

    def queue(self, name: str, *, policy: bool = True) -> tuple[str, str]:
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        attributes = {"Policy": open_policy(arn, "sqs:SendMessage")} if policy else {}
        sqs = self.emulator.client("sqs")
        return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], arn

    def alarm(self, namespace: str, metric: str, dimensions: dict[str, str], **more: Any) -> None:
        self.watch.put_metric_alarm(
            **{
                "AlarmName": "a",
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [self.topic],
                "OKActions": [self.topic],
            }
            | more
        )

    def machine(self, definition: Any = PASS, name: str = "m") -> str:
        made = self.states.create_state_machine(
            name=name, roleArn=self.role, definition=json.dumps(definition)
        )
        return made["stateMachineArn"]

    def run(self, machine: str) -> None:
        run = self.states.start_execution(stateMachineArn=machine)["executionArn"]

        def ended() -> bool:
            return self.states.describe_execution(executionArn=run)["status"] != "RUNNING"

        wait_for(ended, "its end")

    def sums(self, namespace: str) -> dict[str, float]:
        """Return the sum of each metric of a namespace, over all its dimensions."""
        assert self.emulator.drain()
        found: dict[str, float] = {}
        for metric in self.watch.list_metrics(Namespace=namespace)["Metrics"]:
            answer = self.watch.get_metric_statistics(
                **metric,
                StartTime=NOON - timedelta(days=1),
                EndTime=NOON + timedelta(days=1),
                Period=60 * 60 * 24 * 2,
                Statistics=["Sum"],
            )
            total = sum(point["Sum"] for point in answer["Datapoints"])
            found[metric["MetricName"]] = found.get(metric["MetricName"], 0) + total
        return found

    def told(self, count: int) -> list[str]:
        """Return the states that the topic told of, once there are so many."""
        states: list[str] = []

        def enough() -> bool:
            sqs = self.emulator.client("sqs")
            for message in sqs.receive_message(QueueUrl=self.told_url).get("Messages", []):
                states.append(json.loads(message["Body"])["NewStateValue"])
                sqs.delete_message(QueueUrl=self.told_url, ReceiptHandle=message["ReceiptHandle"])
            return len(states) >= count

        wait_for(enough, f"{count} messages")
        return states


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    clock = MovedClock(NOON, None, quiet=0)
    with Emulator(executor="process", region=REGION, clock=clock) as emulator:
        yield Cloud(emulator)


# What is put


def test_runs_are_counted_by_how_they_end(cloud):
    for name, definition in {"good": PASS, "bad": FAIL, "slow": LATE}.items():
        cloud.run(cloud.machine(definition, name))
    stopped = cloud.states.start_execution(stateMachineArn=cloud.machine(WAIT, "stopped"))
    cloud.states.stop_execution(executionArn=stopped["executionArn"])

    sums = cloud.sums("AWS/States")

    assert sums.pop("ExecutionTime") >= 1000
    assert sums == {
        "ExecutionsStarted": 4,
        "ExecutionsSucceeded": 1,
        "ExecutionsFailed": 1,
        "ExecutionsTimedOut": 1,
        "ExecutionsAborted": 1,
    }
    dimensions = cloud.watch.list_metrics(Namespace="AWS/States", MetricName="ExecutionsFailed")
    assert dimensions["Metrics"][0]["Dimensions"] == [
        {"Name": "StateMachineArn", "Value": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:bad"}
    ]


def test_a_schedule_that_starts_nothing_is_counted_by_its_group(cloud):
    _, dead = cloud.queue("dead")
    scheduler = cloud.emulator.client("scheduler")
    scheduler.create_schedule_group(Name="g")
    scheduler.create_schedule(
        Name="s",
        GroupName="g",
        ScheduleExpression="rate(1 hour)",
        StartDate=NOON + MINUTE,
        EndDate=NOON + 30 * MINUTE,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none",
            "RoleArn": cloud.role,
            "RetryPolicy": {"MaximumRetryAttempts": 1},
            "DeadLetterConfig": {"Arn": dead},
        },
    )

    def dropped() -> Any:
        return cloud.sums("AWS/Scheduler").get("InvocationDroppedCount")

    wait_for(dropped, "the end of the retries")

    assert cloud.sums("AWS/Scheduler") == {
        "InvocationAttemptCount": 2,
        "TargetErrorCount": 2,
        "InvocationDroppedCount": 1,
        "InvocationsSentToDeadLetterCount": 1,
    }


@pytest.mark.parametrize(
    ("policy", "metric"),
    [(True, "InvocationsSentToDlq"), (False, "InvocationsFailedToBeSentToDlq")],
)
def test_a_rule_that_cannot_deliver_is_counted(cloud, policy, metric):
    _, dead = cloud.queue("dead", policy=policy)
    events = cloud.emulator.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["mine"]}))
    target = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none"
    events.put_targets(
        Rule="r",
        Targets=[
            {"Id": "1", "Arn": target, "RoleArn": cloud.role, "DeadLetterConfig": {"Arn": dead}}
        ],
    )

    events.put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])

    assert cloud.sums("AWS/Events") == {"InvocationAttempts": 1, "FailedInvocations": 1, metric: 1}


def test_a_clients_metric_has_the_time_of_the_emulator(cloud):
    cloud.watch.put_metric_data(
        Namespace="Batch", MetricData=[{"MetricName": "RunsOverLimit", "Value": 2}]
    )

    assert cloud.sums("Batch") == {"RunsOverLimit": 2}


# What alarms make of it


def test_an_alarm_fires_and_clears(cloud):
    machine = cloud.machine(FAIL)
    cloud.alarm("AWS/States", "ExecutionsFailed", {"StateMachineArn": machine})

    cloud.run(machine)

    assert cloud.told(2) == ["ALARM", "OK"]
    assert cloud.watch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "OK"
    assert cloud.emulator.clock.now() >= NOON + 5 * MINUTE


def test_another_machine_is_no_reason(cloud):
    cloud.alarm("AWS/States", "ExecutionsFailed", {"StateMachineArn": cloud.machine(FAIL)})

    cloud.run(cloud.machine(FAIL, "other"))

    assert cloud.emulator.drain()
    assert cloud.watch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "OK"


def test_an_alarm_on_a_queue_lasts_as_long_as_its_messages(cloud):
    url, _ = cloud.queue("dead")
    sqs = cloud.emulator.client("sqs")
    metric = "ApproximateNumberOfMessagesVisible"
    cloud.alarm("AWS/SQS", metric, {"QueueName": "dead"}, Statistic="Maximum", Period=60)

    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert cloud.told(1) == ["ALARM"]
    before = cloud.emulator.clock.now()
    wait_for(lambda: cloud.emulator.clock.now() > before + 5 * MINUTE, "some minutes")
    assert cloud.watch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    sqs.purge_queue(QueueUrl=url)

    assert cloud.told(1) == ["OK"]


def test_an_alarm_on_silence_fires_when_nothing_comes(cloud):
    machine = cloud.machine(PASS)
    cloud.alarm(
        "AWS/States",
        "ExecutionsSucceeded",
        {"StateMachineArn": machine},
        Period=3600,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )

    assert cloud.told(1) == ["ALARM"]
    assert cloud.emulator.clock.now() >= NOON + 60 * MINUTE
    cloud.run(machine)

    assert cloud.told(1) == ["OK"]


def test_an_alarm_on_a_clients_metric_is_cleared_by_its_next_value(cloud):
    cloud.alarm("Batch", "RunsOverLimit", {}, Statistic="Maximum", TreatMissingData="ignore")

    cloud.watch.put_metric_data(
        Namespace="Batch", MetricData=[{"MetricName": "RunsOverLimit", "Value": 1}]
    )
    assert cloud.told(1) == ["ALARM"]
    before = cloud.emulator.clock.now()
    wait_for(lambda: cloud.emulator.clock.now() >= before + 5 * MINUTE, "some minutes")
    assert cloud.watch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    cloud.watch.put_metric_data(
        Namespace="Batch", MetricData=[{"MetricName": "RunsOverLimit", "Value": 0}]
    )

    assert cloud.told(1) == ["OK"]


# How a state is decided


def rule(**changed: Any) -> Rule:
    return Rule(
        **{
            "statistic": "Sum",
            "period": MINUTE,
            "evaluation_periods": 3,
            "datapoints_to_alarm": 3,
            "comparison": "GreaterThanThreshold",
            "threshold": 0,
            "missing": "missing",
            "since": NOON - timedelta(days=1),
        }
        | changed
    )


def values(text: str) -> list[Value]:
    """Return a value a minute up to noon: ``X`` is breaching, ``0`` is not, ``-`` is none."""
    return [
        Value(NOON - MINUTE * back, 1 if character == "X" else 0)
        for back, character in enumerate(reversed(text))
        if character != "-"
    ]


@pytest.mark.parametrize(
    ("data", "missing", "ignore", "breaching", "not_breaching"),
    [
        # CloudWatch's own table, for three of three.
        ("0XX", "OK", "OK", "OK", "OK"),
        ("XXX", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("0--", "OK", "OK", "OK", "OK"),
        ("---", "INSUFFICIENT_DATA", "before", "ALARM", "OK"),
        ("--X", "ALARM", "before", "ALARM", "OK"),
    ],
)
def test_missing_values_are_treated_as_the_alarm_says(
    data, missing, ignore, breaching, not_breaching
):
    expected = {
        "missing": missing,
        "ignore": ignore,
        "breaching": breaching,
        "notBreaching": not_breaching,
    }

    got = {each: rule(missing=each).state(values(data), NOON, "before") for each in expected}

    assert got == expected


@pytest.mark.parametrize(
    ("data", "state"), [("X0X", "ALARM"), ("00X", "OK"), ("X-X", "ALARM"), ("-0X", "OK")]
)
def test_some_of_the_periods_are_enough(data, state):
    few = rule(datapoints_to_alarm=2, missing="notBreaching")

    assert few.state(values(data), NOON, "OK") == state


@pytest.mark.parametrize(
    ("statistic", "threshold", "state"),
    [
        ("Sum", 5, "ALARM"),
        ("Sum", 6, "OK"),
        ("Maximum", 3, "ALARM"),
        ("Maximum", 4, "OK"),
        ("Minimum", 1, "ALARM"),
        ("Average", 2, "ALARM"),
        ("Average", 3, "OK"),
        ("SampleCount", 1, "ALARM"),
        ("SampleCount", 2, "OK"),
    ],
)
def test_a_statistic_is_of_one_period(statistic, threshold, state):
    one = rule(
        statistic=statistic, threshold=threshold, evaluation_periods=1, datapoints_to_alarm=1
    )
    data = [Value(NOON, 2), Value(NOON, 4), Value(NOON - MINUTE, 99)]

    assert one.state(data, NOON, "OK") == state


def test_a_new_alarm_waits_for_its_first_period():
    silent = rule(
        comparison="LessThanThreshold",
        threshold=1,
        missing="breaching",
        evaluation_periods=1,
        datapoints_to_alarm=1,
        since=NOON,
    )

    assert silent.state([], NOON + MINUTE / 2, "OK") == "OK"
    assert silent.next_look([], NOON, "OK") == NOON + MINUTE
    assert silent.state([], NOON + MINUTE, "OK") == "ALARM"
