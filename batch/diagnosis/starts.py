"""What AWS's texts about a task that did not start mean.

The texts are those of "Amazon ECS stopped tasks error messages", "Stopped tasks error codes" and
"CannotPullContainer task errors" in the ECS developer guide; and the platform's own.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from batch.diagnosis.finding import Diagnosis


class Start(NamedTuple):
    """What a text of AWS about a task that did not start means."""

    pattern: re.Pattern[str]
    what: str
    todo: str


BUILD_FOR_ARCHITECTURE: Final = (
    "build the image for the job's architecture (`docker build --platform linux/amd64` or "
    "linux/arm64), or set its `architecture`"
)
_REACH: Final = (
    "give the subnets a route: a NAT gateway, a public IP in a public subnet, or VPC endpoints; "
    "`batchctl doctor` checks it"
)


def _start(pattern: str, what: str, todo: str) -> Start:
    return Start(re.compile(pattern, re.IGNORECASE | re.DOTALL), what, todo)


STARTS: Final = (
    # The order counts: what is more special comes first.
    _start(
        r"no match for platform|does not contain descriptor matching platform|exec format error",
        "its image is not built for its CPU architecture",
        BUILD_FOR_ARCHITECTURE,
    ),
    _start(
        r"toomanyrequests|pull rate limit",
        "the registry allows no more pulls for now",
        "copy the image to ECR, or pull through its cache; then `batchctl rerun`",
    ),
    _start(
        r"from (asm|ssm)\b.*(not authorized|AccessDenied)|perform: (secretsmanager|ssm|kms):"
        r"|access to KMS is not allowed",
        "its execution role may not read one of its secrets",
        "declare the secret in the job's `secrets`, with its key in the stack's configuration if "
        "it has one of its own; `batchctl doctor` says which one",
    ),
    _start(
        r"(pull|registry auth|ecr).*(not authorized to perform|AccessDenied|access denied"
        r"|\bdenied\b|insufficient_scope|authorization failed|no basic auth credentials"
        r"|403 Forbidden)",
        "it may not pull its image",
        "let the execution role pull from the repository, and the repository's policy let this "
        "account; or check the image's name: a private registry denies what it does not have",
    ),
    _start(
        r"(can't find the specified secret|ResourceNotFoundException.*secret|invalid ssm parameters"
        r"|invalid parameters|ParameterNotFound"
        r"|retrieved secret from Secrets Manager did not contain json key"
        r"|can't find the specified secret value)",
        "one of its secrets does not exist",
        "make the secret, or correct its ARN or JSON key in the job's `secrets`",
    ),
    _start(
        r"unable to pull secrets or registry auth.*(timeout|timed out|deadline|dial tcp"
        r"|connection issue|RequestError|no such host|Check your task network)",
        "it could not reach AWS to get its secrets or the right to pull",
        _REACH,
    ),
    _start(
        r"(CannotPull|pull image|failed to resolve ref|pull command failed|ref pull).*"
        r"(timeout|timed out|dial tcp|deadline|no such host|connection (refused|reset)|i/o)",
        "it could not reach the image's registry",
        _REACH,
    ),
    _start(
        r"(CannotPull|pull|image|ref ).*(not found|does not exist|manifest unknown|404)",
        "its image was not found",
        "push the image, or correct its name or tag; `batchctl doctor` checks it",
    ),
    _start(
        r"CannotPull",
        "its image could not be pulled",
        "check image, registry and network with `batchctl doctor`",
    ),
    _start(
        r"failed to (validate logger args|initialize logging driver|create Cloudwatch log)"
        r"|specified log group does not exist",
        "its logs could not be written to CloudWatch",
        "check with `batchctl doctor` that the log group is there, that the execution role may "
        "write to it, and that the subnets reach CloudWatch Logs",
    ),
    _start(
        r"EFS|mount\.nfs|file system",
        "its EFS volume could not be mounted",
        "check that a mount target of the file system is in the subnet's zone, and that security "
        "groups let NFS (port 2049) through",
    ),
    _start(
        r"limit on the number of vCPUs|vCPU.*(limit|quota)",
        "the account's quota of Fargate vCPUs is used up",
        "have the quota raised (Service Quotas, AWS Fargate), or spread the schedules; "
        "`batchctl doctor` shows what is left",
    ),
    _start(
        r"Capacity is unavailable|insufficient capacity|RESOURCE:(FARGATE|CPU|MEMORY)"
        r"|RunTask.*capacity",
        "AWS had no Fargate capacity in these subnets",
        "`batchctl rerun` it later; give the platform subnets in more zones, the job a longer "
        "`start_retry`, or no `spot`",
    ),
    _start(
        r"InsufficientFreeAddresses|not enough free addresses|no free addresses",
        "its subnets have no free addresses",
        "use larger subnets, or more of them",
    ),
    _start(
        r"network interface|\bENI\b",
        "it got no network interface",
        "`batchctl rerun` it; if it stays so, look at the account's quota of network interfaces",
    ),
    _start(
        r"Throttl|Rate exceeded|TooManyRequests",
        "AWS took no more starts at that moment",
        "`batchctl rerun` it; spread the schedules with `flexible_window_minutes`",
    ),
    _start(
        r"executable file not found|no such file or directory|not found in \$PATH",
        "its command is not in the image",
        "check the spelling, and that the image has the program (`bash` too) on its PATH",
    ),
    _start(
        r"permission denied",
        "its command cannot be executed",
        "check the file's mode in the image",
    ),
    _start(
        r"(TaskDefinition|task definition).*(inactive|not found|does not exist)|Unable to describe "
        r"task definition",
        "its task definition is gone",
        "deploy the stack again",
    ),
    _start(
        r"unable to assume the role|PassRole|assume role",
        "AWS could not take one of its roles",
        "check with `batchctl doctor` that the roles are there and trust ECS",
    ),
    _start(
        r"AccessDenied|not authorized",
        "the platform may not start it",
        "see in the text which action is denied, and deploy the stack again: it makes the policy",
    ),
    _start(
        r"control table",
        "the platform could not write down that it begins",
        "check with `batchctl doctor` that the control table is there; then `batchctl rerun`",
    ),
    _start(
        r"Unable to transition to running|timed out after waiting|ContainerRuntimeTimeout",
        "its container did not come up in time",
        "`batchctl rerun` it; if it stays so, look at the size of the image",
    ),
    _start(
        r"\binput\b|must be|is not (a|an|one of|text)\b|is one of the job's secrets|8,?192",
        "its input was refused",
        "start it again with input that docs/state-machine.md allows",
    ),
)


def of_start(reason: str) -> Diagnosis:
    """Return why a run never started."""
    for start in STARTS:
        if start.pattern.search(reason):
            return Diagnosis(f"never started: {start.what}", start.todo)
    said = f": {reason}" if reason else ""
    return Diagnosis(
        f"never started{said}",
        "`batchctl doctor` checks image, secrets, network and roles; then `batchctl rerun`",
    )
