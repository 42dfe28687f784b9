"""Security groups and their rules."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list

_RULE = "securityGroupId ipProtocol fromPort toPort cidrIpv4 cidrIpv6 prefixListId"
_RULE_REST = "referencedSecurityGroupId description tags"


def _tagged(kind: str, tags: dict[str, str]) -> list[dict[str, Any]] | None:
    return [{"ResourceType": kind, "Tags": tag_list(tags)}] if tags else None


def security_group_request(
    inputs: Inputs, name: str, vpc_id: str, tags: dict[str, str]
) -> dict[str, Any]:
    """Return the parameters of CreateSecurityGroup."""
    return present(
        GroupName=name,
        Description=inputs.get("description") or "Managed by Pulumi",
        VpcId=vpc_id,
        TagSpecifications=_tagged("security-group", tags),
    )


@makes(
    "aws:ec2/securityGroup:SecurityGroup",
    "name namePrefix description vpcId ingress egress revokeRulesOnDelete tags",
)
def security_group(order: Order) -> Made:
    """Make a security group; as the provider does, without AWS's own rule that allows all."""
    inputs, name, client = order.inputs, order.name(), order.client("ec2")
    vpc_id = inputs.get("vpcId") or _default_vpc(client)
    request = security_group_request(inputs, name, vpc_id, order.tags())
    group_id = client.create_security_group(**request)["GroupId"]
    group = client.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    if group["IpPermissionsEgress"]:
        client.revoke_security_group_egress(
            GroupId=group_id, IpPermissions=group["IpPermissionsEgress"]
        )
    if rules := inputs.get("ingress"):
        client.authorize_security_group_ingress(**inline_rules_request(group_id, rules))
    if rules := inputs.get("egress"):
        client.authorize_security_group_egress(**inline_rules_request(group_id, rules))
    outputs = {
        "arn": order.arn("ec2", f"security-group/{group_id}"),
        "name": name,
        "ownerId": order.account,
        "vpcId": vpc_id,
    }
    return Made(group_id, outputs)


def _default_vpc(client: Any) -> str:
    found = client.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return str(found[0]["VpcId"])


def inline_rules_request(group_id: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the parameters of AuthorizeSecurityGroupIngress or -Egress."""
    return {"GroupId": group_id, "IpPermissions": [_permission(group_id, rule) for rule in rules]}


def _permission(group_id: str, rule: dict[str, Any]) -> dict[str, Any]:
    note = present(Description=rule.get("description"))
    groups = [*(rule.get("securityGroups") or []), *([group_id] if rule.get("self") else [])]
    protocol = str(rule["protocol"])
    everything = protocol in {"-1", "all"}
    return present(
        IpProtocol="-1" if everything else protocol,
        FromPort=None if everything else rule.get("fromPort"),
        ToPort=None if everything else rule.get("toPort"),
        IpRanges=[{"CidrIp": cidr, **note} for cidr in rule.get("cidrBlocks") or []] or None,
        Ipv6Ranges=[{"CidrIpv6": cidr, **note} for cidr in rule.get("ipv6CidrBlocks") or []]
        or None,
        PrefixListIds=[{"PrefixListId": each, **note} for each in rule.get("prefixListIds") or []]
        or None,
        UserIdGroupPairs=[{"GroupId": group, **note} for group in groups] or None,
    )


def rule_request(inputs: Inputs, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of AuthorizeSecurityGroupIngress or -Egress for a rule resource."""
    note = present(Description=inputs.get("description"))

    def one(key: str, value: str | None) -> list[dict[str, Any]] | None:
        return [{key: value, **note}] if value else None

    permission = present(
        IpProtocol=inputs["ipProtocol"],
        FromPort=inputs.get("fromPort"),
        ToPort=inputs.get("toPort"),
        IpRanges=one("CidrIp", inputs.get("cidrIpv4")),
        Ipv6Ranges=one("CidrIpv6", inputs.get("cidrIpv6")),
        PrefixListIds=one("PrefixListId", inputs.get("prefixListId")),
        UserIdGroupPairs=one("GroupId", inputs.get("referencedSecurityGroupId")),
    )
    return present(
        GroupId=inputs["securityGroupId"],
        IpPermissions=[permission],
        TagSpecifications=_tagged("security-group-rule", tags),
    )


@makes("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", f"{_RULE} {_RULE_REST}")
def security_group_egress_rule(order: Order) -> Made:
    """Let traffic out."""
    request = rule_request(order.inputs, order.tags())
    return _made(order, order.client("ec2").authorize_security_group_egress(**request))


@makes("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", f"{_RULE} {_RULE_REST}")
def security_group_ingress_rule(order: Order) -> Made:
    """Let traffic in."""
    request = rule_request(order.inputs, order.tags())
    return _made(order, order.client("ec2").authorize_security_group_ingress(**request))


def _made(order: Order, response: dict[str, Any]) -> Made:
    rule_id = response["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    arn = order.arn("ec2", f"security-group-rule/{rule_id}")
    return Made(rule_id, {"arn": arn, "securityGroupRuleId": rule_id})
