"""What ``batchctl doctor`` asks: to look at everything that a run depends on, and at no value.

It goes beside ``people.viewer``. Nothing here reads a secret, a message or a log line.
"""

from __future__ import annotations

from batch.contract import Platform
from batch.documents.statements import Policy, allow, policy


def doctor(*, platform: Platform) -> Policy:
    """Return what the checks call besides what a viewer may."""
    own = [platform.own_machine_arn(name) for name in (platform.recorder, platform.sweep)]
    groups = [platform.schedule_group, platform.manual_schedule_group]
    topics = [platform.success_topic, platform.failure_topic]
    cluster = {"ArnEquals": {"ecs:cluster": platform.cluster_arn}}
    return policy(
        [
            allow(["states:DescribeStateMachine", "states:ListExecutions"], own),
            allow(
                ["scheduler:GetScheduleGroup"],
                [platform.arn("scheduler", f"schedule-group/{group}") for group in groups],
            ),
            allow(["dynamodb:DescribeTable"], [platform.control_table_arn]),
            allow(["sns:ListSubscriptionsByTopic"], [platform.topic_arn(name) for name in topics]),
            # The queues and rules have names that nobody can tell beforehand.
            allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], [platform.arn("sqs", "*")]),
            allow(
                ["events:DescribeRule", "events:ListTargetsByRule"],
                [platform.arn("events", "rule/*")],
            ),
            # "*": it supports no resource but container instances, which Fargate has none of.
            allow(["ecs:ListTasks"], ["*"], **cluster),
            allow(
                ["ecs:DescribeTasks"], [platform.arn("ecs", f"task/{platform.prefix}/*")], **cluster
            ),
            # Images, secrets and keys may be another account's, and a task's roles a team's own.
            allow(["ecr:BatchGetImage"], [f"arn:{platform.partition}:ecr:*:*:repository/*"]),
            allow(
                ["secretsmanager:DescribeSecret"],
                [f"arn:{platform.partition}:secretsmanager:*:*:secret:*"],
            ),
            allow(["kms:DescribeKey"], [f"arn:{platform.partition}:kms:*:*:key/*"]),
            allow(
                ["iam:GetRole", "iam:SimulatePrincipalPolicy"],
                [f"arn:{platform.partition}:iam::{platform.account}:role/*"],
            ),
            # "*": they support no resource, or only one that lists all of them.
            allow(
                [
                    "chatbot:DescribeSlackChannelConfigurations",
                    "cloudwatch:GetMetricStatistics",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcEndpoints",
                    "ecs:DescribeTaskDefinition",
                    "ecs:ListTaskDefinitionFamilies",
                    "events:ListRuleNamesByTarget",
                    "logs:DescribeLogGroups",
                    "servicequotas:GetServiceQuota",
                    "ssm:DescribeParameters",
                ],
                ["*"],
            ),
        ]
    )
