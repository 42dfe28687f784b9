"""Tell something once, whatever fails: claim it, publish it, note that it is told.

Two sweeps that find the same have one claim between them. A claim is good for the length of a
sweep: whoever made it is over then, and the next sweep tells. Twice is told only what was
published by a sweep that could not note it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from batch.contract import Platform
from batch.documents import sweep_calls
from batch.documents.jsonata import expression, text
from batch.documents.sweep_calls import DONE, call

LONGEST_SECONDS: Final = 14 * 60
"""``TimeoutSeconds`` of a sweep, which begins every 15 minutes: no claim outlives its sweep."""

_MINE: Final = "$at & ' ' & $states.context.Execution.Name"


def start(of: str) -> str:
    """Return the name of the first state."""
    return f"Claim the message{of}"


def states(
    *,
    platform: Platform,
    topic_arn: str,
    key: dict[str, Any],
    open_if: str,
    told: str,
    message: str,
    problem: str,
    of: str = "",
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the states of a Map's item from :func:`start` on.

    Args:
        key: of the item of the control table that knows whether it is told.
        open_if: the condition under which it is not, without values.
        told: the update that notes it, with ``:told`` for now; it removes ``telling``.
        message: the expression for the text to publish.
        problem: the expression for what is told, for people.
        of: the end of the states' names, for a Map that has them twice.
        values: other values of ``told``.
    """
    publish, note = f"Publish the message{of}", f"Note the message{of}"
    table = {"TableName": platform.control_table, "Key": key}
    not_claimed = "attribute_not_exists(telling) OR telling = :mine OR telling < :stale"
    mine = {"S": expression(_MINE)}
    lost = sweep_calls.give_up(
        problem=f"{problem} & {text(' is not told')}", unless="ConditionalCheckFailed"
    )
    return {
        start(of): call(
            platform,
            "dynamodb:updateItem",
            {
                **table,
                "UpdateExpression": "SET telling = :mine",
                "ConditionExpression": f"({open_if}) AND ({not_claimed})",
                "ExpressionAttributeValues": {
                    ":mine": mine,
                    ":stale": {"S": expression(sweep_calls.before(LONGEST_SECONDS))},
                },
            },
            after=publish,
            failed=lost,
        ),
        publish: call(
            platform,
            "sns:publish",
            {"TopicArn": topic_arn, "Message": expression(message)},
            after=note,
            failed=sweep_calls.give_up(problem=f"{problem} & {text(' is not told')}"),
        ),
        note: call(
            platform,
            "dynamodb:updateItem",
            {
                **table,
                "UpdateExpression": told,
                "ConditionExpression": "telling = :mine",
                "ExpressionAttributeValues": {
                    ":mine": mine,
                    ":told": {"S": expression("$at")},
                    **(values or {}),
                },
            },
            after=DONE,
            failed=lost,
            output={},
        ),
    }
