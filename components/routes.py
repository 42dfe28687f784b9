"""What a subnet's route table makes of it: public, private or isolated."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pulumi
import pulumi_aws as aws

_EVERYWHERE: Final = "0.0.0.0/0"


class Reach(StrEnum):
    """How far what runs in a subnet gets, over IPv4."""

    PUBLIC = "public"
    """To the internet through an internet gateway, which takes a public address of its own."""

    PRIVATE = "private"
    """To the internet through something else: a NAT gateway, a transit gateway, a firewall."""

    ISOLATED = "isolated"
    """Not to the internet, as it should be of databases."""


@dataclass(frozen=True)
class Routes:
    """The route tables of a VPC."""

    by_subnet: Mapping[str, Reach]
    """Of each subnet that is associated with a table."""

    main: Reach
    """Of all others: they use the main table."""

    def of(self, subnet_id: str) -> Reach:
        """Return how far the subnet gets."""
        return self.by_subnet.get(subnet_id, self.main)


def look_up(vpc_id: str, invoke: pulumi.InvokeOptions) -> pulumi.Output[Routes]:
    """Return the routes of a VPC. One question for each table, however many subnets there are."""

    def described(found: Any) -> pulumi.Output[Routes]:
        tables = [
            aws.ec2.get_route_table_output(route_table_id=id_, opts=invoke)
            for id_ in sorted(found.ids)
        ]
        return pulumi.Output.all(*tables).apply(_routes)

    return aws.ec2.get_route_tables_output(vpc_id=vpc_id, opts=invoke).apply(described)


def _routes(tables: list[Any]) -> Routes:
    by_subnet, main = {}, Reach.ISOLATED
    for table in tables:
        reach = _reach(table.routes)
        for association in table.associations:
            if association.subnet_id:
                by_subnet[association.subnet_id] = reach
            elif association.main:
                main = reach
    return Routes(by_subnet, main)


def _reach(routes: list[Any]) -> Reach:
    everywhere = [route for route in routes if route.cidr_block == _EVERYWHERE]
    if not everywhere:
        return Reach.ISOLATED
    public = any(str(route.gateway_id).startswith("igw-") for route in everywhere)
    return Reach.PUBLIC if public else Reach.PRIVATE
