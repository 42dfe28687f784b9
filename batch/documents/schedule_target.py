"""What EventBridge Scheduler calls: the state machine of a job, and the sweep."""

from __future__ import annotations

from batch.contract import Platform
from batch.documents import keys
from batch.documents.statements import Statement, allow


def permissions(*, platform: Platform, queue_arn: str, key_arn: str = "") -> list[Statement]:
    """Return what the role of the schedules needs.

    Args:
        queue_arn: the queue of the starts that could not be delivered; Scheduler writes to it
            with this role, so that the queue's own policy need not name it.
        key_arn: the key of that queue, empty if it has none of its own.
    """
    return [
        allow(
            ["states:StartExecution"],
            [platform.state_machine_arn("*"), platform.own_machine_arn(platform.sweep)],
        ),
        allow(["sqs:SendMessage"], [queue_arn]),
        *keys.use(platform, key_arn, "sqs"),
    ]
