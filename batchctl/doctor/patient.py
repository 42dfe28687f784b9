"""The platform that is examined: what several checks need of it, each asked for once."""

from __future__ import annotations

import contextlib
import functools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from batch.contract import RUN_TASK
from batch.documents import job_machine
from batchctl.aws import Aws
from batchctl.errors import NotDeployed

_AT_ONCE = 8
"""Task definitions that are read at the same time."""


@dataclass(frozen=True)
class Network:
    """Where tasks run."""

    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public_ip: bool


class Patient:
    """A deployed platform."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.platform = aws.platform

    def require(self) -> None:
        """Return if there is a platform, or if nobody says so.

        Raises:
            NotDeployed: there is no such platform.
        """
        # What is refused here is told by the checks that need it.
        with contextlib.suppress(ClientError):
            _ = self.machine

    @functools.cached_property
    def machine(self) -> dict[str, Any]:
        """The machine for any command, as DescribeStateMachine has it.

        Raises:
            NotDeployed: there is no such platform.
        """
        arn = self.platform.state_machine_arn(RUN_TASK)
        try:
            return dict(self.aws.machines.describe_state_machine(stateMachineArn=arn))
        except self.aws.machines.exceptions.StateMachineDoesNotExist:
            raise NotDeployed(self.platform) from None

    @functools.cached_property
    def network(self) -> Network:
        """The network that the machine's definition names."""
        arguments = json.loads(self.machine["definition"])["States"][job_machine.RUN]["Arguments"]
        found = arguments["NetworkConfiguration"]["AwsvpcConfiguration"]
        return Network(
            tuple(found["Subnets"]),
            tuple(found.get("SecurityGroups", ())),
            found.get("AssignPublicIp") == "ENABLED",
        )

    @functools.cached_property
    def task_definitions(self) -> list[dict[str, Any]]:
        """The newest revision of each family of the platform: its own, and those of jobs."""
        tasks = self.aws.tasks

        def described(family: str) -> dict[str, Any]:
            return dict(tasks.describe_task_definition(taskDefinition=family)["taskDefinition"])

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(described, self._families()))

    def _families(self) -> list[str]:
        pages = self.aws.tasks.get_paginator("list_task_definition_families").paginate(
            familyPrefix=self.platform.family(), status="ACTIVE"
        )
        own, of_jobs = self.platform.family(), self.platform.family("")
        found = [family for page in pages for family in page["families"]]
        return sorted(name for name in found if name == own or name.startswith(of_jobs))

    @functools.cached_property
    def sweep_target(self) -> dict[str, Any]:
        """The target of the sweep's schedule: the role and the queue that every schedule has."""
        schedule = self.aws.schedules.get_schedule(
            GroupName=self.platform.schedule_group, Name=self.platform.sweep
        )
        return dict(schedule["Target"])

    def allowed(self, role_arn: str, action: str, resource: str, **context: str) -> bool:
        """Return whether a role's policies allow an action, as IAM simulates it.

        A resource's own policy, and a policy of the organisation, are not asked.
        """
        answer = self.aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role_arn,
            ActionNames=[action],
            ResourceArns=[resource],
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in context.items()
            ],
        )
        return bool(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")
