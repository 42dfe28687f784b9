"""What a job's tasks are made from: the platform's task definition, or one of its own."""

from dataclasses import dataclass
from typing import Final

import pulumi

from batch.contract import Platform
from batch.documents import containers, trusts
from batch.documents import volumes as efs
from batch.documents.statements import Statement, allow
from batch.errors import InvalidJob, Problem
from batch.job import Job
from components import role, task_definition
from components.connection import Connection
from components.job_inputs import JobInputs
from components.rendering import derived, text

_NAME_LIMIT: Final = 64 - len("-execution-0123456")
"""IAM's limit, without what a role's name has besides the resource's: the engine adds the end."""


@dataclass(frozen=True)
class Task:
    """A task definition."""

    family: pulumi.Input[str]
    arn: pulumi.Input[str]


def check_name(name: str, job: Job) -> None:
    """Raise unless the roles of the job can be named after the resource ``name``.

    Raises:
        InvalidJob: the name is too long.
    """
    if len(name) > _NAME_LIMIT and _makes_roles(job):
        what = (
            f"the resource's name {name!r} has {len(name)} characters, its roles' names have more"
        )
        fix = f"use at most {_NAME_LIMIT}; the job's own name can be another, in name"
        raise InvalidJob([Problem(f"jobs.{job.name}", what, fix)])


def make(
    name: str,
    *,
    inputs: JobInputs,
    connection: Connection,
    parent: pulumi.Resource,
) -> Task:
    """Return the platform's task definition, or make one if the job needs its own."""
    job, platform = inputs.job, connection.platform
    if not job.own_task_definition:
        family = derived(lambda platform: platform.family(), platform=platform)
        return Task(family, connection["taskdefinition"])
    family = derived(lambda platform: platform.family(job.name), platform=platform)
    settled = pulumi.Output.from_input(inputs.settled("image", "secrets", "volumes", "permissions"))
    made = task_definition.make(
        name,
        platform=platform,
        family=family,
        image=settled.apply(lambda known: str(known.image)) if job.image else connection["image"],
        container=job.container or connection["container"],
        cpu=str(job.cpu) if job.cpu else connection["cpu"],
        memory=str(job.memory) if job.memory else connection["memory"],
        architecture=job.architecture or connection["architecture"],
        execution_role_arn=_execution_role(name, job, settled, connection, parent),
        task_role_arn=_task_role(name, job, settled, connection, parent),
        secrets=settled.apply(lambda known: known.secrets) if job.secrets else None,
        volumes=settled.apply(lambda known: known.volumes) if job.volumes else (),
        parent=parent,
    )
    return Task(family, made.arn)


def _execution_role(
    name: str,
    job: Job,
    settled: pulumi.Output[Job],
    connection: Connection,
    parent: pulumi.Resource,
) -> pulumi.Input[str]:
    """Return the platform's, or one that may read the job's secrets: no other job's may."""
    if not job.secrets:
        return connection["executionrole"]
    return role.make(
        f"{name}-execution",
        place=connection.roles,
        description=f"Starts tasks of {job.name}, with its secrets",
        trust=_trust(connection),
        permissions=_may_start,
        parent=parent,
        platform=connection.platform,
        job=settled,
        image=settled.apply(lambda known: str(known.image)) if job.image else connection["image"],
    )


def _task_role(
    name: str,
    job: Job,
    settled: pulumi.Output[Job],
    connection: Connection,
    parent: pulumi.Resource,
) -> pulumi.Output[str] | None:
    """Return the role of the command, None if the job needs no permission on AWS."""
    if not _acts(job):
        return None
    return role.make(
        f"{name}-task",
        place=connection.roles,
        description=f"What the command of {job.name} may do",
        trust=_trust(connection),
        permissions=_may_do,
        parent=parent,
        platform=connection.platform,
        job=settled,
    )


def _trust(connection: Connection) -> pulumi.Input[str]:
    return derived(lambda platform: text(trusts.ecs_tasks(platform)), platform=connection.platform)


def _acts(job: Job) -> bool:
    """Return whether its command needs a role."""
    return bool(job.permissions or job.volumes)


def _makes_roles(job: Job) -> bool:
    return bool(job.secrets) or _acts(job)


def _may_start(*, platform: Platform, job: Job, image: str) -> list[Statement]:
    return containers.permissions(
        log_group_arn=platform.log_group_arn(platform.task_log_group),
        image=image,
        secret_arns=sorted(job.secrets.values()),
    )


def _may_do(*, platform: Platform, job: Job) -> list[Statement]:
    return [
        *(allow(permission.actions, permission.resources) for permission in job.permissions),
        *efs.permissions(platform=platform, volumes=job.volumes),
    ]
