"""Whether the secrets of the jobs are there, and their execution roles may read them."""

from __future__ import annotations

from collections.abc import Iterator

from batchctl.doctor.finding import Finding, not_checked, ok, problem
from batchctl.doctor.patient import Patient


def secrets(patient: Patient) -> Iterator[Finding]:
    """Look at each secret of every task definition. Their values are not read."""
    for definition in patient.task_definitions:
        for container in definition["containerDefinitions"]:
            for secret in container.get("secrets", []):
                where = f"secret {secret['name']} of {definition['family']}"
                yield _secret(
                    patient, where, secret["valueFrom"], definition.get("executionRoleArn", "")
                )


def _secret(patient: Patient, where: str, source: str, role: str) -> Finding:
    service = source.split(":")[2] if source.startswith("arn:") else "ssm"
    if service == "ssm":
        arn, action = source, "ssm:GetParameters"
        there = _parameter(patient, source.partition(":parameter")[2] or source)
    else:
        # After the name come a JSON key, a stage and a version.
        arn, action = ":".join(source.split(":")[:7]), "secretsmanager:GetSecretValue"
        there = _value(patient, arn)
    if not there:
        return problem(where, f"{arn} is not there", "make it, or correct the job's `secrets`")
    if not role:
        return problem(where, "there is no execution role to read it", "deploy the job again")
    if not patient.allowed(role, action, arn):
        return problem(
            where,
            f"{role} may not {action} {arn}",
            "deploy the job again: its role gets what its `secrets` name",
        )
    if source != arn and source.split(":")[7:8] not in ([], [""]):
        return not_checked(
            where,
            f"{arn} is there and may be read; whether it has the key {source.split(':')[7]} is in "
            "its value, which is not read here",
        )
    return ok(where, f"{arn} is there, and its execution role may read it")


def _parameter(patient: Patient, name: str) -> bool:
    # An ARN has one slash before a name without one.
    short = name[1:] if name.count("/") == 1 else name
    found = patient.aws.client("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [short, name]}]
    )
    return bool(found["Parameters"])


def _value(patient: Patient, arn: str) -> bool:
    client = patient.aws.client("secretsmanager")
    try:
        return "DeletedDate" not in client.describe_secret(SecretId=arn)
    except client.exceptions.ResourceNotFoundException:
        return False
