"""Who looks after what no event told: the sweep, every 15 minutes."""

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import sweep_machine
from components import own_machine, role
from components.notifications import Notifications, Outcome
from components.own_machine import OwnMachine
from components.rendering import rendered

MINUTES: Final = 15


def make(
    name: str,
    *,
    platform: Platform,
    told: Notifications,
    scheduler_role_arn: pulumi.Input[str],
    key_arn: pulumi.Input[str] | None,
    roles: role.Place,
    needed: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> OwnMachine:
    """Make the machine and its schedule.

    Args:
        needed: what has to be there before the machine is.
    """
    failure_topic_arn = told.topics[Outcome.FAILURE].arn
    made = own_machine.make(
        f"{name}-sweep",
        physical_name=platform.sweep,
        platform=platform,
        roles=roles,
        description=f"Looks after the runs of {platform.prefix} whose end no event told",
        definition=rendered(
            sweep_machine.definition,
            platform=platform,
            queue_url=told.messages.url,
            failure_topic_arn=failure_topic_arn,
        ),
        permissions=sweep_machine.permissions,
        needed=needed,
        parent=parent,
        queue_arn=told.messages.arn,
        failure_topic_arn=failure_topic_arn,
        key_arn=key_arn or "",
    )
    aws.scheduler.Schedule(
        f"{name}-sweep",
        name=platform.sweep,
        group_name=platform.schedule_group,
        description=f"Looks after the runs of {platform.prefix}",
        schedule_expression=f"rate({MINUTES} minutes)",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": made.machine.arn,
            "role_arn": scheduler_role_arn,
            "input": "{}",
            "dead_letter_config": {"arn": told.starts.arn},
            # After that the next one is due.
            "retry_policy": {
                "maximum_event_age_in_seconds": MINUTES * 60,
                "maximum_retry_attempts": 185,
            },
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return made
