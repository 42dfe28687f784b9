"""The CloudWatch dashboard (``batch.documents.dashboard`` says what is on it)."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import dashboard
from batch.settings import Settings
from components.notifications import Notifications
from components.rendering import rendered


def make(
    name: str,
    *,
    platform: Platform,
    settings: Settings,
    told: Notifications,
    alarms: Sequence[aws.cloudwatch.MetricAlarm],
    parent: pulumi.Resource,
) -> None:
    """Make the dashboard, which has the platform's name."""
    aws.cloudwatch.Dashboard(
        name,
        dashboard_name=platform.prefix,
        dashboard_body=rendered(
            dashboard.body,
            platform=platform,
            container_insights=settings.container_insights != "disabled",
            queue_names=[told.starts.name, told.messages.name],
            alarm_arns=[alarm.arn for alarm in alarms],
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
