"""Which service may take which role, only for resources of this account or this platform."""

from __future__ import annotations

from collections.abc import Sequence

from batch.contract import Platform
from batch.documents.statements import Policy, trust


def ecs_tasks(platform: Platform) -> Policy:
    """Return the trust of the execution role and of the task roles."""
    return trust(
        "ecs-tasks.amazonaws.com",
        account=platform.account,
        # ECS supports no narrower source than the Region ("Amazon ECS task IAM role").
        source_arns=[platform.arn("ecs", "*")],
    )


def states(platform: Platform) -> Policy:
    """Return the trust of the role of the jobs' machines."""
    return trust(
        "states.amazonaws.com",
        account=platform.account,
        source_arns=[platform.state_machine_arn("*")],
    )


def own_machine(platform: Platform, name: str) -> Policy:
    """Return the trust of the role of one of the platform's own machines, and of no other."""
    return trust(
        "states.amazonaws.com",
        account=platform.account,
        source_arns=[platform.own_machine_arn(name)],
    )


def scheduler(platform: Platform) -> Policy:
    """Return the trust of the role of the schedules: the two groups of this platform.

    The source has to be a group, not a schedule (Scheduler, "Confused deputy prevention").
    """
    return trust(
        "scheduler.amazonaws.com",
        account=platform.account,
        source_arns=[
            platform.arn("scheduler", f"schedule-group/{group}")
            for group in (platform.schedule_group, platform.manual_schedule_group)
        ],
    )


def events(platform: Platform, *, rule_arns: Sequence[str]) -> Policy:
    """Return the trust of the role with which the rules' targets start the recorder."""
    return trust("events.amazonaws.com", account=platform.account, source_arns=sorted(rule_arns))


def chatbot(platform: Platform) -> Policy:
    """Return the trust of the role of the Slack channels, which needs no permission at all."""
    return trust(
        "chatbot.amazonaws.com",
        account=platform.account,
        source_arns=[f"arn:{platform.partition}:chatbot::{platform.account}:*"],
    )


def guardrail(partition: str) -> str:
    """Return the ARN of the policy that bounds what a channel's members may ever do.

    Amazon Q's default is AdministratorAccess.
    """
    return f"arn:{partition}:iam::aws:policy/CloudWatchReadOnlyAccess"
