"""Clusters and task definitions."""

from __future__ import annotations

import json
from typing import Any

from localaws.monitor import Made, Resource
from localaws.provision.registry import Inputs, Order, changes, makes, removes
from localaws.provision.shapes import camel, lower_tag_list, present


def cluster_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateCluster."""
    return present(
        clusterName=name,
        settings=camel(inputs.get("settings")),
        configuration=camel(inputs.get("configuration")),
        serviceConnectDefaults=camel(inputs.get("serviceConnectDefaults")),
        tags=lower_tag_list(tags) or None,
    )


@makes("aws:ecs/cluster:Cluster", "name settings configuration serviceConnectDefaults tags")
def cluster(order: Order) -> Made:
    """Make a cluster."""
    name = order.name()
    made = order.client("ecs").create_cluster(**cluster_request(order.inputs, name, order.tags()))
    arn = made["cluster"]["clusterArn"]
    return Made(arn, {"arn": arn, "name": name})


def capacity_providers_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of PutClusterCapacityProviders."""
    return {
        "cluster": inputs["clusterName"],
        "capacityProviders": inputs.get("capacityProviders") or [],
        "defaultCapacityProviderStrategy": camel(inputs.get("defaultCapacityProviderStrategies"))
        or [],
    }


@makes(
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
    "clusterName capacityProviders defaultCapacityProviderStrategies",
)
def cluster_capacity_providers(order: Order) -> Made:
    """Set what a cluster's tasks may run on."""
    order.client("ecs").put_cluster_capacity_providers(**capacity_providers_request(order.inputs))
    return Made(str(order.inputs["clusterName"]))


def task_definition_request(inputs: Inputs, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of RegisterTaskDefinition."""
    storage = inputs.get("ephemeralStorage")
    return present(
        family=inputs["family"],
        containerDefinitions=json.loads(inputs["containerDefinitions"]),
        cpu=inputs.get("cpu"),
        memory=inputs.get("memory"),
        networkMode=inputs.get("networkMode"),
        requiresCompatibilities=inputs.get("requiresCompatibilities"),
        executionRoleArn=inputs.get("executionRoleArn"),
        taskRoleArn=inputs.get("taskRoleArn"),
        runtimePlatform=camel(inputs.get("runtimePlatform")),
        ephemeralStorage=storage and {"sizeInGiB": storage["sizeInGib"]},
        volumes=[_volume(volume) for volume in inputs.get("volumes") or []] or None,
        pidMode=inputs.get("pidMode"),
        ipcMode=inputs.get("ipcMode"),
        enableFaultInjection=inputs.get("enableFaultInjection"),
        tags=lower_tag_list(tags) or None,
    )


def _volume(volume: dict[str, Any]) -> dict[str, Any]:
    host = volume.get("hostPath")
    return present(
        name=volume["name"],
        host=host and {"sourcePath": host},
        configuredAtLaunch=volume.get("configureAtLaunch"),
        efsVolumeConfiguration=camel(volume.get("efsVolumeConfiguration")),
        dockerVolumeConfiguration=camel(volume.get("dockerVolumeConfiguration")),
    )


@makes(
    "aws:ecs/taskDefinition:TaskDefinition",
    # skipDestroy and trackLatest only tell the provider what to do on later updates.
    "family containerDefinitions cpu memory networkMode requiresCompatibilities executionRoleArn "
    "taskRoleArn runtimePlatform ephemeralStorage volumes pidMode ipcMode enableFaultInjection "
    "skipDestroy trackLatest tags",
)
def task_definition(order: Order) -> Made:
    """Register a revision of a task definition."""
    made = order.client("ecs").register_task_definition(
        **task_definition_request(order.inputs, order.tags())
    )["taskDefinition"]
    arn = made["taskDefinitionArn"]
    return Made(
        made["family"],
        {
            "arn": arn,
            "arnWithoutRevision": arn.rpartition(":")[0],
            "revision": made["revision"],
        },
    )


@changes("aws:ecs/taskDefinition:TaskDefinition")
def changed_task_definition(order: Order, _there: Resource) -> Made:
    """Register a further revision."""
    return task_definition(order)


@removes("aws:ecs/taskDefinition:TaskDefinition")
def removed_task_definition(order: Order, there: Resource) -> None:
    """Deregister a revision."""
    order.client("ecs").deregister_task_definition(taskDefinition=there.outputs["arn"])
