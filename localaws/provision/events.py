"""Rules of EventBridge and their targets (the provider calls the module cloudwatch)."""

from __future__ import annotations

import hashlib
from typing import Any

from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import pascal, present, tag_list


def rule_request(inputs: Inputs, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of PutRule."""
    state = inputs.get("state")
    if state is None and inputs.get("isEnabled") is not None:
        state = "ENABLED" if inputs["isEnabled"] else "DISABLED"
    return present(
        Name=name,
        Description=inputs.get("description"),
        EventBusName=inputs.get("eventBusName"),
        EventPattern=inputs.get("eventPattern"),
        ScheduleExpression=inputs.get("scheduleExpression"),
        State=state,
        RoleArn=inputs.get("roleArn"),
        Tags=tag_list(tags) or None,
    )


@makes(
    "aws:cloudwatch/eventRule:EventRule",
    "name namePrefix description eventBusName eventPattern scheduleExpression state isEnabled "
    "roleArn forceDestroy tags",
)
def event_rule(order: Order) -> Made:
    """Make a rule."""
    name = order.name()
    made = order.client("events").put_rule(**rule_request(order.inputs, name, order.tags()))
    bus = order.inputs.get("eventBusName")
    return Made(f"{bus}/{name}" if bus else name, {"arn": made["RuleArn"], "name": name})


def target_request(inputs: Inputs, target_id: str) -> dict[str, Any]:
    """Return the parameters of PutTargets."""
    transformer = inputs.get("inputTransformer")
    target = present(
        Id=target_id,
        Arn=inputs["arn"],
        RoleArn=inputs.get("roleArn"),
        Input=inputs.get("input"),
        InputPath=inputs.get("inputPath"),
        InputTransformer=transformer
        and present(
            InputPathsMap=transformer.get("inputPaths"),
            InputTemplate=transformer.get("inputTemplate"),
        ),
        DeadLetterConfig=pascal(inputs.get("deadLetterConfig")),
        RetryPolicy=pascal(inputs.get("retryPolicy")),
        SqsParameters=pascal(inputs.get("sqsTarget")),
    )
    return present(Rule=inputs["rule"], EventBusName=inputs.get("eventBusName"), Targets=[target])


@makes(
    "aws:cloudwatch/eventTarget:EventTarget",
    "rule eventBusName targetId arn roleArn input inputPath inputTransformer deadLetterConfig "
    "retryPolicy sqsTarget forceDestroy",
)
def event_target(order: Order) -> Made:
    """Add a target to a rule."""
    made_up = hashlib.sha256(order.registration.urn.encode()).hexdigest()[:26]
    target_id = order.inputs.get("targetId") or f"terraform-{made_up}"
    made = order.client("events").put_targets(**target_request(order.inputs, target_id))
    if made["FailedEntryCount"]:
        raise order.refused(str(made["FailedEntries"]), "correct the target")
    return Made(f"{order.inputs['rule']}-{target_id}", {"targetId": target_id})
