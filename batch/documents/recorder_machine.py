"""The platform's machine that records how a run ended, and tells who wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batch.contract import Platform
from batch.documents.statements import Statement


def definition(
    *,
    platform: Platform,
    queue_url: str,
    success_topic_arn: str,
    failure_topic_arn: str,
    history_days: int,
    success_messages: bool,
) -> dict[str, Any]:
    """Return the definition of ``P_recorder``.

    Args:
        queue_url: the queue of the messages that could not be delivered.
        history_days: how long a record is kept that its run did not write itself.
        success_messages: whether a success is told, of a run whose record does not say.
    """
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Done",
        "States": {"Done": {"Type": "Succeed"}},
    }


def permissions(
    *, platform: Platform, queue_arn: str, topic_arns: Sequence[str], key_arn: str = ""
) -> list[Statement]:
    """Return what the role of the machine needs.

    Args:
        topic_arns: every topic that it may publish to: the platform's, and those of jobs.
        key_arn: the customer's key of the table, the topics and the queue, empty if there is none.
    """
    return []
