"""Whether tasks reach what they need before their command begins: registry, logs, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchctl.doctor.finding import Finding, ok, problem
from batchctl.doctor.patient import Patient

_HTTPS = 443
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def network(patient: Patient) -> Iterator[Finding]:
    """Look at the way out of each subnet, and through the security groups."""
    ec2 = patient.aws.client("ec2")
    there = ec2.describe_subnets(
        Filters=[{"Name": "subnet-id", "Values": list(patient.network.subnets)}]
    )["Subnets"]
    vpcs = {subnet["SubnetId"]: subnet["VpcId"] for subnet in there}
    for subnet in patient.network.subnets:
        if subnet not in vpcs:
            yield problem(f"subnet {subnet}", "it is not there", "name subnets that are")
        else:
            yield _subnet(patient, ec2, subnet, vpcs[subnet])
    yield from _groups(patient, ec2)


def _subnet(patient: Patient, ec2: Any, subnet: str, vpc: str) -> Finding:
    where = f"subnet {subnet}"
    gateway = _way_out(ec2, subnet, vpc)
    if gateway.startswith("igw-"):
        if patient.network.public_ip:
            return ok(where, "it reaches AWS through an internet gateway, with a public address")
        return problem(
            where,
            "it is public, and tasks get no public address: they reach nothing",
            "set assignPublicIp: enabled, or name private subnets",
        )
    if gateway:
        return ok(where, f"it reaches AWS through {gateway}")
    missing = _without_endpoint(patient, ec2, subnet, vpc)
    if missing:
        return problem(
            where,
            f"it has no way out, and no VPC endpoint for {', '.join(missing)}",
            "give it a NAT gateway, or make the endpoints",
        )
    return ok(where, "it reaches registry and logs through VPC endpoints")


def _way_out(ec2: Any, subnet: str, vpc: str) -> str:
    """Return where a subnet's default route leads, empty if it has none."""
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    own = [
        table
        for table in tables
        if any(one.get("SubnetId") == subnet for one in table["Associations"])
    ]
    main = [table for table in tables if any(one.get("Main") for one in table["Associations"])]
    for table in own or main:
        for route in table["Routes"]:
            if (
                route.get("DestinationCidrBlock") == "0.0.0.0/0"
                and route.get("State") != "blackhole"
            ):
                targets = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId")
                return next((str(route[key]) for key in targets if route.get(key)), "a gateway")
    return ""


def _without_endpoint(patient: Patient, ec2: Any, subnet: str, vpc: str) -> list[str]:
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    there = {
        one["ServiceName"].partition(f"{patient.platform.region}.")[2]
        for one in endpoints["VpcEndpoints"]
        # A gateway endpoint is in route tables, and not in a subnet.
        if one.get("State", "available").lower() == "available"
        and (one["VpcEndpointType"] == "Gateway" or subnet in one.get("SubnetIds", [subnet]))
    }
    return sorted(_needed(patient) - there)


def _needed(patient: Patient) -> set[str]:
    needed = {"ecr.api", "ecr.dkr", "logs", "s3"}
    for definition in patient.task_definitions:
        for container in definition["containerDefinitions"]:
            for secret in container.get("secrets", []):
                of_manager = ":secretsmanager:" in secret["valueFrom"]
                needed.add("secretsmanager" if of_manager else "ssm")
    return needed


def _groups(patient: Patient, ec2: Any) -> Iterator[Finding]:
    wanted = list(patient.network.groups)
    if not wanted:
        return
    found = ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": wanted}])
    there = {group["GroupId"]: group for group in found["SecurityGroups"]}
    for group in wanted:
        where = f"security group {group}"
        if group not in there:
            yield problem(where, "it is not there", "deploy again, or name one that is")
        elif any(map(_lets_https_out, there[group]["IpPermissionsEgress"])):
            yield ok(where, "it lets HTTPS out")
        else:
            yield problem(
                where,
                "it lets no HTTPS out: neither images nor logs nor secrets are reached",
                "allow TCP 443 to the internet, or to the VPC endpoints",
            )


def _lets_https_out(rule: dict[str, Any]) -> bool:
    if not (rule.get("IpRanges") or rule.get("Ipv6Ranges") or rule.get("PrefixListIds")
            or rule.get("UserIdGroupPairs")):  # fmt: skip
        return False
    if rule["IpProtocol"] == "-1":
        return True
    return bool(rule["IpProtocol"] == "tcp" and rule["FromPort"] <= _HTTPS <= rule["ToPort"])
