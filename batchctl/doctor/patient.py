"""The platform that is examined: what several checks need of it, each asked for once."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from batch.contract import RUN_TASK
from batch.documents import job_machine
from batch.documents.statements import Statement, allow
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


@dataclass(frozen=True)
class Rule:
    """A rule of EventBridge, and its target that is the recorder."""

    name: str
    arn: str
    state: str
    target: dict[str, Any]


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

    @functools.cached_property
    def rules(self) -> list[Rule]:
        """The rules that start the recorder."""
        events = self.aws.client("events")
        recorder = self.platform.own_machine_arn(self.platform.recorder)
        found = []
        for name in events.list_rule_names_by_target(TargetArn=recorder)["RuleNames"]:
            rule = events.describe_rule(Name=name)
            targets = events.list_targets_by_rule(Rule=name)["Targets"]
            target = next(one for one in targets if one["Arn"] == recorder)
            found.append(Rule(name, rule["Arn"], rule["State"], dict(target)))
        return found

    @functools.cached_property
    def key_arn(self) -> str:
        """The key of the platform's table, topics and queues, empty if they have AWS's own."""
        name = self.platform.control_table
        described = self.aws.tables.describe_table(TableName=name)["Table"]
        return str(described.get("SSEDescription", {}).get("KMSMasterKeyArn", ""))

    # Simulations. The policies of resources, and those of the organisation, are not in them.

    def allowed(self, role_arn: str, action: str, resource: str, **context: str) -> bool:
        """Return whether a role's policies allow an action, as IAM simulates it."""
        equal = {"StringEquals": context} if context else {}
        return not self.refused(role_arn, [allow([action], [resource], **equal)])

    def refused(self, role_arn: str, statements: Iterable[Statement]) -> list[str]:
        """Return what of ``statements`` a role's policies do not allow: each action on what.

        Where a statement has a pattern, something that it matches is asked for.
        """
        client = self.aws.client("iam")
        asked = [(s, resource) for s in statements for resource in s["Resource"]]

        def simulated(one: tuple[Statement, str]) -> list[str]:
            statement, resource = one
            answer = client.simulate_principal_policy(
                PolicySourceArn=role_arn,
                ActionNames=statement["Action"],
                ResourceArns=[_example(resource)],
                ContextEntries=_context(statement.get("Condition", {})),
            )
            return [
                f"{result['EvalActionName']} on {resource}"
                for result in answer["EvaluationResults"]
                if result["EvalDecision"] != "allowed"
            ]

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sorted({text for texts in pool.map(simulated, asked) for text in texts})


def _example(pattern: str) -> str:
    return pattern if pattern == "*" else pattern.replace("*", "x").replace("?", "x")


def _context(conditions: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return condition keys with values that meet the conditions."""
    entries = []
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            kind = "stringList" if operator.startswith("ForA") else "string"
            examples = [_example(str(values[0]))]
            entries.append(
                {"ContextKeyName": key, "ContextKeyValues": examples, "ContextKeyType": kind}
            )
    return entries
