"""The machine that looks after what events did not tell: ``P_sweep``, every 15 minutes."""

from __future__ import annotations

from typing import Any

from batch.contract import Platform
from batch.documents.statements import Statement


def definition(*, platform: Platform, queue_url: str, failure_topic_arn: str) -> dict[str, Any]:
    """Return the definition of ``P_sweep``.

    Args:
        queue_url: the dead-letter queue of messages, for what a sweep could not handle.
    """
    del queue_url, failure_topic_arn
    return {
        "Comment": f"Looks after the runs of {platform.prefix} whose end no event told",
        "QueryLanguage": "JSONata",
        "StartAt": "Swept",
        "States": {"Swept": {"Type": "Succeed"}},
    }


def permissions(
    *, platform: Platform, queue_arn: str, failure_topic_arn: str, key_arn: str = ""
) -> list[Statement]:
    """Return what the role of the sweep needs.

    Args:
        key_arn: the customer's key of table, topic and queue, empty if there is none.
    """
    del platform, queue_arn, failure_topic_arn, key_arn
    return []
