"""The customer's own key for table, logs, topics and queues: what its policy must say."""

from __future__ import annotations

from batch.contract import Platform
from batch.documents.statements import Policy, Statement, allow, allow_service
from batch.documents.statements import policy as of


def use(platform: Platform, key_arn: str, *services: str) -> list[Statement]:
    """Return what a role needs to use what is encrypted, only through those services.

    Args:
        key_arn: the key; empty if there is none, and nothing is needed.
    """
    if not key_arn:
        return []
    return [
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key_arn],
            StringEquals={"kms:ViaService": f"{service}.{platform.region}.amazonaws.com"},
        )
        for service in services
    ]


def policy(*, platform: Platform) -> Policy:
    """Return the policy of a key that serves this platform.

    The first statement leaves the key to the account's own policies, as KMS does by default. It
    is what the platform's roles and the people who read its table rely on (:func:`use`). A
    subscriber, Amazon Q too, needs nothing: SNS hands it the plain message.
    """
    logs = [
        platform.log_group_arn(group)
        for group in (platform.machine_log_group, platform.task_log_group)
    ]
    in_account = {"StringEquals": {"aws:SourceAccount": platform.account}}
    write = ["kms:Decrypt", "kms:GenerateDataKey*"]
    # "*" in a key's policy is that key.
    return of(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{platform.partition}:iam::{platform.account}:root"},
                "Action": ["kms:*"],
                "Resource": ["*"],
            },
            allow_service(
                f"logs.{platform.region}.amazonaws.com",
                [
                    "kms:Decrypt*",
                    "kms:Describe*",
                    "kms:Encrypt*",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                ["*"],
                ArnEquals={"kms:EncryptionContext:aws:logs:arn": logs},
            ),
            # Alarms, to a topic.
            allow_service("cloudwatch.amazonaws.com", write, ["*"], **in_account),
            # Messages that could not be delivered, to their queue. Without a condition on the
            # source: EventBridge supports none in a key's policy, and would write nothing.
            allow_service("events.amazonaws.com", write, ["*"]),
        ]
    )
