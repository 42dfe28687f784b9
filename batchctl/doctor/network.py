"""Whether tasks reach what they need before their command begins: registry, logs, secrets.

Asked are subnets, route tables, VPC endpoints and security groups. What a network ACL, a firewall
or an endpoint's own policy and groups let through is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from batchctl.doctor.answers import each
from batchctl.doctor.finding import Finding, not_checked, ok, problem
from batchctl.doctor.patient import Patient

_HTTPS: Final = 443
_EVERYWHERE: Final = "0.0.0.0/0"
_GATEWAYS: Final = (
    "GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId",
)  # fmt: skip


@dataclass(frozen=True)
class _Vpc:
    """What a VPC has for its subnets."""

    tables: list[dict[str, Any]]
    endpoints: list[dict[str, Any]]

    def table(self, subnet: str) -> dict[str, Any]:
        """Return the route table of a subnet: its own, or the main one."""

        def of(key: str, value: object) -> list[dict[str, Any]]:
            return [t for t in self.tables if any(a.get(key) == value for a in t["Associations"])]

        return (of("SubnetId", subnet) or of("Main", value=True) or [{}])[0]


def network(patient: Patient) -> Iterator[Finding]:
    """Look at the way out of each subnet, and through the security groups."""
    ec2 = patient.aws.client("ec2")
    there = ec2.describe_subnets(
        Filters=[{"Name": "subnet-id", "Values": list(patient.network.subnets)}]
    )["Subnets"]
    of_subnet = {subnet["SubnetId"]: subnet["VpcId"] for subnet in there}
    vpcs = {vpc: _vpc(ec2, vpc) for vpc in set(of_subnet.values())}

    def look(where: str, subnet: str) -> Finding:
        if subnet not in of_subnet:
            return problem(where, "it is not there", "name subnets that are in subnetIds")
        return _subnet(patient, where, subnet, vpcs[of_subnet[subnet]])

    yield from each([(f"subnet {one}", one) for one in patient.network.subnets], look)
    yield from _groups(patient, ec2)


def _vpc(ec2: Any, vpc: str) -> _Vpc:
    asked: dict[str, Any] = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    return _Vpc(
        _all(ec2, "describe_route_tables", "RouteTables", asked),
        _all(ec2, "describe_vpc_endpoints", "VpcEndpoints", asked),
    )


def _all(ec2: Any, operation: str, key: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for page in ec2.get_paginator(operation).paginate(**asked) for one in page[key]]


def _subnet(patient: Patient, where: str, subnet: str, vpc: _Vpc) -> Finding:
    table = vpc.table(subnet)
    gateway = _way_out(table)
    if gateway.startswith("igw-"):
        if patient.network.public_ip:
            return ok(where, f"it reaches AWS through {gateway}, with a public address")
        return problem(
            where,
            f"it is public ({gateway}), and tasks get no public address: they reach nothing",
            "set assignPublicIp: enabled, or name private subnets",
        )
    if gateway.startswith("nat-"):
        return ok(where, f"it reaches AWS through {gateway}")
    missing = sorted(_needed(patient) - _endpoints(patient, vpc, table))
    if not missing:
        return ok(where, "it reaches registry, logs and secrets through VPC endpoints")
    if gateway:
        return not_checked(
            where,
            f"it leads to {gateway}, and what is behind that is not looked at",
            "`batchctl run --command true --wait` tries it",
        )
    return problem(
        where,
        f"it has no way out, and no VPC endpoint for {', '.join(missing)}",
        "give it a NAT gateway, or make the endpoints",
    )


def _way_out(table: dict[str, Any]) -> str:
    """Return where a table's default route leads, empty if it has none that works."""
    for route in table.get("Routes", ()):
        if route.get("DestinationCidrBlock") == _EVERYWHERE and route.get("State") != "blackhole":
            return next((str(route[key]) for key in _GATEWAYS if route.get(key)), "a gateway")
    return ""


def _endpoints(patient: Patient, vpc: _Vpc, table: dict[str, Any]) -> set[str]:
    """Return the services that are reached through endpoints by the names that everybody uses."""
    return {
        one["ServiceName"].partition(f"{patient.platform.region}.")[2]
        for one in vpc.endpoints
        if one.get("State", "available").lower() == "available"
        and (
            table.get("RouteTableId") in one.get("RouteTableIds", ())
            if one["VpcEndpointType"] == "Gateway"
            else one.get("PrivateDnsEnabled")
        )
    }


def _needed(patient: Patient) -> set[str]:
    needed = {"logs"}
    for definition in patient.task_definitions:
        for container in definition["containerDefinitions"]:
            # Of other registries there is no endpoint.
            own = ".dkr.ecr." in container["image"] or ".dkr-ecr" in container["image"]
            needed |= {"ecr.api", "ecr.dkr", "s3"} if own else {"the registry of its images"}
            for secret in container.get("secrets", []):
                of_manager = ":secretsmanager:" in secret["valueFrom"]
                needed.add("secretsmanager" if of_manager else "ssm")
    return needed


def _groups(patient: Patient, ec2: Any) -> Iterator[Finding]:
    wanted = list(patient.network.groups)
    if not wanted:
        yield not_checked("security groups", "tasks get the VPC's own, which is not looked at")
        return
    asked: dict[str, Any] = {"Filters": [{"Name": "group-id", "Values": wanted}]}
    found = _all(ec2, "describe_security_groups", "SecurityGroups", asked)
    there = {group["GroupId"]: group for group in found}
    for group in wanted:
        yield _group(f"security group {group}", there.get(group))


def _group(where: str, group: dict[str, Any] | None) -> Finding:
    if group is None:
        return problem(where, "it is not there", "deploy again, or name one that is")
    to = [place for rule in group["IpPermissionsEgress"] for place in _https_to(rule)]
    if _EVERYWHERE in to:
        return ok(where, "it lets HTTPS out")
    if to:
        return not_checked(
            where,
            f"it lets HTTPS out to {', '.join(to)} alone: what is there is not looked at",
            "`batchctl run --command true --wait` tries it",
        )
    return problem(
        where,
        "it lets no HTTPS out: neither images nor logs nor secrets are reached",
        "allow TCP 443 to the internet, or to the VPC endpoints",
    )


def _https_to(rule: dict[str, Any]) -> list[str]:
    """Return where a rule lets HTTPS go."""
    all_ports = rule["IpProtocol"] == "-1"
    if not all_ports and (
        rule["IpProtocol"] not in ("tcp", "6")
        or not rule.get("FromPort", 0) <= _HTTPS <= rule.get("ToPort", 0)
    ):
        return []
    return [
        *(one["CidrIp"] for one in rule.get("IpRanges", ())),
        *(one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ())),
        *(one["PrefixListId"] for one in rule.get("PrefixListIds", ())),
        *(one["GroupId"] for one in rule.get("UserIdGroupPairs", ())),
    ]
