"""Whether the secrets of the jobs are there, and their execution roles may read them.

No value is read: whether a secret's JSON has the key that a job names is therefore not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batchctl.doctor.answers import each
from batchctl.doctor.finding import Finding, not_checked, ok, problem
from batchctl.doctor.patient import Patient


@dataclass(frozen=True)
class _Wanted:
    """A secret of a container, and the role that reads it."""

    source: str
    """``valueFrom`` of the container."""
    role: str


@dataclass(frozen=True)
class _There:
    """A secret that is there, and how it is read."""

    arn: str
    action: str
    service: str
    key: str
    """Its key: an ARN, an alias, or empty for AWS's own."""


def secrets(patient: Patient) -> Iterator[Finding]:
    """Look at each secret of every task definition."""
    wanted = [
        (
            f"secret {secret['name']} of {definition['family']}",
            _Wanted(secret["valueFrom"], definition.get("executionRoleArn", "")),
        )
        for definition in patient.task_definitions
        for container in definition["containerDefinitions"]
        for secret in container.get("secrets", [])
    ]
    if not wanted:
        yield ok("secrets", "no job has one")
    yield from each(wanted, lambda where, secret: _secret(patient, where, secret))


def _secret(patient: Patient, where: str, wanted: _Wanted) -> Finding:
    of_manager = ":secretsmanager:" in wanted.source
    found = (
        _in_manager(patient, wanted.source) if of_manager else _parameter(patient, wanted.source)
    )
    if isinstance(found, str):
        return problem(where, found, "make it, or correct the job's `secrets`")
    if not wanted.role:
        return problem(where, "there is no execution role to read it", "deploy the job again")
    again = "deploy the job again: its role gets what its `secrets` name"
    if not patient.allowed(wanted.role, found.action, found.arn):
        return problem(where, f"{wanted.role} may not {found.action} {found.arn}", again)
    if found.key and (trouble := _key(patient, wanted.role, found)):
        return problem(where, *trouble)
    json_key = wanted.source.split(":")[7:8] if of_manager else []
    if json_key not in ([], [""]):
        return not_checked(
            where,
            f"{found.arn} is there and may be read; whether it has the key {json_key[0]} is in its "
            "value, which is not read here",
            f"`aws secretsmanager get-secret-value --secret-id {found.arn}` shows it",
        )
    return ok(where, f"{found.arn} is there, and its execution role may read it")


def _parameter(patient: Patient, source: str) -> _There | str:
    """Return a parameter of SSM, or what is wrong with it."""
    name, region = source, patient.platform.region
    if source.startswith("arn:"):
        region = source.split(":")[3]
        path = source.partition(":parameter")[2]
        # An ARN has one slash before a name without one.
        name = path[1:] if path.count("/") == 1 else path
    client = patient.aws.client("ssm", region)
    # The ARN of `/name` is that of `name`.
    either = [name] if name.startswith("/") else [name, f"/{name}"]
    found = client.describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": either}]
    )["Parameters"]
    if not found:
        return f"{source} is not there"
    arn = source if source.startswith("arn:") else _arn(patient, name)
    key = found[0].get("KeyId", "") if found[0].get("Type") == "SecureString" else ""
    return _There(arn, "ssm:GetParameters", "ssm", key)


def _arn(patient: Patient, name: str) -> str:
    return patient.platform.arn("ssm", f"parameter/{name.lstrip('/')}")


def _in_manager(patient: Patient, source: str) -> _There | str:
    """Return a secret of Secrets Manager, or what is wrong with it."""
    parts = source.split(":")
    arn, region = ":".join(parts[:7]), parts[3]
    stage, version = [*parts[8:10], "", ""][:2]
    client = patient.aws.client("secretsmanager", region)
    try:
        found: dict[str, Any] = client.describe_secret(SecretId=arn)
    except client.exceptions.ResourceNotFoundException:
        return f"{arn} is not there"
    if "DeletedDate" in found:
        return f"{arn} is to be deleted, and cannot be read"
    versions = found.get("VersionIdsToStages", {})
    if version and version not in versions:
        return f"{arn} has no version {version}"
    if not version and not any((stage or "AWSCURRENT") in stages for stages in versions.values()):
        return f"{arn} has no value that is {stage or 'AWSCURRENT'}"
    return _There(
        found["ARN"], "secretsmanager:GetSecretValue", "secretsmanager", found.get("KmsKeyId", "")
    )


def _key(patient: Patient, role: str, secret: _There) -> tuple[str, str] | None:
    """Return what is wrong with a key of one's own, and what to do; None if nothing is."""
    if "alias/aws/" in secret.key:
        return None
    region = secret.arn.split(":")[3]
    kms = patient.aws.client("kms", region)
    try:
        key = kms.describe_key(KeyId=secret.key)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        return f"its key {secret.key} is not there", "encrypt it with a key that is"
    if key.get("KeyManager") == "AWS":
        return None
    if key["KeyState"] != "Enabled":
        return f"its key {key['Arn']} is {key['KeyState']}", "enable the key, or take another"
    name = "PARAMETER_ARN" if secret.service == "ssm" else "SecretARN"
    context = {
        "kms:ViaService": f"{secret.service}.{region}.amazonaws.com",
        f"kms:EncryptionContext:{name}": secret.arn,
    }
    if patient.allowed(role, "kms:Decrypt", key["Arn"], **context):
        return None
    what = f"{role} may not kms:Decrypt with {key['Arn']}"
    return what, "deploy the job again: its role gets what its `secrets` name"
