"""Where tasks run: subnets, security groups, and whether they need a public address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.errors import InvalidSettings, Problem
from components.choices import AssignPublicIp
from components.rendering import joined
from components.role import after


@dataclass(frozen=True)
class Network:
    """The network of the tasks, as ``connection`` carries it."""

    subnets: pulumi.Output[str]
    groups: pulumi.Output[str]
    public_ip: pulumi.Output[str]
    """ENABLED or DISABLED."""


@dataclass(frozen=True)
class _Subnet:
    id: str
    vpc_id: str
    is_public: bool
    """Whether it gives a public address to what starts in it (``MapPublicIpOnLaunch``).

    The default VPC's subnets do, and so do those that the usual modules make behind an internet
    gateway. A public subnet that does not is what ``enabled`` is for.
    """


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
    if _given(subnet_ids):
        ids: pulumi.Output[Any] = pulumi.Output.from_input(subnet_ids)
        decided = assign_public_ip is not AssignPublicIp.AUTO and _given(security_group_ids)
        subnets: pulumi.Output[list[_Subnet]] | None = (
            None if decided else ids.apply(lambda known: _described(known, invoke))
        )
    else:
        vpc: pulumi.Output[Any] = (
            pulumi.Output.from_input(vpc_id)
            if _given(vpc_id)
            else aws.ec2.get_vpc_output(default=True, opts=invoke).id
        )
        subnets = vpc.apply(lambda known: _chosen(known, assign_public_ip, invoke))
        ids = subnets.apply(lambda known: [subnet.id for subnet in known])
    if _given(security_group_ids):
        groups = joined(security_group_ids)
    else:
        assert subnets is not None  # noqa: S101 - described unless groups are given
        groups = _group(name, subnets.apply(lambda known: known[0].vpc_id), parent)
    return Network(joined(ids), groups, _public_ip(assign_public_ip, subnets))


def _given(value: Any) -> bool:
    """Return whether an argument holds something. Of an Output nobody knows yet: it does."""
    return isinstance(value, pulumi.Output) or bool(value)


def _public_ip(
    assign: AssignPublicIp, subnets: pulumi.Output[list[_Subnet]] | None
) -> pulumi.Output[str]:
    if assign is not AssignPublicIp.AUTO or subnets is None:
        return pulumi.Output.from_input(
            "ENABLED" if assign is AssignPublicIp.ENABLED else "DISABLED"
        )
    return subnets.apply(
        lambda known: "ENABLED" if any(subnet.is_public for subnet in known) else "DISABLED"
    )


def _described(ids: Sequence[str], invoke: pulumi.InvokeOptions) -> pulumi.Output[list[_Subnet]]:
    found = [aws.ec2.get_subnet_output(id=id_, opts=invoke) for id_ in sorted(ids)]
    return pulumi.Output.all(*found).apply(
        lambda known: [_Subnet(one.id, one.vpc_id, one.map_public_ip_on_launch) for one in known]
    )


def _chosen(
    vpc_id: str, assign: AssignPublicIp, invoke: pulumi.InvokeOptions
) -> pulumi.Output[list[_Subnet]]:
    """Return the subnets of a VPC that fit: private ones if it has some, unless told otherwise."""
    wanted = assign is AssignPublicIp.ENABLED

    def fitting(subnets: list[_Subnet]) -> list[_Subnet]:
        return [subnet for subnet in subnets if subnet.is_public is wanted] or subnets

    def described(found: Any) -> pulumi.Output[list[_Subnet]]:
        if not found.ids:
            what, fix = f"{vpc_id} has no subnets", "make one, or name another VPC or subnetIds"
            raise InvalidSettings([Problem("vpcId", what, fix)])
        return _described(found.ids, invoke).apply(fitting)

    filters: list[aws.ec2.GetSubnetsFilterArgsDict] = [{"name": "vpc-id", "values": [vpc_id]}]
    return aws.ec2.get_subnets_output(filters=filters, opts=invoke).apply(described)


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
