"""The log groups: what the tasks write, and what the state machines do."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.settings import Settings


@dataclass(frozen=True)
class LogGroups:
    """The two groups of a platform."""

    tasks: aws.cloudwatch.LogGroup
    machines: aws.cloudwatch.LogGroup


def make(
    name: str,
    *,
    platform: Platform,
    settings: Settings,
    key_arn: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> LogGroups:
    """Make both. In production they are protected: nothing brings a deleted log back."""

    def group(what: str, physical_name: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{name}-{what}",
            name=physical_name,
            retention_in_days=settings.log_retention_days,
            kms_key_id=key_arn,
            opts=pulumi.ResourceOptions(parent=parent, protect=settings.production or None),
        )

    return LogGroups(
        tasks=group("tasks", platform.task_log_group),
        machines=group("machines", platform.machine_log_group),
    )
