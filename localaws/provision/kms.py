"""Keys and their aliases."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present


def key_request(inputs: Inputs, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateKey."""
    return present(
        Description=inputs.get("description"),
        KeyUsage=inputs.get("keyUsage"),
        KeySpec=inputs.get("customerMasterKeySpec"),
        Policy=inputs.get("policy"),
        MultiRegion=inputs.get("multiRegion"),
        BypassPolicyLockoutSafetyCheck=inputs.get("bypassPolicyLockoutSafetyCheck"),
        Tags=[{"TagKey": key, "TagValue": value} for key, value in tags.items()] or None,
    )


@makes(
    "aws:kms/key:Key",
    # deletionWindowInDays only tells the provider what to do on deletion.
    "description keyUsage customerMasterKeySpec policy multiRegion bypassPolicyLockoutSafetyCheck "
    "deletionWindowInDays enableKeyRotation rotationPeriodInDays isEnabled tags",
)
def key(order: Order) -> Made:
    """Make a key."""
    inputs, client = order.inputs, order.client("kms")
    made = client.create_key(**key_request(inputs, order.tags()))["KeyMetadata"]
    key_id = made["KeyId"]
    if inputs.get("enableKeyRotation"):
        period = present(RotationPeriodInDays=inputs.get("rotationPeriodInDays"))
        client.enable_key_rotation(KeyId=key_id, **period)
    if inputs.get("isEnabled") is False:
        client.disable_key(KeyId=key_id)
    return Made(key_id, {"arn": made["Arn"], "keyId": key_id})


@makes("aws:kms/alias:Alias", "name namePrefix targetKeyId")
def alias(order: Order) -> Made:
    """Give a key a name."""
    given = order.inputs.get("name") or order.inputs.get("namePrefix")
    name = order.name() if given else f"alias/{order.name()}"
    order.client("kms").create_alias(AliasName=name, TargetKeyId=order.inputs["targetKeyId"])
    return Made(name, {"arn": order.arn("kms", name), "name": name})
