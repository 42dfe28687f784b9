"""Who may write to a dead-letter queue."""

from __future__ import annotations

from collections.abc import Sequence

from batch.documents.statements import Policy, allow_service
from batch.documents.statements import policy as of


def policy(*, account: str, queue_arn: str, rule_arns: Sequence[str]) -> Policy:
    """Return the policy of the queue of messages that could not be delivered.

    EventBridge writes there as a service. The queue of starts needs no policy: EventBridge
    Scheduler writes with its role (``schedule_target.permissions``).
    """
    return of(
        [
            allow_service(
                "events.amazonaws.com",
                ["sqs:SendMessage"],
                [queue_arn],
                ArnEquals={"aws:SourceArn": sorted(rule_arns)},
                StringEquals={"aws:SourceAccount": account},
            )
        ]
    )
