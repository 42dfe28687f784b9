"""Every alarm of the deployed platform fires and clears, and tells the failure channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch import stackfile
from batch.contract import Platform
from localaws.clock import MovedClock
from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.feed import DeliveryStep, ExecutionStatusChange, Step
from tests.local.ecs import wait_for
from tests.roles import open_policy

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

ENDS = {
    "ExecutionsFailed": "FAILED",
    "ExecutionsTimedOut": "TIMED_OUT",
    "ExecutionsAborted": "ABORTED",
    "ExecutionsSucceeded": "SUCCEEDED",
}

STEPS = {
    "TargetErrorCount": Step.REFUSED,
    "InvocationDroppedCount": Step.GIVEN_UP,
    "InvocationsFailedToBeSentToDeadLetterCount": Step.LOST,
    "FailedInvocations": Step.GIVEN_UP,
    "InvocationsFailedToBeSentToDlq": Step.LOST,
}


class Deployed:
    """The platform as its program makes it, and what its failure channel is told."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.clock = emulator.clock
        self.heard: list[tuple[str, str]] = []
        self.watch = emulator.client("cloudwatch")
        region = stackfile.read("local", ROOT).region
        self.platform = Platform("batch", "local", emulator.account, region)
        deploy(emulator, "local", ROOT)
        arn = self.platform.arn("sqs", "ears")
        sqs = emulator.client("sqs")
        self.ears = sqs.create_queue(
            QueueName="ears", Attributes={"Policy": open_policy(arn, "sqs:SendMessage")}
        )["QueueUrl"]
        emulator.client("sns").subscribe(
            TopicArn=self.platform.topic_arn(self.platform.failure_topic),
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )

    def alarms(self) -> dict[str, dict[str, Any]]:
        pages = self.watch.get_paginator("describe_alarms").paginate()
        return {each["AlarmName"]: each for page in pages for each in page["MetricAlarms"]}

    def hears(self, name: str, state: str) -> None:
        """Wait until the channel is told of it. What an alarm *is* may be over too soon to see."""
        wait_for(lambda: (name, state) in self.listen(), f"{name}: {state}")

    def listen(self) -> list[tuple[str, str]]:
        """Return what the channel was told in all: alarm and state."""
        sqs = self.emulator.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.ears, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            said = json.loads(message["Body"])
            self.heard.append((said.get("AlarmName"), said.get("NewStateValue")))
            sqs.delete_message(QueueUrl=self.ears, ReceiptHandle=message["ReceiptHandle"])
        return self.heard

    # What AWS's services do

    def happen(self, alarm: dict[str, Any]) -> None:
        """Let happen what an alarm is about."""
        metric = alarm["MetricName"]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        match alarm["Namespace"]:
            case "AWS/States":
                self.end(dimensions["StateMachineArn"], ENDS[metric])
            case "AWS/Scheduler":
                group = dimensions["ScheduleGroup"]
                self.step(self.platform.arn("scheduler", f"schedule/{group}/s"), STEPS[metric])
            case "AWS/Events":
                rule = dimensions["RuleName"]
                self.step(self.platform.arn("events", f"rule/{rule}"), STEPS[metric])
            case "AWS/SQS":
                sqs = self.emulator.client("sqs")
                url = sqs.get_queue_url(QueueName=dimensions["QueueName"])["QueueUrl"]
                sqs.send_message(QueueUrl=url, MessageBody="{}")
            case _:
                self.say(alarm, 1)

    def no_longer(self, alarm: dict[str, Any]) -> None:
        """Take away what does not go by itself."""
        if alarm["Namespace"] == "AWS/SQS":
            sqs = self.emulator.client("sqs")
            name = alarm["Dimensions"][0]["Value"]
            sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
        elif alarm["TreatMissingData"] == "ignore":
            self.say(alarm, 0)

    def end(self, machine: str, status: str) -> None:
        moment = int(self.clock.now().timestamp() * 1000)
        detail = {
            "executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:r",
            "stateMachineArn": machine,
            "name": "r",
            "status": status,
            "startDate": moment - 1000,
            "stopDate": moment,
        }
        place = self.emulator.account, self.platform.region
        self.emulator.feed.publish(ExecutionStatusChange(self.clock.now(), *place, detail))

    def step(self, source: str, step: Step) -> None:
        self.emulator.feed.publish(DeliveryStep(self.clock.now(), source, step))

    def say(self, alarm: dict[str, Any], value: float) -> None:
        datum = {"MetricName": alarm["MetricName"], "Value": value}
        self.watch.put_metric_data(
            Namespace=alarm["Namespace"],
            MetricData=[datum | {"Dimensions": alarm["Dimensions"]}],
        )


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    # Its clock jumps to whatever an alarm waits for.
    clock = MovedClock(NOON, None, quiet=0)
    region = stackfile.read("local", ROOT).region
    with Emulator(executor="process", clock=clock, fires=False, region=region) as emulator:
        yield Deployed(emulator)


def test_each_alarm_fires_and_clears(deployed):
    found = deployed.alarms()
    silence = {name for name, alarm in found.items() if alarm["TreatMissingData"] == "breaching"}
    sudden = found.keys() - silence

    for name in sorted(sudden):
        deployed.happen(found[name])
        deployed.hears(name, "ALARM")
        deployed.no_longer(found[name])
        deployed.hears(name, "OK")

    told = [each for each in deployed.heard if each[0] in sudden]
    assert told == [(name, state) for name in sorted(sudden) for state in ("ALARM", "OK")]
    assert len(silence) == 1


def test_a_sweep_that_does_not_come_is_missed_until_one_comes(deployed):
    (silence,) = [a for a in deployed.alarms().values() if a["TreatMissingData"] == "breaching"]
    name = silence["AlarmName"]

    def states() -> list[str]:
        return [state for told, state in deployed.listen() if told == name]

    # While the platform was made the clock has jumped over the first hour, and told nobody yet.
    wait_for(lambda: deployed.alarms()[name]["StateValue"] == "ALARM", "the first silence")
    before = len(states())
    deployed.happen(silence)
    last = deployed.clock.now()
    wait_for(lambda: states()[before:] == ["OK", "ALARM"], "another one")
    late = deployed.clock.now() - last
    deployed.happen(silence)
    wait_for(lambda: states()[before:][:3] == ["OK", "ALARM", "OK"], "its end")

    assert late >= timedelta(hours=1)
