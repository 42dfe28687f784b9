"""A machine of the platform's own, with a role that no other machine has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import machine_logs, trusts
from batch.documents.statements import Statement
from components import role, state_machine
from components.rendering import text


@dataclass(frozen=True)
class OwnMachine:
    """A machine and its role."""

    machine: aws.sfn.StateMachine
    role_arn: pulumi.Output[str]


def make(
    name: str,
    *,
    physical_name: str,
    platform: Platform,
    roles: role.Place,
    description: str,
    definition: pulumi.Input[str],
    permissions: Callable[..., list[Statement]],
    needed: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
    **values: Any,
) -> OwnMachine:
    """Make the machine.

    Args:
        permissions: what its role may do, given the platform and ``values``; to log is added.
        needed: what has to be there before the machine is.
    """
    role_arn = role.make(
        name,
        place=roles,
        description=description,
        trust=text(trusts.own_machine(platform, physical_name)),
        permissions=lambda **known: [*permissions(**known), *machine_logs.permissions()],
        parent=parent,
        platform=platform,
        **values,
    )
    machine = state_machine.make(
        name,
        physical_name=physical_name,
        definition=definition,
        role_arn=role.after(role_arn, *needed),
        log_group_arn=platform.log_group_arn(platform.machine_log_group),
        tags=state_machine.tags(platform, job="", owner="", project=pulumi.get_project()),
        parent=parent,
    )
    return OwnMachine(machine, role_arn)
