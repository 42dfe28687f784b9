"""Where tasks run: subnets, security groups, and whether they need a public address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.errors import InvalidSettings, Problem
from components import routes
from components.choices import AssignPublicIp
from components.rendering import joined
from components.role import after
from components.routes import Reach, Routes


@dataclass(frozen=True)
class Network:
    """The network of the tasks, as ``connection`` carries it."""

    subnets: pulumi.Input[str]
    groups: pulumi.Input[str]
    public_ip: pulumi.Input[str]
    """ENABLED or DISABLED."""


@dataclass(frozen=True)
class _Found:
    """What was looked up."""

    ids: list[str]
    vpc_id: str
    public_ip: bool


def make(
    name: str,
    *,
    vpc_id: pulumi.Input[str] | None,
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None,
    security_group_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None,
    assign_public_ip: AssignPublicIp,
    parent: pulumi.Resource,
) -> Network:
    """Return the network that is given, or what is found in the VPC, or in the default VPC.

    Nothing is looked up that is given.
    """
    invoke = pulumi.InvokeOptions(parent=parent)
    found: pulumi.Output[_Found] | None = None
    if _given(subnet_ids):
        ids: Any = subnet_ids
        if assign_public_ip is AssignPublicIp.AUTO or not _given(security_group_ids):
            found = pulumi.Output.from_input(ids).apply(
                lambda known: _described(known, assign_public_ip, invoke)
            )
    else:
        vpc: pulumi.Output[Any] = (
            pulumi.Output.from_input(vpc_id)
            if _given(vpc_id)
            else aws.ec2.get_vpc_output(default=True, opts=invoke).id
        )
        found = vpc.apply(lambda known: _chosen(known, assign_public_ip, invoke))
        ids = found.apply(lambda known: known.ids)
    if _given(security_group_ids):
        groups = joined(security_group_ids)
    else:
        assert found is not None  # noqa: S101 - looked up unless groups are given
        groups = _group(name, found.apply(lambda known: known.vpc_id), parent)
    return Network(joined(ids), groups, _public_ip(assign_public_ip, found))


def _given(value: Any) -> bool:
    """Return whether an argument holds something. Of an Output nobody knows yet: it does."""
    return isinstance(value, pulumi.Output) or bool(value)


def _public_ip(assign: AssignPublicIp, found: pulumi.Output[_Found] | None) -> pulumi.Input[str]:
    if found is None or assign is not AssignPublicIp.AUTO:
        return _enabled(assign is AssignPublicIp.ENABLED)
    return found.apply(lambda known: _enabled(known.public_ip))


def _enabled(public: object) -> str:
    return "ENABLED" if public else "DISABLED"


def _described(
    ids: Sequence[str], assign: AssignPublicIp, invoke: pulumi.InvokeOptions
) -> pulumi.Output[_Found]:
    """Return the VPC of subnets that are given, and whether all of them are public."""

    def in_vpc(subnets: list[Any]) -> Any:
        vpc_ids = sorted({subnet.vpc_id for subnet in subnets})
        if len(vpc_ids) != 1:
            what = f"they are in {len(vpc_ids)} VPCs ({', '.join(vpc_ids)})"
            raise InvalidSettings([Problem("subnetIds", what, "name subnets of one VPC")])
        if assign is not AssignPublicIp.AUTO:
            return _Found(list(ids), vpc_ids[0], assign is AssignPublicIp.ENABLED)
        return routes.look_up(vpc_ids[0], invoke).apply(
            lambda known: _Found(list(ids), vpc_ids[0], _all_public(ids, known))
        )

    found = [aws.ec2.get_subnet_output(id=id_, opts=invoke) for id_ in sorted(ids)]
    return pulumi.Output.all(*found).apply(in_vpc)


def _all_public(ids: Sequence[str], known: Routes) -> bool:
    """Return whether all are; one public address too many or too few is worse than an error."""
    public = {known.of(id_) is Reach.PUBLIC for id_ in ids}
    if len(public) > 1:
        what = f"public subnets need a public address, others do not: {_listed(ids, known)}"
        fix = "name only public subnets or none, or say assignPublicIp: enabled or disabled"
        raise InvalidSettings([Problem("subnetIds", what, fix)])
    return public == {True}


def _chosen(
    vpc_id: str, assign: AssignPublicIp, invoke: pulumi.InvokeOptions
) -> pulumi.Output[_Found]:
    """Return the subnets of a VPC that fit: private ones if it has some, unless told otherwise."""
    wanted = {
        AssignPublicIp.AUTO: [Reach.PRIVATE, Reach.PUBLIC],
        AssignPublicIp.DISABLED: [Reach.PRIVATE],
        AssignPublicIp.ENABLED: [Reach.PUBLIC],
    }[assign]

    def fitting(ids: Sequence[str], known: Routes) -> _Found:
        for reach in wanted:
            if fit := [id_ for id_ in ids if known.of(id_) is reach]:
                return _Found(fit, vpc_id, reach is Reach.PUBLIC)
        what = f"{vpc_id} has no {' or '.join(wanted)} subnets ({_listed(ids, known)})"
        fix = "name another VPC, or the subnets themselves in subnetIds"
        raise InvalidSettings([Problem("vpcId", what, fix)])

    def described(found: Any) -> pulumi.Output[_Found]:
        if not found.ids:
            what, fix = f"{vpc_id} has no subnets", "make one, or name another VPC or subnetIds"
            raise InvalidSettings([Problem("vpcId", what, fix)])
        return routes.look_up(vpc_id, invoke).apply(lambda known: fitting(found.ids, known))

    filters: list[aws.ec2.GetSubnetsFilterArgsDict] = [{"name": "vpc-id", "values": [vpc_id]}]
    return aws.ec2.get_subnets_output(filters=filters, opts=invoke).apply(described)


def _listed(ids: Sequence[str], known: Routes) -> str:
    return ", ".join(f"{id_} is {known.of(id_)}" for id_ in sorted(ids))


def _group(name: str, vpc_id: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """Make a security group that lets everything out and nothing in."""
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        f"{name}-tasks",
        description="Tasks: everything out, nothing in",
        vpc_id=vpc_id,
        opts=child,
    )
    rules = [
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-tasks-{version}",
            security_group_id=group.id,
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0" if version == "ipv4" else None,
            cidr_ipv6="::/0" if version == "ipv6" else None,
            opts=child,
        )
        for version in ("ipv4", "ipv6")
    ]
    return after(group.id, *rules)
