"""What deploying the whole platform takes: the IAM policy of SREs and of their CI.

Actions are shortened by wildcards, or it would not fit a managed policy. A test has the list of
what they stand for.
"""

from __future__ import annotations

from typing import Final

from batch.contract import Platform
from batch.documents import keys, people
from batch.documents.statements import Policy, Statement, allow, policy

_PASSED: Final = ("chatbot", "ecs-tasks", "events", "scheduler", "states")
"""The services that take a role of the platform."""


def admin(*, platform: Platform, name: str, boundary_arn: str = "", key_arn: str = "") -> Policy:
    """Return what ``pulumi up``, ``refresh`` and ``destroy`` of the platform call.

    It writes the policies of the platform's roles. Without a boundary that is as much as the
    account can do.

    Args:
        name: the name of the platform's resource: queues, rules and alarms begin with it.
        boundary_arn: the boundary of every role, empty if there is none.
        key_arn: the customer's key, empty if there is none.
    """
    return policy(
        [
            *_runs(platform),
            *_table(platform, key_arn),
            *_messages(platform, name),
            *_network(platform),
            *people.roles(platform.roles_arn, boundary_arn=boundary_arn, bounded_only=False),
            allow(
                ["iam:PassRole"],
                [platform.roles_arn],
                StringEquals={
                    "iam:PassedToService": [f"{service}.amazonaws.com" for service in _PASSED]
                },
            ),
            allow(
                ["iam:CreateServiceLinkedRole"],
                [f"arn:{platform.partition}:iam::{platform.account}:role/aws-service-role/*"],
                StringEquals={
                    "iam:AWSServiceName": [
                        "ecs.amazonaws.com",
                        "management.chatbot.amazonaws.com",
                    ]
                },
            ),
            # "*": they support no resource, and no condition.
            allow(
                [
                    "chatbot:CreateSlackChannelConfiguration",
                    "chatbot:DescribeSlackChannelConfigurations",
                    "chatbot:ListTagsForResource",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeSecurityGroup*",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                    "ecs:DeregisterTaskDefinition",
                    "ecs:DescribeTaskDefinition",
                    "logs:DescribeLogGroups",
                    "ssm:DescribeParameters",
                    "states:ValidateStateMachineDefinition",
                ],
                ["*"],
            ),
        ]
    )


def _runs(platform: Platform) -> list[Statement]:
    """Return what runs a job, and what starts it."""
    groups = (platform.schedule_group, platform.manual_schedule_group)
    return [
        allow(
            [
                "states:*StateMachine*",
                "states:*Tag*",
                # Has the recorder send a message of each kind: `batchctl notify test`.
                "states:DescribeExecution",
                "states:StartExecution",
            ],
            [
                *(platform.arn("states", f"stateMachine:{platform.prefix}{end}*") for end in "-_"),
                platform.own_execution_arn(platform.recorder),
            ],
        ),
        allow(
            ["scheduler:*Schedule*", "scheduler:*Tag*"],
            [platform.arn("scheduler", f"schedule-group/{group}") for group in groups]
            + [platform.arn("scheduler", f"schedule/{group}/*") for group in groups],
        ),
        allow(
            [
                "ecs:*Cluster*",
                "ecs:*Tag*",
                "ecs:RegisterTaskDefinition",
            ],
            [
                platform.cluster_arn,
                *(
                    platform.arn("ecs", f"task-definition/{family}:*")
                    for family in (platform.family(), platform.family("*"))
                ),
            ],
        ),
        allow(
            ["logs:*KmsKey", "logs:*LogGroup", "logs:*RetentionPolicy", "logs:*Tag*"],
            [
                f"{platform.log_group_arn(group)}{streams}"
                for group in (platform.machine_log_group, platform.task_log_group)
                for streams in ("", ":*")
            ],
        ),
        # Where a job of the platform's own program keeps a secret.
        allow(
            ["ssm:*Parameter*", "ssm:*Tag*"],
            [platform.arn("ssm", f"parameter{platform.role_path}*")],
        ),
    ]


def _table(platform: Platform, key_arn: str) -> list[Statement]:
    """Return what the control table takes, and what the program's jobs write to it."""
    # DynamoDB uses the key with a grant, which who makes the table hands to it.
    use = [
        {**statement, "Action": [*statement["Action"], "kms:CreateGrant", "kms:DescribeKey"]}
        for statement in keys.use(platform, key_arn, "dynamodb")
    ]
    return [
        allow(
            [
                "dynamodb:*ContinuousBackups",
                "dynamodb:*Item",
                "dynamodb:*Table",
                "dynamodb:*Tag*",
                "dynamodb:*TimeToLive",
            ],
            [platform.control_table_arn],
        ),
        *use,
    ]


def _messages(platform: Platform, name: str) -> list[Statement]:
    """Return what tells how a run ended."""
    ends = [f"{name}-{end}-*" for end in ("success", "failure")]
    undelivered = [f"{name}-{what}-*" for what in ("starts", "messages")]
    dashboards = f"arn:{platform.partition}:cloudwatch::{platform.account}:dashboard"
    channels = f"arn:{platform.partition}:chatbot::{platform.account}:chat-configuration"
    return [
        allow(
            [
                "sns:*SubscriptionAttributes",
                "sns:*Tag*",
                "sns:*Topic*",
                "sns:Subscribe",
                "sns:Unsubscribe",
            ],
            [platform.topic_arn(f"{platform.prefix}-*")],
        ),
        allow(
            ["sqs:*Queue*"],
            [platform.arn("sqs", queue) for queue in undelivered],
        ),
        allow(
            ["events:*Rule", "events:*Targets", "events:*Tag*"],
            [platform.arn("events", f"rule/{rule}") for rule in ends],
        ),
        allow(
            [
                "cloudwatch:*Alarm*",
                "cloudwatch:*Dashboard*",
                "cloudwatch:*Tag*",
            ],
            [platform.arn("cloudwatch", f"alarm:{name}-*"), f"{dashboards}/{platform.prefix}"],
        ),
        allow(
            ["chatbot:*SlackChannelConfiguration", "chatbot:*TagResource"],
            [f"{channels}/slack-channel/{platform.prefix}-*"],
        ),
    ]


def _network(platform: Platform) -> list[Statement]:
    """Return what the security group of the tasks takes, where none is given."""
    return [
        allow(
            [
                "ec2:*SecurityGroup",
                "ec2:*SecurityGroupEgress",
                "ec2:CreateTags",
                "ec2:DeleteTags",
            ],
            # EC2 makes up their ids.
            [
                platform.arn("ec2", f"{kind}/*")
                for kind in ("security-group", "security-group-rule")
            ],
        ),
        allow(["ec2:CreateSecurityGroup"], [platform.arn("ec2", "vpc/*")]),
    ]
