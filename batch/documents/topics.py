"""Who may publish to a topic of messages: the recorder, the sweep and the alarms, nobody else.

In one account the topic's policy or the role's own would do. Both say it: the topic's, because it
takes the place of the one that SNS gives a topic, under which the whole account may publish, and
is where somebody looks who asks who can; the role's, because a topic's policy loses a role that
is made again under its old name.
"""

from __future__ import annotations

from collections.abc import Sequence

from batch.documents.statements import Policy, Statement, allow_service
from batch.documents.statements import policy as of


def policy(
    *, account: str, topic_arn: str, publisher_arns: Sequence[str], alarm_arns: Sequence[str] = ()
) -> Policy:
    """Return the policy of a topic.

    Args:
        publisher_arns: the roles of the recorder and of the sweep.
        alarm_arns: the alarms, or patterns of their ARNs.
    """
    statements: list[Statement] = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": sorted(publisher_arns)},
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
