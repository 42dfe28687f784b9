"""Roles: each with its policy, on the platform's path, within the boundary if there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.documents import statements
from components.rendering import derived, rendered


@dataclass(frozen=True)
class Place:
    """What all roles of a platform have in common."""

    path: pulumi.Input[str]
    boundary: pulumi.Input[str]
    """ARN of a policy, or empty text."""


def make(
    name: str,
    *,
    place: Place,
    description: str,
    trust: pulumi.Input[str],
    permissions: Callable[..., list[Any]] | None = None,
    parent: pulumi.Resource,
    **values: Any,
) -> pulumi.Output[str]:
    """Make a role and return its ARN, which is there only once its policy is.

    IAM is eventually consistent: what is made with a role whose policy is still missing fails
    on a first deployment. Whoever uses this ARN therefore waits for the policy too.

    Args:
        permissions: the statements of the role's policy, given ``values``; None for a role that
            may do nothing.
    """
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        description=description,
        path=place.path,
        assume_role_policy=trust,
        permissions_boundary=derived(lambda arn: arn or None, arn=place.boundary),
        opts=child,
    )
    if permissions is None:
        return role.arn
    build = permissions
    policy = aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=rendered(lambda **known: statements.policy(build(**known)), **values),
        opts=child,
    )
    return after(role.arn, policy)


def after(value: pulumi.Input[Any], *resources: pulumi.Resource) -> pulumi.Output[Any]:
    """Return ``value``, so that whoever uses it waits for ``resources``.

    A custom resource's id stands for it: an Output carries what it depends on, also into another
    component, where ``depends_on`` does not reach. The value is known as soon as it is itself: a
    preview that makes one of ``resources`` anew does not know its id, and what uses the value is
    not to be shown as changed.
    """
    ids = [resource.id for resource in resources if isinstance(resource, pulumi.CustomResource)]
    return pulumi.Output.all(value, *ids)[0]
