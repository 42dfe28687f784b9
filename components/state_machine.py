"""State machines: the one of a job and the platform's for arbitrary commands alike."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.contract import Platform, Tag
from components.rendering import derived


def make(
    name: str,
    *,
    physical_name: pulumi.Input[str],
    definition: pulumi.Input[str],
    role_arn: pulumi.Input[str],
    log_group_arn: pulumi.Input[str],
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    parent: pulumi.Resource,
) -> aws.sfn.StateMachine:
    """Make a STANDARD state machine that logs."""
    return aws.sfn.StateMachine(
        name,
        name=physical_name,
        type="STANDARD",
        definition=definition,
        role_arn=role_arn,
        logging_configuration={
            "level": "ALL",
            # Input and output can hold what an operator put into the environment of a run. They
            # are in the execution's history, where fewer people can read them, for 90 days.
            "include_execution_data": False,
            # Step Functions wants the streams' ARN.
            "log_destination": derived(lambda arn: f"{arn}:*", arn=log_group_arn),
        },
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def tags(platform: Platform, *, job: str, owner: str, project: str) -> dict[str, Any]:
    """Return what a machine is found and paid by."""
    values = {
        Tag.PLATFORM: platform.prefix,
        Tag.JOB: job,
        Tag.OWNER: owner,
        Tag.PROJECT: project,
    }
    return {key.value: value for key, value in values.items() if value}
