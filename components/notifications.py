"""How the end of a run is told: rules, topics, Slack channels, e-mail."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import queues, rules, topics, trusts
from batch.settings import Settings
from components import dead_letters, role
from components.rendering import rendered, text


class Outcome(StrEnum):
    """How a run ended, as far as its message is concerned."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True)
class Notifications:
    """The topics, and the queues of what could not be delivered."""

    topics: dict[Outcome, aws.sns.Topic]
    starts: aws.sqs.Queue
    messages: aws.sqs.Queue


@dataclass(frozen=True)
class _Surroundings:
    """What every part needs to know."""

    name: str
    platform: Platform
    settings: Settings
    key_arn: pulumi.Input[str] | None
    roles: role.Place
    parent: pulumi.Resource

    @property
    def child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)


def make(
    name: str,
    *,
    platform: Platform,
    settings: Settings,
    key_arn: pulumi.Input[str] | None,
    roles: role.Place,
    parent: pulumi.Resource,
) -> Notifications:
    """Make everything from the events of Step Functions to the channels."""
    at = _Surroundings(name, platform, settings, key_arn, roles, parent)
    made = {outcome: _topic(at, outcome) for outcome in Outcome}
    starts = _dead_letters(at, "starts", "A start by EventBridge Scheduler", made)
    messages = _dead_letters(at, "messages", "A message about the end of a run", made)
    publisher = _deliver(at, made, messages.queue)
    alarms = {Outcome.FAILURE: [starts.alarm.arn, messages.alarm.arn]}
    for outcome, topic in made.items():
        aws.sns.TopicPolicy(
            f"{name}-{outcome}",
            arn=topic.arn,
            policy=rendered(
                topics.policy,
                account=platform.account,
                topic_arn=topic.arn,
                publisher_arn=publisher,
                alarm_arns=alarms.get(outcome, []),
            ),
            opts=at.child,
        )
    _channels(at, made)
    _emails(at, made)
    return Notifications(made, starts.queue, messages.queue)


def _topic(at: _Surroundings, outcome: Outcome) -> aws.sns.Topic:
    names = {
        Outcome.SUCCESS: at.platform.success_topic,
        Outcome.FAILURE: at.platform.failure_topic,
    }
    return aws.sns.Topic(
        f"{at.name}-{outcome}",
        name=names[outcome],
        kms_master_key_id=at.key_arn,
        opts=at.child,
    )


def _dead_letters(
    at: _Surroundings, name: str, what: str, made: dict[Outcome, aws.sns.Topic]
) -> dead_letters.DeadLetters:
    return dead_letters.make(
        f"{at.name}-{name}",
        what=what,
        key_arn=at.key_arn,
        topic_arn=made[Outcome.FAILURE].arn,
        protect=at.settings.production,
        parent=at.parent,
    )


def _deliver(
    at: _Surroundings, made: dict[Outcome, aws.sns.Topic], dead: aws.sqs.Queue
) -> pulumi.Output[str]:
    """Make the pair of rules and their way to the topics; return the role that publishes."""
    patterns: dict[Outcome, dict[str, Any]] = {
        Outcome.SUCCESS: rules.success(at.platform),
        Outcome.FAILURE: rules.failure(at.platform),
    }
    made_rules = {
        outcome: aws.cloudwatch.EventRule(
            f"{at.name}-{outcome}",
            description=f"Runs of {at.platform.prefix} that end in {outcome}",
            event_pattern=text(pattern),
            opts=at.child,
        )
        for outcome, pattern in patterns.items()
    }
    rule_arns = [rule.arn for rule in made_rules.values()]
    publisher = role.make(
        f"{at.name}-publisher",
        place=at.roles,
        description=f"Publishes the messages of {at.platform.prefix}",
        trust=rendered(trusts.events, platform=at.platform, rule_arns=rule_arns),
        permissions=topics.permissions,
        parent=at.parent,
        platform=at.platform,
        topic_arns=[topic.arn for topic in made.values()],
        key_arn=at.key_arn or "",
    )
    aws.sqs.QueuePolicy(
        f"{at.name}-messages",
        queue_url=dead.url,
        policy=rendered(
            queues.policy, account=at.platform.account, queue_arn=dead.arn, rule_arns=rule_arns
        ),
        opts=at.child,
    )
    for outcome, rule in made_rules.items():
        aws.cloudwatch.EventTarget(
            f"{at.name}-{outcome}",
            rule=rule.name,
            arn=made[outcome].arn,
            role_arn=publisher,
            input_transformer=_transformer(at.platform, outcome),
            dead_letter_config={"arn": dead.arn},
            # A message a day late is better than none: this is EventBridge's longest.
            retry_policy={"maximum_event_age_in_seconds": 86400, "maximum_retry_attempts": 185},
            opts=at.child,
        )
    return publisher


def _transformer(
    platform: Platform, outcome: Outcome
) -> aws.cloudwatch.EventTargetInputTransformerArgsDict:
    message = rules.message(platform=platform, succeeded=outcome is Outcome.SUCCESS)
    return {
        "input_paths": message["input_paths"],
        "input_template": message["input_template"],
    }


def _channels(at: _Surroundings, made: dict[Outcome, aws.sns.Topic]) -> None:
    slack = at.settings.slack
    if slack is None:
        return
    channel_role = role.make(
        f"{at.name}-slack",
        place=at.roles,
        description=f"Slack channels of {at.platform.prefix}: shows messages, may do nothing",
        trust=text(trusts.chatbot(at.platform)),
        parent=at.parent,
    )
    channels = {
        Outcome.SUCCESS: slack.success_channel_id,
        Outcome.FAILURE: slack.failure_channel_id,
    }
    for outcome, channel in channels.items():
        aws.chatbot.SlackChannelConfiguration(
            f"{at.name}-{outcome}",
            configuration_name=made[outcome].name,
            slack_team_id=slack.workspace_id,
            slack_channel_id=channel,
            sns_topic_arns=[made[outcome].arn],
            iam_role_arn=channel_role,
            # Without one AWS takes AdministratorAccess.
            guardrail_policy_arns=[trusts.guardrail(at.platform.partition)],
            logging_level="ERROR",
            opts=at.child,
        )


def _emails(at: _Surroundings, made: dict[Outcome, aws.sns.Topic]) -> None:
    addresses = {
        Outcome.SUCCESS: at.settings.emails.success,
        Outcome.FAILURE: at.settings.emails.failure,
    }
    for outcome, recipients in addresses.items():
        for address in recipients:
            aws.sns.TopicSubscription(
                f"{at.name}-{outcome}-{address}",
                topic=made[outcome].arn,
                protocol="email",
                endpoint=address,
                opts=at.child,
            )
