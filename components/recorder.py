"""Who writes down how runs end and tells of it: the recorder, and the rules that start it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import queues, recorder_machine, rule_target, rules, trusts
from batch.documents.statements import Statement
from batch.settings import Settings
from components import own_machine, role
from components.notifications import Notifications, Outcome
from components.rendering import rendered, text


@dataclass(frozen=True)
class Recorder:
    """The machine, its role, and what starts it."""

    machine: aws.sfn.StateMachine
    role_arn: pulumi.Output[str]
    rules: dict[Outcome, aws.cloudwatch.EventRule]
    targets: tuple[aws.cloudwatch.EventTarget, ...]


def make(
    name: str,
    *,
    platform: Platform,
    settings: Settings,
    told: Notifications,
    topic_arns: pulumi.Input[Sequence[pulumi.Input[str]]],
    key_arn: pulumi.Input[str] | None,
    roles: role.Place,
    needed: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> Recorder:
    """Make the machine and have every end of a run start it.

    Args:
        topic_arns: the topics that jobs may name, besides the platform's two.
        needed: what has to be there before the machine is.
    """
    own = {outcome: topic.arn for outcome, topic in told.topics.items()}
    made = own_machine.make(
        f"{name}-recorder",
        physical_name=platform.recorder,
        platform=platform,
        roles=roles,
        description=f"Records and tells how the runs of {platform.prefix} end",
        definition=rendered(
            recorder_machine.definition,
            platform=platform,
            queue_url=told.messages.url,
            success_topic_arn=own[Outcome.SUCCESS],
            failure_topic_arn=own[Outcome.FAILURE],
            history_days=settings.history_days,
            success_messages=settings.success_messages,
        ),
        permissions=_permissions,
        needed=needed,
        parent=parent,
        queue_arn=told.messages.arn,
        platform_topics=list(own.values()),
        job_topics=topic_arns,
        key_arn=key_arn or "",
    )
    made_rules = _rules(name, platform, parent)
    targets = _targets(name, platform, told, roles, made.machine, made_rules, parent)
    return Recorder(made.machine, made.role_arn, made_rules, targets)


def _permissions(
    *, platform_topics: list[str], job_topics: list[str], **same: Any
) -> list[Statement]:
    return recorder_machine.permissions(topic_arns=[*platform_topics, *job_topics], **same)


def _rules(
    name: str, platform: Platform, parent: pulumi.Resource
) -> dict[Outcome, aws.cloudwatch.EventRule]:
    patterns: dict[Outcome, dict[str, Any]] = {
        Outcome.SUCCESS: rules.success(platform),
        Outcome.FAILURE: rules.failure(platform),
    }
    return {
        outcome: aws.cloudwatch.EventRule(
            f"{name}-{outcome}",
            description=f"Runs of {platform.prefix} that end in {outcome}",
            event_pattern=text(pattern),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for outcome, pattern in patterns.items()
    }


def _targets(
    name: str,
    platform: Platform,
    told: Notifications,
    roles: role.Place,
    machine: aws.sfn.StateMachine,
    made: dict[Outcome, aws.cloudwatch.EventRule],
    parent: pulumi.Resource,
) -> tuple[aws.cloudwatch.EventTarget, ...]:
    rule_arns = [rule.arn for rule in made.values()]
    starter = role.make(
        f"{name}-rules",
        place=roles,
        description=f"Has the recorder of {platform.prefix} hear how runs end",
        trust=rendered(trusts.events, platform=platform, rule_arns=rule_arns),
        permissions=rule_target.permissions,
        parent=parent,
        platform=platform,
    )
    may_write = aws.sqs.QueuePolicy(
        f"{name}-messages",
        queue_url=told.messages.url,
        policy=rendered(
            queues.policy,
            account=platform.account,
            queue_arn=told.messages.arn,
            rule_arns=rule_arns,
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return tuple(
        aws.cloudwatch.EventTarget(
            f"{name}-{outcome}",
            rule=rule.name,
            arn=machine.arn,
            role_arn=role.after(starter, may_write),
            dead_letter_config={"arn": told.messages.arn},
            # A message a day late is better than none: this is EventBridge's longest.
            retry_policy={"maximum_event_age_in_seconds": 86400, "maximum_retry_attempts": 185},
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for outcome, rule in made.items()
    )
