"""Programs that were evaluated once: each of the repository's stacks, and one with every feature."""

from __future__ import annotations

import functools
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from batch import stackfile
from components import BatchPlatform, RunOnDeploy, ScheduledJob
from tests.recording import ACCOUNT, REGION, Registered, deploy

ROOT = Path(__file__).parents[1]
STACKS = ("local", "prod", "stg")

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
PASSWORD = "correct horse battery staple"
"""What must be nowhere to read."""


@dataclass(frozen=True)
class Evaluated:
    """What a program registered and what it hands out."""

    resources: tuple[Registered, ...]
    outputs: Mapping[str, Any]
    prefix: str
    """``P`` of the platform."""
    default_tags: Mapping[str, str]
    """Those that the provider puts on everything."""

    key: str = ""
    """The customer's key, if there is one."""


@functools.cache
def evaluated(name: str) -> Evaluated:
    """Return a stack by its name, or the program with every feature, ``rich``."""
    return _rich() if name == "rich" else _stack(name)


def _stack(name: str) -> Evaluated:
    file = stackfile.read(name, ROOT, secrets="omit")
    # The account of the recording engine: whatever it makes up belongs to one.
    given = {**file.config, f"{file.project}:accountId": ACCOUNT}
    config = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()
    }

    def program() -> Any:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return dict(pulumi.runtime.get_root_resource().outputs)

    recording = deploy(
        program,
        configuration=config,
        project=file.project,
        stack=name,
    )
    tags = file.namespace("aws").get("defaultTags", {}).get("tags", {})
    return Evaluated(tuple(recording.custom()), recording.result, f"batch-{name}", tags)


def _rich() -> Evaluated:
    recording = deploy(rich)
    tags = {"managed-by": "pulumi"}
    return Evaluated(tuple(recording.custom()), recording.result, "batch-test", tags, KEY)


def rich() -> Any:
    """Register everything that there is, with a secret wherever a program could put one."""
    password = pulumi.Output.secret(PASSWORD)
    platform = BatchPlatform(
        "batch",
        {
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/rails:v1",
            "kms_key_arn": KEY,
            "permissions_boundary_arn": BOUNDARY,
            "production": True,
            "emails": {"success": ["a@example.com"], "failure": ["b@example.com"]},
            "slack": {
                "workspace_id": "T0123456789",
                "success_channel_id": "C0123456789",
                "failure_channel_id": "C9876543210",
            },
        },
    )
    migration = RunOnDeploy(
        "migrate",
        {"platform": platform.connection, "shell": "rake db:migrate", "triggers": [password]},
    )
    ScheduledJob(
        "import",
        {
            "platform": platform.connection,
            "schedules": {"early": "cron(0 1 * * ? *)", "late": "rate(6 hours)"},
            "command": ["python", "-m", "importer"],
            "owner": "data",
            "image": "importer:2",
            "architecture": "ARM64",
            "spot": True,
            "ephemeral_storage_gib": 50,
            "environment": {"MODE": "full"},
            "secrets": {
                "PASSWORD": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf",
                "TOKEN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/import/token",
            },
            "volumes": [{"name": "data", "file_system_id": "fs-0a1b2c3d", "path": "/data"}],
            "permissions": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::in/*"]}],
        },
        opts=pulumi.ResourceOptions(depends_on=[migration]),
    )
    ScheduledJob(
        "leaky",
        {
            "platform": platform.connection,
            "command": ["true"],
            "environment": {"MODE": password},
        },
    )
    return {"policies": platform.policies, "key_policy": platform.key_policy}
