"""The recorder in the emulator, with the role that it has on AWS, and what channels show."""

from __future__ import annotations

import json
import time
from typing import Any

from batch import control
from batch.documents import recorder_machine, rules, trusts
from batch.documents.statements import policy
from localaws.emulator import Emulator
from localaws.feed import SlackMessage
from tests.local.executions import end_of, hurried
from tests.local.machines import PLATFORM, Machines
from tests.roles import open_role

STARTED = "2026-11-23T18:00:00.100Z"
ENDED_AT = 1763928300000 + 365 * 86_400_000
"""Milliseconds: 2026-11-23 20:05:00 UTC."""

CAUSE = {"exitCode": 3, "reason": "Essential container in task exited", "attempts": 2}


class Recorder:
    """The recorder of a platform whose jobs can run."""

    def __init__(self, emulator: Emulator, *, success_messages: bool = True) -> None:
        self.emulator = emulator
        self.machines = Machines(emulator)
        self.table = self.machines.table
        self.states = self.machines.states
        self.shown: list[SlackMessage] = []
        emulator.feed.subscribe(self._hear)
        self.queue = emulator.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
        self.topics = {
            name: emulator.client("sns").create_topic(Name=f"{PLATFORM.prefix}-{name}")["TopicArn"]
            for name in ("success", "failure", "own")
        }
        for name, arn in self.topics.items():
            emulator.slack.configure(name=name, team_id="T", channel_id=name, topic_arns=[arn])
        self._count = 0
        self._role = self._make_role()
        self.arn = self._make(success_messages=success_messages)

    def _hear(self, happening: Any) -> None:
        if isinstance(happening, SlackMessage):
            self.shown.append(happening)

    def _make_role(self) -> str:
        iam = self.emulator.client("iam")
        trust = trusts.own_machine(PLATFORM, PLATFORM.recorder)
        role = iam.create_role(
            RoleName="recorder",
            Path=PLATFORM.role_path,
            AssumeRolePolicyDocument=json.dumps(trust),
        )["Role"]["Arn"]
        permissions = recorder_machine.permissions(
            platform=PLATFORM,
            queue_arn=PLATFORM.arn("sqs", "messages"),
            topic_arns=list(self.topics.values()),
        )
        iam.put_role_policy(
            RoleName="recorder", PolicyName="p", PolicyDocument=json.dumps(policy(permissions))
        )
        return str(role)

    def _make(self, *, success_messages: bool) -> str:
        definition = recorder_machine.definition(
            platform=PLATFORM,
            queue_url=self.queue,
            success_topic_arn=self.topics["success"],
            failure_topic_arn=self.topics["failure"],
            history_days=400,
            success_messages=success_messages,
        )
        made = self.states.create_state_machine(
            name=PLATFORM.recorder,
            definition=json.dumps(hurried(definition, attempts=2)),
            roleArn=self._role,
        )
        return str(made["stateMachineArn"])

    def listen(self) -> None:
        """Start it by the events of runs, as the platform does."""
        events = self.emulator.client("events")
        role = open_role(self.emulator.client("iam"), "rules")
        for name, pattern in (
            ("success", rules.success(PLATFORM)),
            ("failure", rules.failure(PLATFORM)),
        ):
            events.put_rule(Name=name, EventPattern=json.dumps(pattern))
            events.put_targets(
                Rule=name, Targets=[{"Id": "recorder", "Arn": self.arn, "RoleArn": role}]
            )

    def write_log(self, stream: str, *lines: str) -> None:
        """Write what a task would have written."""
        logs = self.emulator.client("logs")
        group = PLATFORM.task_log_group
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": now, "message": line} for line in lines],
        )

    # Events

    def new_job(self) -> str:
        """Return the name of a job that no other test knows."""
        self._count += 1
        return f"told-{self._count}"

    def event(
        self,
        job: str,
        run: str = "r1",
        status: str = "SUCCEEDED",
        *,
        ended: int = ENDED_AT,
        output: Any = None,
        cause: Any = None,
        given: Any = None,
        **changed: Any,
    ) -> dict[str, Any]:
        """Return what EventBridge delivers at the end of a run; ``changed`` is of its detail."""
        if status == "SUCCEEDED" and output is None:
            output = {"result": "SUCCEEDED", "exitCode": 0, "attempts": 1}
        if status == "FAILED":
            changed = {"error": "Job.ExitCode"} | changed
            cause = CAUSE if cause is None else cause
        arn = PLATFORM.execution_arn(job, run)
        return {
            "version": "0",
            "id": "7bf73129-1428-4cd3-a780-95db273d1602",
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": PLATFORM.account,
            "time": "2026-11-23T20:05:01Z",
            "region": PLATFORM.region,
            "resources": [arn],
            "detail": {
                "executionArn": arn,
                "stateMachineArn": PLATFORM.state_machine_arn(job),
                "name": run,
                "status": status,
                "startDate": ENDED_AT - 3_900_000,
                "stopDate": ended,
                "input": json.dumps(given or {}),
                "output": None if output is None else json.dumps(output),
                "error": None,
                "cause": cause if isinstance(cause, str | None) else json.dumps(cause),
                **changed,
            },
        }

    def open_record(self, job: str, run: str = "r1", **changed: Any) -> None:
        """Write the record of a run as its admission does; None leaves an attribute out."""
        says = changed.pop("says", {"successMessages": True})
        record = {
            "job": job,
            "run": run,
            "execution": PLATFORM.execution_arn(job, run),
            "started": STARTED,
            "admitted": STARTED,
            "day": STARTED[:10],
            "trigger": "schedule",
            "schedule": "default",
            "scheduledTime": "2026-11-23T18:00:00Z",
            "container": "app",
            "input": "{}",
            "says": json.dumps(says),
            "expires": 1_900_000_000,
            "open": control.RUNNING,
            **changed,
        }
        known = {name: value for name, value in record.items() if value is not None}
        self.table.put(control.run_key(job, run), **known)

    # Runs of it

    def start(self, event: dict[str, Any], name: str | None = None) -> str:
        self._count += 1
        answer = self.states.start_execution(
            stateMachineArn=self.arn,
            name=name or f"recorder-{self._count}",
            input=json.dumps(event),
        )
        return str(answer["executionArn"])

    def end(self, execution: str) -> dict[str, Any]:
        """Return one of its executions once it has ended."""
        return end_of(self.states, execution)

    def take(self, event: dict[str, Any], name: str | None = None) -> list[str]:
        """Have it see to an event, and return the states that it went through."""
        execution = self.start(event, name)
        described = self.end(execution)
        assert described["status"] == "SUCCEEDED", described
        return self.states_of(execution)

    def fail(self, event: dict[str, Any]) -> dict[str, Any]:
        """Have it fail at an event."""
        described = self.end(self.start(event))
        assert described["status"] == "FAILED", described
        return described

    def states_of(self, execution: str) -> list[str]:
        """Return the states that an execution entered: each costs one transition."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    # What came of it

    def record(self, job: str, run: str = "r1") -> dict[str, Any]:
        found = self.table.run(job, run)
        assert found is not None
        return found

    def state(self, job: str) -> dict[str, Any] | None:
        """Return what is remembered of a job."""
        return self.table.get({"pk": control.JOBS, "sk": job})

    def pause(self, job: str) -> dict[str, Any] | None:
        return self.table.get({"pk": control.PAUSES, "sk": job})

    def messages(self, job: str) -> list[SlackMessage]:
        """Return what channels showed of a job."""
        thread = PLATFORM.state_machine(job)
        mine = [m for m in tuple(self.shown) if m.dropped or m.thread == thread]
        assert not [m.dropped for m in mine if m.dropped]
        return mine

    def channels(self, job: str) -> list[tuple[str, str]]:
        """Return channel and first words of every message of a job, without the platform."""
        start = f"{PLATFORM.prefix}: {job} "
        return [(m.channel, m.title.removeprefix(start)) for m in self.messages(job)]

    def sweep(self, job: str, run: str = "r1", **changed: Any) -> list[str]:
        """Do what the sweep does about one run, and return the states of the recorder it starts.

        Of a recorder that is over, only its history says what it has sent.
        """
        record = self.table.run(job, run)
        if record is not None and "open" not in record:
            return []
        event = self.event(job, run, "FAILED", **changed) | {"source": "batch.sweep"}
        del event["detail"]["input"]
        if record is not None and record["open"] == control.UNTOLD:
            before = PLATFORM.own_execution_arn(PLATFORM.recorder, record["recorder"])
            event |= {
                "retell": True,
                "recorder": record["recorder"],
                "message": record["message"],
                "published": self._published(before),
            }
        return self.take(event)

    def _published(self, execution: str) -> list[str]:
        history = self.states.get_execution_history(executionArn=execution)["events"]
        entered, published = "", []
        for event in history:
            if "stateEnteredEventDetails" in event:
                entered = event["stateEnteredEventDetails"]["name"]
            elif event.get("taskSucceededEventDetails", {}).get("resource") == "publish":
                published.append(entered)
        return published

    def put_aside(self) -> list[dict[str, Any]]:
        """Return and take away the events in the queue."""
        sqs = self.emulator.client("sqs")
        got = sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        for message in got.get("Messages", []):
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return list(got.get("Messages", []))
