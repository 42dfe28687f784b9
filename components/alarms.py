"""CloudWatch alarms, each to the failure topic (``batch.documents.alarms`` says which)."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import alarms
from batch.documents.alarms import Alarm


def make(
    name: str,
    *,
    platform: Platform,
    rules: Mapping[str, pulumi.Input[str]],
    topic_arn: pulumi.Input[str],
    parent: pulumi.Resource,
) -> list[aws.cloudwatch.MetricAlarm]:
    """Make the alarms of a platform, but for those on its queues."""
    wanted = alarms.of_platform(platform=platform, rules=rules)
    return [
        one(f"{name}-{what}", alarm, topic_arn=topic_arn, parent=parent)
        for what, alarm in sorted(wanted.items())
    ]


def one(
    name: str, alarm: Alarm, *, topic_arn: pulumi.Input[str], parent: pulumi.Resource
) -> aws.cloudwatch.MetricAlarm:
    """Make an alarm that tells when it begins and when it ends."""
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=alarm.description,
        namespace=alarm.namespace,
        metric_name=alarm.metric,
        dimensions=alarm.dimensions,
        statistic=alarm.statistic,
        period=alarm.period_seconds,
        evaluation_periods=1,
        threshold=alarm.threshold,
        comparison_operator=alarm.comparison,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=pulumi.ResourceOptions(parent=parent),
    )
