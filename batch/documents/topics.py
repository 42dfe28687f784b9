"""Who may publish to a topic of messages: this platform's rules and its alarms, nobody else.

EventBridge publishes with a role of the platform instead of as a service, because it "can't use
``Condition`` blocks in Amazon SNS topic policies" (EventBridge, "Using resource-based policies"):
a statement for ``events.amazonaws.com`` with a source condition lets nothing through without
anybody being told, and one without lets every rule of every account through.

In one account the topic's policy or the role's own would do. Both say it: the topic's, because it
takes the place of the one that SNS gives a topic, under which the whole account may publish, and
is where somebody looks who asks who can; the role's, because a topic's policy loses a role that
is made again under its old name.
"""

from __future__ import annotations

from collections.abc import Sequence

from batch.contract import Platform
from batch.documents import keys
from batch.documents.statements import Policy, Statement, allow, allow_service
from batch.documents.statements import policy as of


def policy(
    *, account: str, topic_arn: str, publisher_arn: str, alarm_arns: Sequence[str] = ()
) -> Policy:
    """Return the policy of a topic.

    Args:
        publisher_arn: the role with which the rules' targets publish (:func:`permissions`).
        alarm_arns: the alarms, or patterns of their ARNs.
    """
    statements: list[Statement] = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": publisher_arn},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
        }
    ]
    if alarm_arns:
        statements.append(
            allow_service(
                "cloudwatch.amazonaws.com",
                ["sns:Publish"],
                [topic_arn],
                ArnLike={"aws:SourceArn": sorted(alarm_arns)},
                StringEquals={"aws:SourceAccount": account},
            )
        )
    return of(statements)


def permissions(
    *, platform: Platform, topic_arns: Sequence[str], key_arn: str = ""
) -> list[Statement]:
    """Return what the role of the rules' targets needs.

    Args:
        key_arn: the key of the topics, empty if they have none of their own.
    """
    statements = [allow(["sns:Publish"], sorted(topic_arns))]
    if key_arn:
        statements.append(keys.use(key_arn, through=f"sns.{platform.region}.amazonaws.com"))
    return statements
