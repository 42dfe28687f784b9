"""What a platform hands to its jobs: one flat map of strings.

It crosses StackReferences and the component host, so a team's own Pulumi project can add jobs
to a shared platform. What follows from its name and place is not in it: see ``batch.contract``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batch.contract import Platform

KEYS: Final[Mapping[str, str]] = {
    "platform": "what the platform is called, without the stack",
    "stack": "the stack it was deployed for",
    "account": "the AWS account id",
    "region": "the AWS region",
    "partition": "the AWS partition, for instance aws",
    "project": "the Pulumi project, for the tag of the jobs",
    "subnets": "ids of the subnets that tasks run in, joined by commas",
    "groups": "ids of the security groups of the tasks, joined by commas",
    "publicip": "ENABLED or DISABLED: whether tasks get a public address",
    "container": "the name of the container that runs the command",
    "image": "the image of that container",
    "executionrole": "ARN of the role with which ECS starts tasks",
    "machinerole": "ARN of the role of the state machines",
    "schedulerrole": "ARN of the role with which EventBridge Scheduler starts runs",
    "deadletters": "ARN of the queue of the starts that could not be delivered",
    "boundary": "ARN of the permissions boundary of every role, empty if there is none",
    "architecture": "X86_64 or ARM64",
    "cpu": "CPU units of a task that names none",
    "memory": "MiB of a task that names none",
    "taskdefinition": "ARN of the platform's task definition, with its revision",
    "historydays": "how many days the record of a run is kept",
    "successmessages": "true or false: whether successes are told, unless a job says otherwise",
    "limits": "concurrency groups and their limits, such as api=5,db=3",
    "topics": "ARNs of the topics that a job may name, joined by commas",
}
"""Every key and what it holds. Keys are single lower-case words."""


def platform_of(connection: Mapping[str, str]) -> Platform:
    """Return the platform that ``connection`` belongs to."""
    return Platform(
        name=connection["platform"],
        stack=connection["stack"],
        account=connection["account"],
        region=connection["region"],
        partition=connection["partition"],
    )


def limits_text(limits: Mapping[str, int]) -> str:
    """Return what the connection says of concurrency groups and their limits."""
    return ",".join(f"{group}={limit}" for group, limit in sorted(limits.items()))


def limits_of(text: str) -> dict[str, int]:
    """Return the limits by concurrency group that :func:`limits_text` made a text of."""
    pairs = (item.split("=") for item in text.split(",") if item)
    return {group: int(limit) for group, limit in pairs}
