"""Roles and policies. IAM is global: it has no region, in names or in ARNs."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.monitor import Made, Resource
from localaws.provision.registry import Inputs, Order, changes, makes, removes
from localaws.provision.shapes import present, tag_list


def role_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateRole."""
    return present(
        RoleName=name,
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Path=inputs.get("path"),
        Description=inputs.get("description"),
        MaxSessionDuration=inputs.get("maxSessionDuration"),
        PermissionsBoundary=inputs.get("permissionsBoundary"),
        Tags=tag_list(tags) or None,
    )


@makes(
    "aws:iam/role:Role",
    "name namePrefix assumeRolePolicy path description maxSessionDuration permissionsBoundary "
    "forceDetachPolicies inlinePolicies managedPolicyArns tags",
)
def role(order: Order) -> Made:
    """Make a role, with the policies that are given inside it."""
    name, client = order.name(), order.client("iam")
    made = client.create_role(**role_request(order.inputs, name, order.tags()))["Role"]
    for inline in order.inputs.get("inlinePolicies") or []:
        client.put_role_policy(
            RoleName=name, PolicyName=inline["name"], PolicyDocument=inline["policy"]
        )
    for arn in order.inputs.get("managedPolicyArns") or []:
        _attach(order, name, arn)
    return Made(
        name,
        {
            "arn": made["Arn"],
            "name": name,
            "uniqueId": made["RoleId"],
            "createDate": made["CreateDate"].isoformat(),
        },
    )


def role_policy_request(inputs: Inputs, name: str) -> dict[str, Any]:
    """Return the parameters of PutRolePolicy."""
    return {"RoleName": inputs["role"], "PolicyName": name, "PolicyDocument": inputs["policy"]}


@makes("aws:iam/rolePolicy:RolePolicy", "name namePrefix policy role")
def role_policy(order: Order) -> Made:
    """Write a policy into a role."""
    name = order.name()
    order.client("iam").put_role_policy(**role_policy_request(order.inputs, name))
    return Made(f"{order.inputs['role']}:{name}", {"name": name})


@makes("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "url clientIdLists tags")
def open_id_connect_provider(order: Order) -> Made:
    """Make a provider of identities. IAM finds its certificates' thumbprints out by itself."""
    made = order.client("iam").create_open_id_connect_provider(
        **present(
            Url=order.inputs["url"],
            ClientIDList=order.inputs["clientIdLists"],
            Tags=tag_list(order.tags()) or None,
        )
    )
    arn = made["OpenIDConnectProviderArn"]
    return Made(arn, {"arn": arn})


@changes("aws:iam/rolePolicy:RolePolicy")
def changed_role_policy(order: Order, _there: Resource) -> Made:
    """Write a policy in the place of what it was."""
    return role_policy(order)


@removes("aws:iam/rolePolicy:RolePolicy")
def removed_role_policy(order: Order, there: Resource) -> None:
    """Take a policy out of a role."""
    role, _, name = there.id.partition(":")
    order.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


@removes("aws:iam/role:Role")
def removed_role(order: Order, there: Resource) -> None:
    """Remove a role, with the policies that are inside it. Those of their own are gone by now."""
    client = order.client("iam")
    for name in client.list_role_policies(RoleName=there.id)["PolicyNames"]:
        client.delete_role_policy(RoleName=there.id, PolicyName=name)
    client.delete_role(RoleName=there.id)


@removes("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def removed_role_policy_attachment(order: Order, _there: Resource) -> None:
    """Detach a managed policy from a role."""
    order.client("iam").detach_role_policy(
        RoleName=order.inputs["role"], PolicyArn=order.inputs["policyArn"]
    )


@makes("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn role")
def role_policy_attachment(order: Order) -> Made:
    """Attach a managed policy to a role."""
    name, arn = str(order.inputs["role"]), str(order.inputs["policyArn"])
    _attach(order, name, arn)
    return Made(f"{name}/{arn}")


def policy_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreatePolicy."""
    return present(
        PolicyName=name,
        PolicyDocument=inputs["policy"],
        Path=inputs.get("path"),
        Description=inputs.get("description"),
        Tags=tag_list(tags) or None,
    )


@makes("aws:iam/policy:Policy", "name namePrefix policy path description tags")
def policy(order: Order) -> Made:
    """Make a managed policy."""
    name = order.name()
    request = policy_request(order.inputs, name, order.tags())
    made = order.client("iam").create_policy(**request)["Policy"]
    return Made(made["Arn"], {"arn": made["Arn"], "name": name, "policyId": made["PolicyId"]})


def _attach(order: Order, role: str, arn: str) -> None:
    client = order.client("iam")
    try:
        client.attach_role_policy(RoleName=role, PolicyArn=arn)
    except ClientError as error:
        # moto knows AWS's own policies only when it loads all of them (0.8 s, 118 MB), and whether
        # AWS has one of that name is not for moto to say. What only such a policy allows is
        # refused here.
        if ":iam::aws:policy/" not in arn or error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        client.get_role(RoleName=role)
