"""A platform with all that needs a permission, and what shows each permission at work.

A scenario returns what was refused, as it was told, or nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pulumi_aws as aws
from botocore.exceptions import ClientError

from batch.contract import Platform
from batch.documents import keys
from localaws import firing
from localaws.delivery import RetryPolicy
from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.errors import DeploymentFailed
from localaws.feed import ExecutionStatusChange
from localaws.timetable import Timetable
from tests.local.bare import Workbench
from tests.local.ecs import wait_for

PLATFORM = Platform("batch", "local", "123456789012", "us-east-1")
IMAGE = f"{PLATFORM.account}.dkr.ecr.{PLATFORM.region}.amazonaws.com/team/app:1"
NOBODY = {"Service": "nobody.amazonaws.com"}

PROGRAM = """
import pulumi
from batch.settings import Settings
from components import BatchPlatform, ScheduledJob, of_settings, project_configuration

settings = Settings.parse(project_configuration(), stack=pulumi.get_stack())
platform = BatchPlatform(settings.name, of_settings(settings))
once = {"platform": platform.connection, "start_retry": {"attempts": 1}}
ScheduledJob("plain", {**once, "shell": "echo done", "schedule": "rate(1 day)"})
ScheduledJob("slow", {**once, "shell": "sleep 60", "attempt_timeout": "1s"})
ScheduledJob("alone", {**once, "shell": "sleep 60", "overlap": "skip"})
ScheduledJob("newest", {**once, "shell": "sleep 60", "overlap": "replace"})
ScheduledJob("rich", {
    **once,
    "shell": "echo done",
    "image": "%(image)s",
    "secrets": {"A": "%(parameter)s", "B": "%(secret)s"},
    "volumes": [
        {"name": "a", "file_system_id": "fs-00000001", "path": "/a"},
        {"name": "b", "file_system_id": "fs-00000002", "path": "/b",
         "access_point_id": "fsap-00000001", "read_only": True},
    ],
})
"""

SETTINGS = {
    "aws:region": PLATFORM.region,
    "batch-platform:image": "batch-local:process",
    "batch-platform:containerInsights": "disabled",
    "batch-platform:slack": {
        "workspaceId": "T0",
        "successChannelId": "C1",
        "failureChannelId": "C2",
    },
}


class Permitted:
    """The platform, deployed."""

    def __init__(self, emulator: Emulator, directory: Path) -> None:
        self.emulator = emulator
        self._times = 0
        self.told = _Warnings()
        kms = emulator.client("kms")
        policy = json.dumps(keys.policy(platform=PLATFORM))
        self.key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        # Secrets under a key of their own.
        own = kms.create_key()["KeyMetadata"]["Arn"]
        emulator.client("ssm").put_parameter(
            Name="/team/a", Value="a", Type="SecureString", KeyId=own
        )
        secret = emulator.client("secretsmanager").create_secret(
            Name="team-b", SecretString="b", KmsKeyId=own
        )["ARN"]
        for name, text in {
            "Pulumi.yaml": "name: batch-platform\nruntime: python\n",
            "Pulumi.local.yaml": "config: {}\n",
            "__main__.py": PROGRAM
            % {
                "image": IMAGE,
                "parameter": PLATFORM.arn("ssm", "parameter/team/a"),
                "secret": secret,
            },
        }.items():
            (directory / name).write_text(text)
        config = SETTINGS | {"batch-platform:kmsKeyArn": self.key}
        self.deployed = deploy(emulator, project_dir=directory, config=config)
        # A target that is not there: every start goes to the dead-letter queue.
        schedule = emulator.client("scheduler").get_schedule(
            GroupName=PLATFORM.schedule_group, Name="plain"
        )
        self.scheduler_role = schedule["Target"]["RoleArn"]
        self.starts = _queue_of(schedule["Target"])
        emulator.client("scheduler").create_schedule(
            GroupName=PLATFORM.manual_schedule_group,
            Name="lost",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=schedule["Target"] | {"Arn": PLATFORM.state_machine_arn("nowhere")},
        )
        events = emulator.client("events")
        self.rule = next(
            r["Name"] for r in events.list_rules()["Rules"] if "SUCCEEDED" in r["EventPattern"]
        )
        [self.target] = events.list_targets_by_rule(Rule=self.rule)["Targets"]
        self.messages = _queue_of(self.target)
        self.alarm = emulator.client("cloudwatch").describe_alarms()["MetricAlarms"][0]

    def describe(self, job: str) -> dict[str, Any]:
        """Return the machine of a job."""
        arn = PLATFORM.state_machine_arn(job)
        return self.emulator.client("stepfunctions").describe_state_machine(stateMachineArn=arn)

    def role_of(self, kind: str) -> str:
        """Return the name of a role."""
        task = self.emulator.client("ecs").describe_task_definition(
            taskDefinition=PLATFORM.family("rich")
        )["taskDefinition"]
        slack = self._registered(aws.chatbot.SlackChannelConfiguration)["iamRoleArn"]
        arn = {
            "machines": self.describe("plain")["roleArn"],
            "scheduler": self.scheduler_role,
            "rules": self.target["RoleArn"],
            "recorder": self._own_role(PLATFORM.recorder),
            "sweep": self._own_role(PLATFORM.sweep),
            "execution": task["executionRoleArn"],
            "task": task["taskRoleArn"],
            "slack": slack,
        }[kind]
        return str(arn).rpartition("/")[2]

    def _own_role(self, machine: str) -> str:
        described = self.emulator.client("stepfunctions").describe_state_machine(
            stateMachineArn=PLATFORM.own_machine_arn(machine)
        )
        return str(described["roleArn"])

    def _registered(self, cls: Any) -> dict[str, Any]:
        found = (r.registration for r in self.deployed.resources)
        return next(r.inputs for r in found if r.type == cls.pulumi_type)

    # Documents

    def read(self, document: str) -> dict[str, Any]:
        """Return a policy as it is deployed."""
        kind, _, name = document.partition(" ")
        client = self.emulator.client
        if kind == "role":
            role = self.role_of(name)
            [policy] = client("iam").list_role_policies(RoleName=role)["PolicyNames"]
            found = client("iam").get_role_policy(RoleName=role, PolicyName=policy)
            return dict(found["PolicyDocument"])
        if kind == "trust":
            found = client("iam").get_role(RoleName=self.role_of(name))["Role"]
            return dict(found["AssumeRolePolicyDocument"])
        if kind == "topic":
            arn = PLATFORM.topic_arn(getattr(PLATFORM, f"{name}_topic"))
            attributes = client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
            return dict(json.loads(attributes["Policy"]))
        if kind == "queue":
            attributes = client("sqs").get_queue_attributes(
                QueueUrl=self._url(self.messages), AttributeNames=["Policy"]
            )["Attributes"]
            return dict(json.loads(attributes["Policy"]))
        text = client("kms").get_key_policy(KeyId=self.key, PolicyName="default")["Policy"]
        return dict(json.loads(text))

    def write(self, document: str, policy: dict[str, Any]) -> None:
        """Deploy a policy in the place of the one that is there."""
        kind, _, name = document.partition(" ")
        client, text = self.emulator.client, json.dumps(policy)
        if kind == "role":
            role = self.role_of(name)
            [there] = client("iam").list_role_policies(RoleName=role)["PolicyNames"]
            client("iam").put_role_policy(RoleName=role, PolicyName=there, PolicyDocument=text)
        elif kind == "trust":
            client("iam").update_assume_role_policy(
                RoleName=self.role_of(name), PolicyDocument=text
            )
        elif kind == "topic":
            arn = PLATFORM.topic_arn(getattr(PLATFORM, f"{name}_topic"))
            client("sns").set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=text
            )
        elif kind == "queue":
            client("sqs").set_queue_attributes(
                QueueUrl=self._url(self.messages), Attributes={"Policy": text}
            )
        else:
            client("kms").put_key_policy(KeyId=self.key, PolicyName="default", Policy=text)

    @contextmanager
    def changed(self, document: str, change: Callable[[list[Any]], None]) -> Iterator[None]:
        """Change the statements of a policy for a while."""
        before = self.read(document)
        after = json.loads(json.dumps(before))
        change(after["Statement"])
        if not after["Statement"]:
            # A policy has a statement: one that says nothing to anybody here.
            other = {"Effect": "Allow", "Action": "health:DescribeEvents"}
            principal = {} if document.startswith("role") else {"Principal": NOBODY}
            resource = {} if document.startswith("trust") else {"Resource": "*"}
            if document.startswith("trust"):
                other["Action"] = "sts:AssumeRole"
            after["Statement"] = [other | principal | resource]
        self.write(document, after)
        try:
            yield
        finally:
            self.write(document, before)

    # Scenarios

    def run(self, job: str, **given: Any) -> str:
        """Start a run and wait until it ends or something is refused."""
        return self._to_its_end(PLATFORM.state_machine_arn(job), given)

    def scheduled(self) -> str:
        """Run ``plain`` as its schedule would, for a time that was not yet."""
        self._times += 1
        due = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self._times)
        return self.run(
            "plain", trigger="schedule", schedule="default", scheduledTime=f"{due:%Y-%m-%dT%TZ}"
        )

    def second(self, job: str) -> str:
        """Start a run while another one of the job is not over."""
        states = self.emulator.client("stepfunctions")
        first = states.start_execution(stateMachineArn=PLATFORM.state_machine_arn(job))
        arn = first["executionArn"]

        def begun() -> bool:
            events = states.get_execution_history(executionArn=arn)["events"]
            # Refused as the second will be, perhaps.
            return bool({event["type"] for event in events} & {"TaskSubmitted", "TaskFailed"})

        wait_for(begun, f"a task of {job}")
        try:
            return self.run(job, commands=["true"])
        finally:
            states.stop_execution(executionArn=arn)
            self.emulator.drain()

    def recorded(self) -> str:
        """Let a run of ``plain`` end well, and have the recorder come to its end."""
        self._times += 1
        detail = {
            "executionArn": PLATFORM.execution_arn("plain", f"x{self._times}"),
            "stateMachineArn": PLATFORM.state_machine_arn("plain"),
            "name": f"x{self._times}",
            "status": "SUCCEEDED",
            "startDate": 1767225600000,
            "stopDate": 1767225660000,
            "input": "{}",
            "output": '{"result":"SUCCEEDED","exitCode":0,"attempts":1}',
        }
        event = {"source": "aws.states", "account": PLATFORM.account, "detail": detail}
        return self._to_its_end(PLATFORM.own_machine_arn(PLATFORM.recorder), event)

    def swept(self) -> str:
        """Let the sweep come to its end."""
        return self._to_its_end(PLATFORM.own_machine_arn(PLATFORM.sweep), {})

    def _to_its_end(self, machine: str, given: dict[str, Any]) -> str:
        states = self.emulator.client("stepfunctions")
        started = states.start_execution(stateMachineArn=machine, input=json.dumps(given))
        arn = started["executionArn"]
        with self.told.heard() as heard:

            def over() -> str | None:
                # The run first: what it ended by is then in the history.
                run = states.describe_execution(executionArn=arn)
                for event in states.get_execution_history(executionArn=arn)["events"]:
                    cause = event.get("taskFailedEventDetails", {}).get("cause", "")
                    if "is not authorized" in cause:
                        return str(cause)
                return None if run["status"] == "RUNNING" else run.get("cause", "") or "fine"

            cause = wait_for(over, f"the end of {machine}")
            states.stop_execution(executionArn=arn)
            self.emulator.drain()
        if "is not authorized" in cause or "unable to assume" in cause:
            return str(cause)
        return "\n".join(heard)

    def made_again(self) -> str:
        """Make a machine like that of ``plain``."""
        machine, states = self.describe("plain"), self.emulator.client("stepfunctions")
        same = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
        try:
            made = states.create_state_machine(name=PLATFORM.state_machine("again"), **same)
        except ClientError as error:
            return str(error)
        states.delete_state_machine(stateMachineArn=made["stateMachineArn"])
        return ""

    def start(self, schedule: str) -> str:
        """Let a schedule fire, once."""
        now = datetime.now(UTC)
        timetable = Timetable()
        timetable.refresh(now)
        [(entry, [due, *_])] = [
            (entry, times)
            for entry, times in timetable.take_due(now + timedelta(days=1))
            if entry.source.name == schedule
        ]
        [(_, delivery)] = firing.deliveries(entry, due, now)
        delivery.policy = RetryPolicy(0)
        with self.told.heard() as heard:
            delivery.attempt(now, endpoint=self.emulator.endpoint)
            letters = self._letters(self.starts)
        expected = "StateMachineDoesNotExist" if schedule == "lost" else None
        if [letter for letter in letters if letter[0] == expected]:
            return ""
        return "\n".join([*(message for _, message in letters), *heard])

    def message(self) -> str:
        """Let a run end well, and have it told."""
        return self._end_of_a_run()

    def lost_message(self) -> str:
        """Let a run end well, and have it told to a topic that is not there as well."""
        events = self.emulator.client("events")
        lost = self.target | {"Id": "lost", "Arn": PLATFORM.topic_arn("nowhere")}
        del lost["RoleArn"]
        events.put_targets(Rule=self.rule, Targets=[lost])
        try:
            return self._end_of_a_run(lost=True)
        finally:
            events.remove_targets(Rule=self.rule, Ids=["lost"])

    def _end_of_a_run(self, *, lost: bool = False) -> str:
        now = datetime.now(UTC)
        detail = {
            "executionArn": PLATFORM.execution_arn("plain", "x"),
            "stateMachineArn": PLATFORM.state_machine_arn("plain"),
            "name": "x",
            "status": "SUCCEEDED",
            "output": '{"result": "SUCCEEDED"}',
        }
        with self.told.heard() as heard:
            self.emulator.feed.publish(
                ExecutionStatusChange(now, PLATFORM.account, PLATFORM.region, detail)
            )
            assert self.emulator.drain()
            letters = self._letters(self.messages)
        if lost and [code for code, _ in letters if code == "NotFound"]:
            return ""
        return "\n".join([*(message for _, message in letters), *heard])

    def alarmed(self) -> str:
        """Have an alarm tell its topic."""
        client, name = self.emulator.client("cloudwatch"), self.alarm["AlarmName"]
        with self.told.heard() as heard:
            for state in ("ALARM", "OK"):
                client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
        return "\n".join(heard)

    def log_group(self) -> str:
        """Make the tasks' log group again."""
        logs = self.emulator.client("logs")
        logs.delete_log_group(logGroupName=PLATFORM.task_log_group)
        try:
            logs.create_log_group(logGroupName=PLATFORM.task_log_group, kmsKeyId=self.key)
        except ClientError as error:
            logs.create_log_group(logGroupName=PLATFORM.task_log_group)
            return str(error)
        return ""

    def channel(self) -> str:
        """Make a Slack channel's configuration again."""
        inputs = self._registered(aws.chatbot.SlackChannelConfiguration)
        try:
            Workbench(self.emulator).make(  # type: ignore[arg-type]
                aws.chatbot.SlackChannelConfiguration, **inputs
            )
        except DeploymentFailed as error:
            return str(error)
        return ""

    def _letters(self, queue: str) -> list[tuple[str, str]]:
        """Take the letters of a dead-letter queue: code and message of each."""
        sqs, url = self.emulator.client("sqs"), self._url(queue)
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        letters = []
        for letter in received.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
            said = letter["MessageAttributes"]
            letters.append(
                (said["ERROR_CODE"]["StringValue"], said["ERROR_MESSAGE"]["StringValue"])
            )
        return letters

    def _url(self, arn: str) -> str:
        name = arn.rpartition(":")[2]
        return str(self.emulator.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _queue_of(target: dict[str, Any]) -> str:
    return str(target["DeadLetterConfig"]["Arn"])


class _Warnings(logging.Handler):
    """Hears what the emulator warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """Collect the refusals that are logged meanwhile."""
        logger = logging.getLogger("localaws")
        self._heard = []
        refusals: list[str] = []
        logger.addHandler(self)
        try:
            yield refusals
        finally:
            logger.removeHandler(self)
            refusals += [text for text in self._heard if "is not authorized" in text]
