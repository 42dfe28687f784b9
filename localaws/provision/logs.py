"""Log groups and the account's resource policies (the provider calls the module cloudwatch)."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present


def log_group_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateLogGroup."""
    return present(
        logGroupName=name,
        kmsKeyId=inputs.get("kmsKeyId"),
        logGroupClass=inputs.get("logGroupClass"),
        deletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
        tags=tags or None,
    )


def retention_request(inputs: Inputs, name: str) -> dict[str, Any] | None:
    """Return the parameters of PutRetentionPolicy, or None: 0 and nothing keep for ever."""
    days = inputs.get("retentionInDays")
    return {"logGroupName": name, "retentionInDays": days} if days else None


@makes(
    "aws:cloudwatch/logGroup:LogGroup",
    "name namePrefix kmsKeyId logGroupClass deletionProtectionEnabled retentionInDays skipDestroy "
    "tags",
)
def log_group(order: Order) -> Made:
    """Make a log group."""
    name = order.name()
    client = order.client("logs")
    client.create_log_group(**log_group_request(order.inputs, name, order.tags()))
    if retention := retention_request(order.inputs, name):
        client.put_retention_policy(**retention)
    # The provider's ARN has no ":*".
    return Made(name, {"arn": order.arn("logs", f"log-group:{name}"), "name": name})


def resource_policy_request(inputs: Inputs, name: str) -> dict[str, Any]:
    """Return the parameters of PutResourcePolicy."""
    return {"policyName": name, "policyDocument": inputs["policyDocument"]}


@makes("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyName policyDocument")
def log_resource_policy(order: Order) -> Made:
    """Let AWS services write to log groups."""
    name = order.name("policyName")
    order.client("logs").put_resource_policy(**resource_policy_request(order.inputs, name))
    return Made(name, {"policyName": name})
