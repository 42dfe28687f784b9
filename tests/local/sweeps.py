"""A platform in the emulator whose events never come: only its sweep sees to its runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from batch import control
from batch.documents import (
    containers,
    machine_logs,
    recorder_machine,
    statements,
    sweep_machine,
    trusts,
)
from localaws.emulator import Emulator
from tests.local.control import ControlTable
from tests.local.ecs import wait_for
from tests.local.executions import end_of, hurried
from tests.local.machines import PLATFORM
from tests.roles import open_role

ENTERED = "$states.context.State.EnteredTime"


class Sweeps:
    """The platform's own machines with the roles that they have, and whatever runs a test needs."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.states = emulator.client("stepfunctions")
        self.ecs = emulator.client("ecs")
        self._sqs = emulator.client("sqs")
        self._iam = emulator.client("iam")
        self._sns = emulator.client("sns")
        self.now = datetime.now(UTC)
        self.table = ControlTable(emulator.client("dynamodb"), PLATFORM).make()
        self._queue("dead-letters")
        self._topics = {
            name: self._topic(name) for name in (PLATFORM.success_topic, PLATFORM.failure_topic)
        }
        self._open_role = open_role(self._iam, "machines", path=PLATFORM.role_path)
        self._cluster()
        own = {"platform": PLATFORM, "queue_arn": PLATFORM.arn("sqs", "dead-letters")}
        failure = self._topics[PLATFORM.failure_topic]
        self.recorder = self._make(
            PLATFORM.recorder,
            hurried(
                recorder_machine.definition(
                    platform=PLATFORM,
                    queue_url=self._url("dead-letters"),
                    success_topic_arn=self._topics[PLATFORM.success_topic],
                    failure_topic_arn=failure,
                    history_days=400,
                    success_messages=True,
                )
            ),
            self._role(
                PLATFORM.recorder,
                recorder_machine.permissions(**own, topic_arns=list(self._topics.values())),
            ),
        )
        self._definition = json.dumps(
            hurried(
                sweep_machine.definition(
                    platform=PLATFORM,
                    queue_url=self._url("dead-letters"),
                    failure_topic_arn=failure,
                )
            )
        )
        self.sweep_role = self._role(
            PLATFORM.sweep, sweep_machine.permissions(**own, failure_topic_arn=failure)
        )
        self.machine = self._make(PLATFORM.sweep, json.loads(self._definition), self.sweep_role)

    # What there is before a sweep

    def ago(self, **since: float) -> str:
        """Return a moment before the test began, as the table has it."""
        return control.moment(self.now - timedelta(**since))

    def run(self, job: str, run: str = "r1", **state: Any) -> str:
        """Start a run whose machine is that state, by default a success; return its ARN."""
        state = {"Type": "Succeed"} | state
        timeout = (
            {"TimeoutSeconds": state.pop("TimeoutSeconds")} if "TimeoutSeconds" in state else {}
        )
        machine = self._make(
            PLATFORM.state_machine(job),
            {"StartAt": "A", "States": {"A": state}, **timeout},
            self._open_role,
        )
        return self.states.start_execution(stateMachineArn=machine, name=run)["executionArn"]

    def over(self, job: str, run: str = "r1", **state: Any) -> str:
        """Start a run and wait for its end."""
        return self.end(self.run(job, run, **state))["executionArn"]

    def record(self, job: str, run: str = "r1", *, minutes: float = 10, **changed: Any) -> None:
        """Write the record of a run that was admitted some minutes ago. None leaves a key out."""
        began = self.ago(minutes=minutes)
        record = {
            "job": job,
            "run": run,
            "execution": PLATFORM.execution_arn(job, run),
            "container": "app",
            "trigger": "manual",
            "started": began,
            "admitted": began,
            "day": began[:10],
            "says": "{}",
            "open": control.RUNNING,
            **changed,
        }
        self.table.put(
            control.run_key(job, run),
            **{name: value for name, value in record.items() if value is not None},
        )

    def task(self, job: str | None, run: str = "r1", *, minutes: float = 10) -> str:
        """Run a task that says which run it is of; return its ARN. It was made minutes ago."""
        variables = {"BATCH_JOB": job, "BATCH_RUN": run} if job else {}
        override = {
            "name": "app",
            "command": ["sleep", "60"],
            "environment": [{"name": n, "value": v} for n, v in variables.items()],
        }
        answer = self.ecs.run_task(
            cluster=PLATFORM.prefix,
            taskDefinition=PLATFORM.prefix,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [self._subnet]}},
            overrides={"containerOverrides": [override]},
        )
        arn = answer["tasks"][0]["taskArn"]
        wait_for(lambda: self.status(arn) == "RUNNING", f"{arn} to run")
        return arn

    # Sweeping

    def start(self, *, minutes: float = 0) -> str:
        """Start a sweep that takes it to be so many minutes later; return its ARN."""
        time = f"'{control.moment(self.now + timedelta(minutes=minutes))}'"
        self.states.update_state_machine(
            stateMachineArn=self.machine, definition=self._definition.replace(ENTERED, time)
        )
        return self.states.start_execution(stateMachineArn=self.machine)["executionArn"]

    def sweep(self, *, minutes: float = 0) -> dict[str, Any]:
        """Sweep, and let the recorders end that it starts; return how the sweep ended."""
        ended = self.end(self.start(minutes=minutes))
        for recorder in self.recorders():
            self.end(recorder)
        return ended

    def end(self, execution: str) -> dict[str, Any]:
        """Return an execution once it has ended."""
        return end_of(self.states, execution)

    # What there is after it

    def recorders(self) -> list[str]:
        """Return the ARNs of the recorder's executions."""
        pages = self.states.list_executions(stateMachineArn=self.recorder)
        return [each["executionArn"] for each in pages["executions"]]

    def given(self, execution: str) -> dict[str, Any]:
        """Return the input of an execution."""
        return json.loads(self.states.describe_execution(executionArn=execution)["input"])

    def told(self, topic: str = PLATFORM.failure_topic) -> list[dict[str, Any]]:
        """Return the messages of a topic that were not returned before."""
        return [json.loads(json.loads(body)["Message"]) for body in self._received(topic)]

    def titles(self, topic: str = PLATFORM.failure_topic) -> list[str]:
        """Return the titles of these messages, without where they come from."""
        return sorted(message["content"]["title"] for message in self.told(topic))

    def put_aside(self) -> list[dict[str, Any]]:
        """Return what is in the dead-letter queue and was not returned before."""
        return [json.loads(body) for body in self._received("dead-letters")]

    def status(self, task: str) -> str:
        described = self.ecs.describe_tasks(cluster=PLATFORM.prefix, tasks=[task])
        return str(described["tasks"][0]["lastStatus"])

    def stopped(self, task: str) -> dict[str, Any]:
        """Return a task once it is stopped."""
        wait_for(lambda: self.status(task) == "STOPPED", f"{task} to stop")
        return self.ecs.describe_tasks(cluster=PLATFORM.prefix, tasks=[task])["tasks"][0]

    def calls(self, execution: str) -> list[str]:
        """Return what an execution called, in order."""
        return [
            f"{details['resourceType'].rpartition(':')[2]}:{details['resource']}"
            for event in self.history(execution)
            if (details := event.get("taskScheduledEventDetails"))
        ]

    def transitions(self, execution: str) -> int:
        """Return how many states an execution entered, which is what Step Functions bills."""
        return sum("stateEnteredEventDetails" in event for event in self.history(execution))

    def history(self, execution: str) -> list[dict[str, Any]]:
        answer = self.states.get_execution_history(executionArn=execution, maxResults=1000)
        return list(answer["events"])

    # How it is made

    def _make(self, name: str, definition: Mapping[str, Any], role: str) -> str:
        arn = PLATFORM.own_machine_arn(name)
        if any(m["name"] == name for m in self.states.list_state_machines()["stateMachines"]):
            return arn
        made = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role
        )
        return str(made["stateMachineArn"])

    def _role(self, name: str, permissions: list[statements.Statement]) -> str:
        made = self._iam.create_role(
            RoleName=name,
            Path=PLATFORM.role_path,
            AssumeRolePolicyDocument=json.dumps(trusts.own_machine(PLATFORM, name)),
        )
        self._iam.put_role_policy(
            RoleName=name,
            PolicyName=name,
            PolicyDocument=json.dumps(
                statements.policy([*permissions, *machine_logs.permissions()])
            ),
        )
        return str(made["Role"]["Arn"])

    def _topic(self, name: str) -> str:
        arn = str(self._sns.create_topic(Name=name)["TopicArn"])
        self._queue(name)
        self._sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=PLATFORM.arn("sqs", name))
        return arn

    def _queue(self, name: str) -> None:
        self._sqs.create_queue(QueueName=name)

    def _url(self, queue: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=queue)["QueueUrl"])

    def _received(self, queue: str) -> list[str]:
        bodies: list[str] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._url(queue), MaxNumberOfMessages=10
        ).get("Messages"):
            bodies += [message["Body"] for message in messages]
        return bodies

    def _cluster(self) -> None:
        self.ecs.create_cluster(clusterName=PLATFORM.prefix)
        self.emulator.client("logs").create_log_group(logGroupName=PLATFORM.task_log_group)
        self._subnet = self.emulator.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        self.ecs.register_task_definition(
            family=PLATFORM.prefix,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=containers.definitions(
                image="nothing/here:1",
                container="app",
                log_group=PLATFORM.task_log_group,
                region=PLATFORM.region,
            ),
        )
