"""What IAM is asked for an API call: its action, the resource, the roles that it hands on.

For the calls of batchctl and of a deployment; a call of another kind is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from batch.contract import Platform
from tests.allowing import Call

ApiCall = tuple[str, str, Mapping[str, Any]]
"""Service and operation as botocore names them, and the parameters."""

_PREFIXES = {"stepfunctions": "states", "resourcegroupstaggingapi": "tag"}

_TAGGED = {
    "iam": "iam:TagRole",
    "sqs": "sqs:TagQueue",
    "ssm": "ssm:AddTagsToResource",
    "ec2": "ec2:CreateTags",
}
"""What tags in a call that makes something are another action of; elsewhere ``TagResource``."""

_WITHOUT_RESOURCE = {
    "chatbot:CreateSlackChannelConfiguration",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "scheduler:ListSchedules",
    "states:ListStateMachines",
    "tag:GetResources",
}

_UNASKED = {"sts:GetCallerIdentity"}
"""What everybody may call ("No permissions are required")."""


class Asked:
    """Turns API calls into questions to IAM. Remembers the paths of the roles that were made."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._roles: dict[str, tuple[str, dict[str, str]]] = {}

    def of(self, calls: Iterable[ApiCall]) -> list[Call]:
        """Return the questions for ``calls``."""
        return [question for call in calls for question in self._of(*call)]

    def _of(self, service: str, operation: str, given: Mapping[str, Any]) -> Iterator[Call]:
        prefix = _PREFIXES.get(service, service)
        action = f"{prefix}:{operation}"
        if action in _UNASKED:
            return
        context: dict[str, str] = {}
        if service == "iam":
            resource, context = self._role(given)
        elif action in _WITHOUT_RESOURCE:
            resource = "*"
        else:
            resource = _RESOURCES[prefix](self._platform, given)
        if key := given.get("Item") or given.get("Key"):
            context = {"dynamodb:LeadingKeys": key["pk"]["S"]}
        yield Call(action, resource, context)
        if any(given.get(key) for key in ("tags", "Tags", "TagSpecifications")):
            yield Call(_TAGGED.get(prefix, f"{prefix}:TagResource"), resource)
        if action == "ec2:CreateSecurityGroup":
            yield Call(action, self._platform.arn("ec2", f"vpc/{given['VpcId']}"))
        for role, to in _passed(prefix, given):
            yield Call("iam:PassRole", role, {"iam:PassedToService": f"{to}.amazonaws.com"})

    def _role(self, given: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        name = given["RoleName"]
        if "AssumeRolePolicyDocument" in given:
            boundary = given.get("PermissionsBoundary")
            context = {"iam:PermissionsBoundary": boundary} if boundary else {}
            arn = f"arn:aws:iam::{self._platform.account}:role{given.get('Path', '/')}{name}"
            self._roles[name] = arn, context
        return self._roles[name]


def _passed(prefix: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the roles that a call hands on, and to whom."""
    found = {
        "states": [("states", given.get("roleArn"))],
        "scheduler": [("scheduler", given.get("Target", {}).get("RoleArn"))],
        "ecs": [
            ("ecs-tasks", given.get("executionRoleArn")),
            ("ecs-tasks", given.get("taskRoleArn")),
        ],
        "events": [("events", target.get("RoleArn")) for target in given.get("Targets", [])],
    }
    for service, role in found.get(prefix, []):
        if role:
            yield role, service


def _states(platform: Platform, given: Mapping[str, Any]) -> str:
    for key in ("executionArn", "resourceArn", "stateMachineArn"):
        if key in given:
            return str(given[key])
    return platform.arn("states", f"stateMachine:{given['name']}")


def _scheduler(platform: Platform, given: Mapping[str, Any]) -> str:
    if "GroupName" in given:
        return platform.arn("scheduler", f"schedule/{given['GroupName']}/{given['Name']}")
    return platform.arn("scheduler", f"schedule-group/{given['Name']}")


def _logs(platform: Platform, given: Mapping[str, Any]) -> str:
    group = platform.log_group_arn(given["logGroupName"])
    return f"{group}:log-stream:{given['logStreamName']}" if "logStreamName" in given else group


def _ecs(platform: Platform, given: Mapping[str, Any]) -> str:
    if "family" in given:
        return platform.arn("ecs", f"task-definition/{given['family']}:1")
    return platform.arn("ecs", f"cluster/{given.get('cluster') or given['clusterName']}")


def _sns(platform: Platform, given: Mapping[str, Any]) -> str:
    return str(given.get("TopicArn") or platform.topic_arn(given["Name"]))


def _sqs(platform: Platform, given: Mapping[str, Any]) -> str:
    name = given.get("QueueName") or given["QueueUrl"].rpartition("/")[2]
    return platform.arn("sqs", name)


def _ec2(platform: Platform, given: Mapping[str, Any]) -> str:
    return platform.arn("ec2", f"security-group/{given.get('GroupId', 'sg-new')}")


def _cloudwatch(platform: Platform, given: Mapping[str, Any]) -> str:
    if "DashboardName" in given:
        return f"arn:aws:cloudwatch::{platform.account}:dashboard/{given['DashboardName']}"
    return platform.arn("cloudwatch", f"alarm:{given['AlarmName']}")


def _dynamodb(platform: Platform, given: Mapping[str, Any]) -> str:
    table = platform.arn("dynamodb", f"table/{given.get('TableName') or _only_table(given)}")
    return f"{table}/index/{given['IndexName']}" if "IndexName" in given else table


def _only_table(given: Mapping[str, Any]) -> str:
    [table] = given["RequestItems"]
    return str(table)


_RESOURCES: dict[str, Callable[[Platform, Mapping[str, Any]], str]] = {
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "ec2": _ec2,
    "ecs": _ecs,
    "events": lambda p, given: p.arn("events", f"rule/{given.get('Rule') or given['Name']}"),
    "logs": _logs,
    "scheduler": _scheduler,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": lambda p, given: p.arn("ssm", f"parameter{given['Name']}"),
    "states": _states,
}
