"""Where messages go: topics, Slack channels, e-mail, and queues of what did not get there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.documents import topics, trusts
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
    alarms: tuple[aws.cloudwatch.MetricAlarm, ...]
    """Those on the queues."""


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
    """Make the topics, whoever listens to them, and the queues."""
    at = _Surroundings(name, platform, settings, key_arn, roles, parent)
    made = {outcome: _topic(at, outcome) for outcome in Outcome}
    starts = _dead_letters(at, "starts", "A start by EventBridge Scheduler", made)
    messages = _dead_letters(at, "messages", "A message about the end of a run", made)
    _channels(at, made)
    _emails(at, made)
    return Notifications(made, starts.queue, messages.queue, (starts.alarm, messages.alarm))


def admit(
    name: str,
    told: Notifications,
    *,
    account: str,
    publisher_arns: Sequence[pulumi.Input[str]],
    alarms: Sequence[aws.cloudwatch.MetricAlarm],
    parent: pulumi.Resource,
) -> None:
    """Let those publish who have something to tell; the alarms only to the failure topic."""
    by_topic = {Outcome.FAILURE: [alarm.arn for alarm in alarms]}
    for outcome, topic in told.topics.items():
        aws.sns.TopicPolicy(
            f"{name}-{outcome}",
            arn=topic.arn,
            policy=rendered(
                topics.policy,
                account=account,
                topic_arn=topic.arn,
                publisher_arns=list(publisher_arns),
                alarm_arns=by_topic.get(outcome, []),
            ),
            opts=pulumi.ResourceOptions(parent=parent),
        )


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
