"""Task definitions: the platform's, and the own one of a job that it does not fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import containers
from batch.documents import volumes as efs
from batch.job import Volume
from components.rendering import rendered


def make(
    name: str,
    *,
    platform: pulumi.Input[Platform],
    family: pulumi.Input[str],
    image: pulumi.Input[str],
    container: pulumi.Input[str],
    cpu: pulumi.Input[str],
    memory: pulumi.Input[str],
    architecture: pulumi.Input[str],
    execution_role_arn: pulumi.Input[str],
    task_role_arn: pulumi.Input[str] | None = None,
    secrets: pulumi.Input[Mapping[str, str]] | None = None,
    volumes: pulumi.Input[Sequence[Volume]] = (),
    parent: pulumi.Resource,
) -> aws.ecs.TaskDefinition:
    """Make a task definition for Fargate. Command, size and environment come with each run.

    It has no tags but the provider's. A task takes those over and gets the job's from RunTask,
    which wants each key once.
    """
    documents = rendered(
        _containers,
        platform=platform,
        image=image,
        container=container,
        secrets=secrets or {},
        volumes=volumes,
    )
    efs_volumes: pulumi.Output[Any] | None = None
    if volumes != ():
        # In the words of the API, which are also the provider's.
        efs_volumes = pulumi.Output.from_input(volumes).apply(efs.definitions)
    return aws.ecs.TaskDefinition(
        name,
        family=family,
        container_definitions=documents,
        cpu=cpu,
        memory=memory,
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": architecture},
        execution_role_arn=execution_role_arn,
        task_role_arn=task_role_arn,
        volumes=efs_volumes,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _containers(
    *,
    platform: Platform,
    image: str,
    container: str,
    secrets: Mapping[str, str],
    volumes: Sequence[Volume],
) -> list[dict[str, Any]]:
    return containers.definitions(
        image=image,
        container=container,
        log_group=platform.task_log_group,
        region=platform.region,
        environment={},
        secrets=secrets,
        volumes=volumes,
    )
