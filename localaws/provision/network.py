"""What a program asks about networks: VPCs, subnets, route tables."""

from __future__ import annotations

from typing import Any

from localaws.errors import DeploymentFailed
from localaws.provision.registry import Question, answers


def filters_request(args: dict[str, Any], names: dict[str, str]) -> list[dict[str, Any]]:
    """Return EC2 filters for what ``args`` name; ``names`` maps arguments to filters."""
    filters = [
        {"Name": filter_, "Values": [_value(args[argument])]}
        for argument, filter_ in names.items()
        if args.get(argument) is not None
    ]
    tags = [
        {"Name": f"tag:{tag}", "Values": [value]} for tag, value in (args.get("tags") or {}).items()
    ]
    given = [
        {"Name": filter_["name"], "Values": list(filter_["values"])}
        for filter_ in args.get("filters") or []
    ]
    return [*filters, *tags, *given]


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _only(question: Question, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one that was found; like the provider, refuse none and many."""
    if len(found) != 1:
        raise DeploymentFailed(
            f"{question.token}: {len(found)} match {question.args} in {question.region}; "
            "name one that the emulator has (its default VPC, or one you made)"
        )
    return found[0]


def _tags(thing: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags") or []}


def _arn(question: Question, resource: str) -> str:
    return f"arn:aws:ec2:{question.region}:{question.account}:{resource}"


@answers("aws:ec2/getVpc:getVpc", "id default cidrBlock state dhcpOptionsId tags filters")
def get_vpc(question: Question) -> dict[str, Any]:
    """Return one VPC."""
    names = {
        "id": "vpc-id",
        "default": "is-default",
        "cidrBlock": "cidr",
        "state": "state",
        "dhcpOptionsId": "dhcp-options-id",
    }
    client = question.client("ec2")
    found = client.describe_vpcs(Filters=filters_request(question.args, names))["Vpcs"]
    vpc = _only(question, found)
    main = client.describe_route_tables(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc["VpcId"]]},
            {"Name": "association.main", "Values": ["true"]},
        ]
    )["RouteTables"]
    return {
        "arn": _arn(question, f"vpc/{vpc['VpcId']}"),
        "id": vpc["VpcId"],
        "cidrBlock": vpc["CidrBlock"],
        "default": vpc["IsDefault"],
        "instanceTenancy": vpc.get("InstanceTenancy", "default"),
        "mainRouteTableId": main[0]["RouteTableId"] if main else "",
        "ownerId": question.account,
        "region": question.region,
        "state": vpc["State"],
        "tags": _tags(vpc),
    }


@answers("aws:ec2/getSubnets:getSubnets", "filters tags")
def get_subnets(question: Question) -> dict[str, Any]:
    """Return the ids of subnets."""
    request = filters_request(question.args, {})
    found = question.client("ec2").describe_subnets(Filters=request)["Subnets"]
    ids = sorted(subnet["SubnetId"] for subnet in found)
    return {**question.args, "id": question.region, "ids": ids, "region": question.region}


@answers(
    "aws:ec2/getSubnet:getSubnet",
    "id vpcId availabilityZone availabilityZoneId cidrBlock defaultForAz state tags filters",
)
def get_subnet(question: Question) -> dict[str, Any]:
    """Return one subnet."""
    names = {
        "id": "subnet-id",
        "vpcId": "vpc-id",
        "availabilityZone": "availabilityZone",
        "availabilityZoneId": "availability-zone-id",
        "cidrBlock": "cidrBlock",
        "defaultForAz": "defaultForAz",
        "state": "state",
    }
    request = filters_request(question.args, names)
    subnet = _only(question, question.client("ec2").describe_subnets(Filters=request)["Subnets"])
    return {
        "arn": _arn(question, f"subnet/{subnet['SubnetId']}"),
        "id": subnet["SubnetId"],
        "vpcId": subnet["VpcId"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet["AvailabilityZoneId"],
        "availableIpAddressCount": subnet["AvailableIpAddressCount"],
        "cidrBlock": subnet["CidrBlock"],
        "defaultForAz": subnet["DefaultForAz"],
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
        "ownerId": question.account,
        "region": question.region,
        "state": subnet["State"],
        "tags": _tags(subnet),
    }


@answers(
    "aws:ec2/getRouteTable:getRouteTable",
    "routeTableId subnetId vpcId gatewayId tags filters",
)
def get_route_table(question: Question) -> dict[str, Any]:
    """Return one route table with its routes."""
    names = {
        "routeTableId": "route-table-id",
        "subnetId": "association.subnet-id",
        "vpcId": "vpc-id",
        "gatewayId": "association.gateway-id",
    }
    _connect_default_vpc(question.client("ec2"))
    request = filters_request(question.args, names)
    found = question.client("ec2").describe_route_tables(Filters=request)["RouteTables"]
    table = _only(question, found)
    return {
        "arn": _arn(question, f"route-table/{table['RouteTableId']}"),
        "id": table["RouteTableId"],
        "routeTableId": table["RouteTableId"],
        "vpcId": table["VpcId"],
        "subnetId": question.args.get("subnetId") or "",
        "gatewayId": question.args.get("gatewayId") or "",
        "ownerId": question.account,
        "region": question.region,
        "routes": [_route(route) for route in table.get("Routes") or []],
        "associations": [
            {
                "main": association["Main"],
                "routeTableAssociationId": association["RouteTableAssociationId"],
                "routeTableId": association["RouteTableId"],
                "subnetId": association.get("SubnetId", ""),
                "gatewayId": association.get("GatewayId", ""),
            }
            for association in table.get("Associations") or []
        ],
        "tags": _tags(table),
    }


def _connect_default_vpc(client: Any) -> None:
    """Give the default VPC what AWS gives it and moto does not: a way to the internet.

    That is an internet gateway, and a route to it in the main table.
    """
    default = [{"Name": "is-default", "Values": ["true"]}]
    for vpc in client.describe_vpcs(Filters=default)["Vpcs"]:
        attached = [{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        if client.describe_internet_gateways(Filters=attached)["InternetGateways"]:
            continue
        gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])
        main = client.describe_route_tables(
            Filters=[
                {"Name": "vpc-id", "Values": [vpc["VpcId"]]},
                {"Name": "association.main", "Values": ["true"]},
            ]
        )["RouteTables"][0]["RouteTableId"]
        client.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def _route(route: dict[str, Any]) -> dict[str, str]:
    # The provider leaves nothing out: what a route does not use is an empty text.
    names = {
        "cidrBlock": "DestinationCidrBlock",
        "ipv6CidrBlock": "DestinationIpv6CidrBlock",
        "destinationPrefixListId": "DestinationPrefixListId",
        "gatewayId": "GatewayId",
        "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
        "instanceId": "InstanceId",
        "natGatewayId": "NatGatewayId",
        "networkInterfaceId": "NetworkInterfaceId",
        "transitGatewayId": "TransitGatewayId",
        "vpcPeeringConnectionId": "VpcPeeringConnectionId",
        "carrierGatewayId": "CarrierGatewayId",
        "localGatewayId": "LocalGatewayId",
        "coreNetworkArn": "CoreNetworkArn",
    }
    return {output: str(route.get(api) or "") for output, api in names.items()}


@answers("aws:ec2/getRouteTables:getRouteTables", "vpcId tags filters")
def get_route_tables(question: Question) -> dict[str, Any]:
    """Return the ids of route tables."""
    _connect_default_vpc(question.client("ec2"))
    request = filters_request(question.args, {"vpcId": "vpc-id"})
    found = question.client("ec2").describe_route_tables(Filters=request)["RouteTables"]
    ids = sorted(table["RouteTableId"] for table in found)
    return {**question.args, "id": question.region, "ids": ids, "region": question.region}
