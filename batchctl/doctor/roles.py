"""Whether the roles are there, trust the right service, and allow what a run cannot do without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from batch.contract import RUN_TASK
from batchctl.doctor.finding import Finding, ok, problem
from batchctl.doctor.patient import Patient


class _Role(NamedTuple):
    """A role of the platform."""

    what: str
    arn: str
    service: str
    needs: tuple[tuple[str, str, dict[str, str]], ...]
    """Action, resource and context of what it must be allowed."""


def roles(patient: Patient) -> Iterator[Finding]:
    """Look at each role that AWS takes for the platform."""
    for role in _roles(patient):
        yield _role(patient, role)


def _roles(patient: Patient) -> Iterator[_Role]:
    platform = patient.platform
    own = next(one for one in patient.task_definitions if one["family"] == platform.family())
    family = platform.arn("ecs", f"task-definition/{platform.family()}:1")
    stream = platform.log_group_arn(platform.task_log_group) + ":log-stream:task/x"
    yield _Role(
        "the machines' role",
        patient.machine["roleArn"],
        "states.amazonaws.com",
        (
            ("ecs:RunTask", family, {"ecs:cluster": platform.cluster_arn}),
            (
                "iam:PassRole",
                own["executionRoleArn"],
                {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        ),
    )
    yield _Role(
        "the schedules' role",
        patient.sweep_target["RoleArn"],
        "scheduler.amazonaws.com",
        (
            ("states:StartExecution", platform.state_machine_arn(RUN_TASK), {}),
            ("sqs:SendMessage", patient.sweep_target["DeadLetterConfig"]["Arn"], {}),
        ),
    )
    for definition in patient.task_definitions:
        execution, task = definition.get("executionRoleArn"), definition.get("taskRoleArn")
        if execution:
            yield _Role(
                f"the execution role of {definition['family']}",
                execution,
                "ecs-tasks.amazonaws.com",
                (("logs:PutLogEvents", stream, {}),),
            )
        if task:
            what = f"the task role of {definition['family']}"
            yield _Role(what, task, "ecs-tasks.amazonaws.com", ())
    for name in (platform.recorder, platform.sweep):
        machine = patient.aws.machines.describe_state_machine(
            stateMachineArn=platform.own_machine_arn(name)
        )
        yield _Role(f"the role of {name}", machine["roleArn"], "states.amazonaws.com", ())


def _role(patient: Patient, role: _Role) -> Finding:
    iam = patient.aws.client("iam")
    try:
        found = iam.get_role(RoleName=role.arn.rpartition("/")[2])["Role"]
    except iam.exceptions.NoSuchEntityException:
        return problem(role.what, f"{role.arn} is not there", "deploy the platform again")
    if role.service not in _trusted(found["AssumeRolePolicyDocument"]):
        return problem(
            role.what, f"{role.arn} does not trust {role.service}", "deploy the platform again"
        )
    for action, resource, context in role.needs:
        if not patient.allowed(role.arn, action, resource, **context):
            return problem(
                role.what,
                f"it may not {action} on {resource}",
                "deploy the platform again; if it stays so, a boundary or a policy of the "
                "organisation denies it",
            )
    return ok(role.what, f"it is there, trusts {role.service}, and may do what is looked at here")


def _trusted(document: Any) -> set[str]:
    # The API encodes it; boto3 reads it.
    trust = json.loads(unquote(document)) if isinstance(document, str) else document
    found: set[str] = set()
    for statement in trust["Statement"]:
        services = statement.get("Principal", {}).get("Service", [])
        found |= {services} if isinstance(services, str) else set(services)
    return found
