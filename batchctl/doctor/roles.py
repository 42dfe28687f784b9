"""Whether the roles are there, trust the right service, and may do what their documents say.

IAM simulates their policies and boundaries. The policies of resources and of the organisation are
not in that, nor is what a job's own role is for: that its command alone knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from batch.contract import RUN_TASK
from batch.documents import (
    containers,
    job_machine,
    machine_logs,
    recorder_machine,
    rule_target,
    schedule_target,
    sweep_machine,
)
from batch.documents.statements import Statement
from batchctl.doctor import trust
from batchctl.doctor.answers import each, unanswered
from batchctl.doctor.finding import Finding, listed, not_checked, ok, problem
from batchctl.doctor.patient import Patient

_AGAIN = "deploy the platform again; if it stays so, a boundary or a policy of its own denies it"


@dataclass(frozen=True)
class _Role:
    """A role of the platform: who takes it, for what, and what it must be allowed."""

    arn: str
    service: str
    source_arn: str
    needs: tuple[Statement, ...] = ()


def roles(patient: Patient) -> Iterator[Finding]:
    """Look at each role that AWS takes for the platform, and at the rules that take one."""
    for what, part in (
        ("roles of tasks", _of_tasks),
        ("roles of machines and schedules", _of_platform),
        ("roles of rules and recorder", _of_rules),
        ("role of the sweep", _of_sweep),
    ):
        # One that AWS does not tell of hides none of the others.
        try:
            found = list(part(patient))
        except Exception as error:  # noqa: BLE001
            yield unanswered(what, error)
        else:
            yield from each(found, lambda where, role: _role(patient, where, role))
    yield from _rules(patient)


def _rules(patient: Patient) -> Iterator[Finding]:
    if not patient.rules:
        yield problem(
            "rules", "none starts the recorder: nobody hears how runs end", "deploy the platform"
        )
    for rule in patient.rules:
        if rule.state != "ENABLED":
            yield problem(
                f"rule {rule.name}",
                "it is disabled: nobody hears how runs end",
                f"`aws events enable-rule --name {rule.name}`",
            )


def _of_platform(patient: Patient) -> Iterator[tuple[str, _Role]]:
    platform, key = patient.platform, patient.key_arn
    starts = patient.sweep_target["DeadLetterConfig"]["Arn"]
    yield (
        "role of the machines",
        _Role(
            patient.machine["roleArn"],
            "states.amazonaws.com",
            platform.state_machine_arn(RUN_TASK),
            tuple(job_machine.permissions(platform=platform, key_arn=key)),
        ),
    )
    yield (
        "role of the schedules",
        _Role(
            patient.sweep_target["RoleArn"],
            "scheduler.amazonaws.com",
            platform.arn("scheduler", f"schedule-group/{platform.schedule_group}"),
            tuple(schedule_target.permissions(platform=platform, queue_arn=starts, key_arn=key)),
        ),
    )


def _of_rules(patient: Patient) -> Iterator[tuple[str, _Role]]:
    platform = patient.platform
    for rule in patient.rules[:1]:
        needs = tuple(rule_target.permissions(platform=platform))
        events = "events.amazonaws.com"
        yield "role of the rules", _Role(rule.target["RoleArn"], events, rule.arn, needs)
        topics = [platform.success_topic, platform.failure_topic]
        yield _of_own_machine(
            patient,
            platform.recorder,
            recorder_machine.permissions(
                platform=platform,
                queue_arn=rule.target["DeadLetterConfig"]["Arn"],
                topic_arns=[platform.topic_arn(name) for name in topics],
                key_arn=patient.key_arn,
            ),
        )


def _of_sweep(patient: Patient) -> Iterator[tuple[str, _Role]]:
    platform = patient.platform
    for rule in patient.rules[:1]:
        yield _of_own_machine(
            patient,
            platform.sweep,
            sweep_machine.permissions(
                platform=platform,
                queue_arn=rule.target["DeadLetterConfig"]["Arn"],
                failure_topic_arn=platform.topic_arn(platform.failure_topic),
                key_arn=patient.key_arn,
            ),
        )


def _of_own_machine(patient: Patient, name: str, needs: Iterable[Statement]) -> tuple[str, _Role]:
    arn = patient.platform.own_machine_arn(name)
    role = patient.aws.machines.describe_state_machine(stateMachineArn=arn)["roleArn"]
    allowed = (*needs, *machine_logs.permissions())
    return f"role of {name}", _Role(role, "states.amazonaws.com", arn, allowed)


def _of_tasks(patient: Patient) -> Iterator[tuple[str, _Role]]:
    """Yield execution roles and task roles, each once."""
    platform, service = patient.platform, "ecs-tasks.amazonaws.com"
    task = platform.arn("ecs", f"task/{platform.prefix}/x")
    logs = platform.log_group_arn(platform.task_log_group)
    families: dict[_Key, list[str]] = {}
    for definition in patient.task_definitions:
        for kind in ("execution", "task"):
            if arn := definition.get(f"{kind}RoleArn"):
                image = definition["containerDefinitions"][0]["image"]
                key = (kind, arn, image if kind == "execution" else "")
                families.setdefault(key, []).append(definition["family"])
    for (kind, arn, image), of in families.items():
        needs = containers.permissions(log_group_arn=logs, image=image) if image else []
        # A role of a job has what its image takes; the platform's may pull any.
        yield f"{kind} role of {listed(of)}", _Role(arn, service, task, tuple(needs))


_Key = tuple[str, str, str]


def _role(patient: Patient, where: str, role: _Role) -> Finding:
    iam = patient.aws.client("iam")
    try:
        found = iam.get_role(RoleName=role.arn.rpartition("/")[2])["Role"]
    except iam.exceptions.NoSuchEntityException:
        return problem(where, f"{role.arn} is not there", "deploy the platform again")
    try:
        refused = trust.refusal(
            _document(found["AssumeRolePolicyDocument"]),
            role.service,
            SourceAccount=patient.platform.account,
            SourceArn=role.source_arn,
        )
    except ValueError as error:
        return not_checked(where, str(error), f"`aws iam get-role --role-name {found['RoleName']}`")
    if refused:
        return problem(where, f"{refused} ({role.arn})", "deploy again: the program writes it")
    if missing := patient.refused(role.arn, role.needs):
        return problem(where, f"it may not {_in_words(missing)}", _AGAIN)
    trusted = f"it is there, and {role.service} may take it"
    return ok(where, f"{trusted} for what its document says" if role.needs else trusted)


def _in_words(missing: list[str]) -> str:
    """Return the first of what is missing, on what; and the other actions."""
    others = sorted({text.partition(" on ")[0] for text in missing[1:]})
    return missing[0] + (f", nor {listed(others)}" if others else "")


def _document(text: Any) -> dict[str, Any]:
    # The API encodes it; boto3 reads it.
    document: dict[str, Any] = json.loads(unquote(text)) if isinstance(text, str) else text
    return document
