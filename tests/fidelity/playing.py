"""What the tests of the patches do with moto again and again. They play ECS themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from moto.ecs.models import ecs_backends

from localaws import clients, feed
from tests.roles import open_role

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
PATIENCE_SECONDS = 20.0

Exits = dict[str, int | None]
"""Exit codes by the container's name."""


class Aws:
    """A patched moto, empty, and what the tests do with it again and again."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.happenings: list[feed.Happening] = []
        self._machines = 0
        open_role(self.client("iam"))

    def client(self, service: str) -> Any:
        return clients.make_client(service, region=REGION, endpoint=self.endpoint)

    # Step Functions

    def machine(self, definition: dict[str, Any], name: str = "", **options: Any) -> str:
        self._machines += 1
        name = name or f"m{self._machines}"
        made = self.client("stepfunctions").create_state_machine(
            name=name, roleArn=ROLE, definition=json.dumps(definition), **options
        )
        return made["stateMachineArn"]

    def start(self, definition: dict[str, Any], **options: Any) -> str:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machine(definition), **options
        )
        return started["executionArn"]

    def describe(self, execution: str) -> dict[str, Any]:
        return self.client("stepfunctions").describe_execution(executionArn=execution)

    def history(self, execution: str, **options: Any) -> list[dict[str, Any]]:
        answer = self.client("stepfunctions").get_execution_history(
            executionArn=execution, **options
        )
        return answer["events"]

    def end_of(self, execution: str) -> dict[str, Any]:
        return wait_for(lambda: (run := self.describe(execution))["status"] != "RUNNING" and run)

    def run(self, definition: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self.end_of(self.start(definition, **options))

    # ECS

    def task_definition(self, *containers: str, **options: Any) -> str:
        options = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"} | options
        self.client("ecs").create_cluster(clusterName="c")
        made = self.client("ecs").register_task_definition(
            family="f",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": n, "image": "i"} for n in containers or ("app",)],
            **options,
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def subnet(self) -> str:
        subnets = self.client("ec2").describe_subnets()["Subnets"]
        return subnets[0]["SubnetId"]

    def run_task(self, **options: Any) -> dict[str, Any]:
        network = {"awsvpcConfiguration": {"subnets": [self.subnet()], "securityGroups": []}}
        return self.client("ecs").run_task(
            **{
                "cluster": "c",
                "taskDefinition": "f",
                "launchType": "FARGATE",
                "networkConfiguration": network,
            }
            | options
        )

    def task_state(self, **state: Any) -> dict[str, Any]:
        """Return a Task state that runs ``f`` and ends the machine."""
        network = {"AwsvpcConfiguration": {"Subnets": [self.subnet()], "SecurityGroups": []}}
        parameters = {
            "Cluster": "c",
            "TaskDefinition": "f",
            "LaunchType": "FARGATE",
            "NetworkConfiguration": network,
        } | state.pop("Parameters", {})
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": {key: value for key, value in parameters.items() if value},
            "End": True,
        } | state

    def tasks(self) -> list[Any]:
        return list(ecs_backends[ACCOUNT][REGION].tasks.get("c", {}).values())

    def next_task(self) -> Any:
        return wait_for(lambda: next((t for t in self.tasks() if t.status != "STOPPED"), None))

    def finish(self, exits: Exits) -> None:
        """Let the next task that runs end with ``exits``."""
        task = self.next_task()
        for container in task.containers:
            container.exitCode = exits.get(container.name)
            container.last_status = "STOPPED"
        task.stop_code, task.stopped_reason = "EssentialContainerExited", "Essential container"
        task.desired_status = "STOPPED"
        task.status = "STOPPED"

    def run_with(self, state: dict[str, Any], exits: Sequence[Exits]) -> dict[str, Any]:
        execution = self.start(one_state(state))
        for each in exits:
            self.finish(each)
        return self.end_of(execution)


def one_state(state: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return a machine of one state."""
    return {"StartAt": "S", "States": {"S": {"End": True} | state}} | options


FAIL = {"StartAt": "S", "States": {"S": {"Type": "Fail", "Error": "E", "Cause": "C"}}}


class DidNotHappen(AssertionError):
    """What was waited for did not come."""


def wait_for(condition: Callable[[], Any], *, patience: float = PATIENCE_SECONDS) -> Any:
    """Return the first value of ``condition`` that is true, or fail."""
    until = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > until:
            raise DidNotHappen
        time.sleep(0.01)
    return value
