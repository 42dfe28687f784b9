"""The ECS cluster."""

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.settings import Settings


def make(
    name: str, *, platform: Platform, settings: Settings, parent: pulumi.Resource
) -> tuple[pulumi.CustomResource, ...]:
    """Make the cluster, with Fargate and Fargate Spot. Machines name it by its ARN.

    Returns:
        What must be there before a task can run.
    """
    child = pulumi.ResourceOptions(parent=parent)
    cluster = aws.ecs.Cluster(
        name,
        name=platform.prefix,
        settings=[{"name": "containerInsights", "value": settings.container_insights}],
        opts=child,
    )
    providers = aws.ecs.ClusterCapacityProviders(
        name,
        cluster_name=cluster.name,
        capacity_providers=["FARGATE", "FARGATE_SPOT"],
        default_capacity_provider_strategies=[{"capacity_provider": "FARGATE", "weight": 1}],
        opts=child,
    )
    return cluster, providers
