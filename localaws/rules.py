"""From a rule's target and an event to a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from localaws import targets, transformer
from localaws.access.authorization import Caller
from localaws.delivery import Delivery, RetryPolicy, dead_letters
from localaws.targets import Request, TargetError


def delivery(
    rule_arn: str, target: Mapping[str, Any], event: Mapping[str, Any], *, now: datetime
) -> Delivery:
    """Return what carries ``event`` to ``target``; nothing is sent yet."""
    region = str(event["region"])
    itself = Caller("events.amazonaws.com", rule_arn)
    caller = replace(itself, role_arn=str(target.get("RoleArn") or ""))

    def prepare(_attempt: int) -> Request:
        try:
            text = transformer.payload(target, event, rule_arn=rule_arn, ingested=now)
        except transformer.InputError as error:
            raise TargetError("InvalidInput", str(error)) from error
        return targets.request(target, text, region=region, now=now, caller=caller)

    def describe(_attempt: int) -> tuple[str, dict[str, str]]:
        return transformer.compact(event), {"RULE_ARN": rule_arn, "TARGET_ARN": target["Arn"]}

    # To the dead-letter queue EventBridge writes as itself, whatever the target's role.
    return Delivery(
        prepare,
        RetryPolicy.of(target),
        now,
        dead_letters(target),
        describe,
        source_arn=rule_arn,
        gives_up_as=itself,
    )


def is_enabled(rule: Any) -> bool:
    """Return whether a rule of moto's may do anything."""
    return bool(rule.state != "DISABLED")
