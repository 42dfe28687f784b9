"""EFS file systems in a task: the volumes, where the container sees them, what the task may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batch.contract import Platform
from batch.documents.statements import Statement, allow
from batch.job import Volume


def definitions(volumes: Sequence[Volume]) -> list[dict[str, Any]]:
    """Return the ``volumes`` of a task definition, in the words of ECS's API."""
    return [{"name": v.name, "efsVolumeConfiguration": _efs(v)} for v in _sorted(volumes)]


def mounts(volumes: Sequence[Volume]) -> list[dict[str, Any]]:
    """Return the ``mountPoints`` of a container definition."""
    return [
        {"sourceVolume": v.name, "containerPath": v.path, "readOnly": v.read_only}
        for v in _sorted(volumes)
    ]


def permissions(*, platform: Platform, volumes: Sequence[Volume]) -> list[Statement]:
    """Return what the task role needs to mount ``volumes``."""
    statements = []
    for volume in _sorted(volumes):
        actions = ["elasticfilesystem:ClientMount"]
        if not volume.read_only:
            actions.append("elasticfilesystem:ClientWrite")
        file_system = platform.arn("elasticfilesystem", f"file-system/{volume.file_system_id}")
        conditions = {}
        if volume.access_point_id:
            access_point = f"access-point/{volume.access_point_id}"
            conditions["StringEquals"] = {
                "elasticfilesystem:AccessPointArn": platform.arn("elasticfilesystem", access_point)
            }
        statements.append(allow(actions, [file_system], **conditions))
    return statements


def _efs(volume: Volume) -> dict[str, Any]:
    authorization: dict[str, Any] = {"iam": "ENABLED"}
    if volume.access_point_id:
        authorization["accessPointId"] = volume.access_point_id
    return {
        "fileSystemId": volume.file_system_id,
        # With an access point it has to be "/": the access point says what the root is.
        "rootDirectory": "/" if volume.access_point_id else volume.root_directory,
        # IAM authorization needs it.
        "transitEncryption": "ENABLED",
        "authorizationConfig": authorization,
    }


def _sorted(volumes: Sequence[Volume]) -> list[Volume]:
    return sorted(volumes, key=lambda volume: volume.name)
