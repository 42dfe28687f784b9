"""Secrets and their values."""

from __future__ import annotations

import base64
from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list


def secret_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateSecret."""
    return present(
        Name=name,
        Description=inputs.get("description"),
        KmsKeyId=inputs.get("kmsKeyId"),
        Tags=tag_list(tags) or None,
    )


@makes(
    "aws:secretsmanager/secret:Secret",
    # The recovery window only tells the provider what to do on deletion.
    "name namePrefix description kmsKeyId policy recoveryWindowInDays tags",
)
def secret(order: Order) -> Made:
    """Make a secret without a value."""
    name, client = order.name(), order.client("secretsmanager")
    arn = client.create_secret(**secret_request(order.inputs, name, order.tags()))["ARN"]
    if policy := order.inputs.get("policy"):
        client.put_resource_policy(SecretId=arn, ResourcePolicy=policy)
    return Made(arn, {"arn": arn, "name": name})


def secret_version_request(inputs: Inputs) -> dict[str, Any]:
    """Return the parameters of PutSecretValue."""
    binary = inputs.get("secretBinary")
    return present(
        SecretId=inputs["secretId"],
        SecretString=inputs.get("secretString"),
        SecretBinary=binary and base64.b64decode(binary),
        VersionStages=inputs.get("versionStages"),
    )


@makes(
    "aws:secretsmanager/secretVersion:SecretVersion",
    "secretId secretString secretBinary versionStages",
)
def secret_version(order: Order) -> Made:
    """Set a secret's value."""
    request = secret_version_request(order.inputs)
    made = order.client("secretsmanager").put_secret_value(**request)
    arn, version = made["ARN"], made["VersionId"]
    return Made(f"{arn}|{version}", {"arn": arn, "secretArn": arn, "versionId": version})
