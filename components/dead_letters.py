"""Queues of what could not be delivered, each with an alarm that tells the failure channel."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from batch.documents.alarms import dead_letters
from components import alarms

RETENTION_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message: over a holiday."""


@dataclass(frozen=True)
class DeadLetters:
    """A queue and its alarm."""

    queue: aws.sqs.Queue
    alarm: aws.cloudwatch.MetricAlarm


def make(
    name: str,
    *,
    what: str,
    key_arn: pulumi.Input[str] | None,
    topic_arn: pulumi.Input[str],
    protect: bool,
    parent: pulumi.Resource,
) -> DeadLetters:
    """Make a queue for ``what`` could not be delivered, and the alarm on it."""
    queue = aws.sqs.Queue(
        name,
        message_retention_seconds=RETENTION_SECONDS,
        kms_master_key_id=key_arn,
        # The provider takes one of the two.
        sqs_managed_sse_enabled=True if key_arn is None else None,
        opts=pulumi.ResourceOptions(parent=parent, protect=protect or None),
    )
    alarm = alarms.one(
        name,
        dead_letters(queue_name=queue.name, what=what),
        topic_arn=topic_arn,
        parent=parent,
    )
    return DeadLetters(queue, alarm)
