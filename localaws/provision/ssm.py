"""Parameters of Systems Manager."""

from __future__ import annotations

from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list


def parameter_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of PutParameter."""
    value = inputs.get("value")
    return present(
        Name=name,
        Type=inputs["type"],
        Value=inputs.get("insecureValue") if value is None else value,
        Description=inputs.get("description"),
        KeyId=inputs.get("keyId"),
        Tier=inputs.get("tier"),
        AllowedPattern=inputs.get("allowedPattern"),
        DataType=inputs.get("dataType"),
        Overwrite=inputs.get("overwrite"),
        Tags=tag_list(tags) or None,
    )


@makes(
    "aws:ssm/parameter:Parameter",
    "name type value insecureValue description keyId tier allowedPattern dataType overwrite tags",
)
def parameter(order: Order) -> Made:
    """Set a parameter."""
    name = order.name()
    request = parameter_request(order.inputs, name, order.tags())
    version = order.client("ssm").put_parameter(**request)["Version"]
    path = name if name.startswith("/") else f"/{name}"
    outputs = {"arn": order.arn("ssm", f"parameter{path}"), "name": name, "version": version}
    return Made(name, outputs)
