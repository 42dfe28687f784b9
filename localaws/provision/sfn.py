"""State machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localaws.monitor import Made, Resource
from localaws.provision.registry import Inputs, Order, changes, foresees, makes, removes
from localaws.provision.shapes import camel, lower_tag_list, present


def state_machine_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateStateMachine."""
    return present(
        name=name,
        definition=inputs["definition"],
        roleArn=inputs["roleArn"],
        type=inputs.get("type"),
        loggingConfiguration=_logging(inputs.get("loggingConfiguration")),
        tracingConfiguration=camel(inputs.get("tracingConfiguration")),
        encryptionConfiguration=camel(inputs.get("encryptionConfiguration")),
        publish=inputs.get("publish"),
        tags=lower_tag_list(tags) or None,
    )


def _logging(logging: dict[str, Any] | None) -> dict[str, Any] | None:
    if not logging:
        return None
    destination = logging.get("logDestination")
    return present(
        level=logging.get("level"),
        includeExecutionData=logging.get("includeExecutionData"),
        destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": destination}}]
        if destination
        else None,
    )


@makes(
    "aws:sfn/stateMachine:StateMachine",
    "name namePrefix definition roleArn type loggingConfiguration tracingConfiguration "
    "encryptionConfiguration publish tags",
)
def state_machine(order: Order) -> Made:
    """Make a state machine."""
    name = order.name()
    client = order.client("stepfunctions")
    made = client.create_state_machine(**state_machine_request(order.inputs, name, order.tags()))
    return _made(name, made["stateMachineArn"], made["creationDate"], made)


@foresees("aws:sfn/stateMachine:StateMachine")
def state_machine_to_be(order: Order) -> Made:
    """Tell what a state machine will be."""
    name = order.name()
    return _made(name, order.arn("states", f"stateMachine:{name}"), datetime.now(UTC), {})


@changes("aws:sfn/stateMachine:StateMachine")
def changed_state_machine(order: Order, there: Resource) -> Made:
    """Change a state machine. Its runs stay, and those under way go on as they began."""
    client = order.client("stepfunctions")
    request = state_machine_request(order.inputs, order.name(), {})
    for fixed in ("name", "type"):
        request.pop(fixed, None)
    made = client.update_state_machine(stateMachineArn=there.id, **request)
    client.tag_resource(resourceArn=there.id, tags=lower_tag_list(order.tags()))
    return _made(order.name(), there.id, made["updateDate"], made)


@removes("aws:sfn/stateMachine:StateMachine")
def removed_state_machine(order: Order, there: Resource) -> None:
    """Remove a state machine, and its runs with it."""
    order.client("stepfunctions").delete_state_machine(stateMachineArn=there.id)


def _made(name: str, arn: str, created: datetime, response: dict[str, Any]) -> Made:
    return Made(
        arn,
        {
            "arn": arn,
            "name": name,
            "status": "ACTIVE",
            "creationDate": created.isoformat(),
            "stateMachineVersionArn": response.get("stateMachineVersionArn", ""),
        },
    )
