"""Where a program is: account, region, partition."""

from __future__ import annotations

from typing import Any

from localaws.provision.registry import Question, answers, partition


@answers("aws:index/getCallerIdentity:getCallerIdentity", "id")
def get_caller_identity(question: Question) -> dict[str, Any]:
    """Return who deploys."""
    caller = question.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


@answers("aws:index/getRegion:getRegion", "id name endpoint")
def get_region(question: Question) -> dict[str, Any]:
    """Return the region."""
    region = str(question.args.get("name") or question.region)
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.{_suffix(region)}",
    }


@answers("aws:index/getPartition:getPartition", "id")
def get_partition(question: Question) -> dict[str, Any]:
    """Return the partition."""
    name, suffix = partition(question.region), _suffix(question.region)
    return {
        "id": name,
        "partition": name,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"
