"""Whether anybody hears of a failure: Slack's configuration, and who has subscribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batchctl.doctor.finding import Finding, ok, problem, warning
from batchctl.doctor.patient import Patient

_PENDING = "PendingConfirmation"

_CHATBOT = "us-east-2"
"""Its configurations are the account's, and few Regions have its endpoint (aws-cli#8658)."""


def slack(patient: Patient) -> Iterator[Finding]:
    """Look whether the topics go to channels that are enabled."""
    found = _configurations(patient)
    platform = patient.platform
    for name in (platform.failure_topic, platform.success_topic):
        arn = platform.topic_arn(name)
        channels = [one for one in found if arn in one.get("SnsTopicArns", ())]
        off = [one for one in channels if one.get("State", "ENABLED") != "ENABLED"]
        for one in off:
            yield problem(
                f"Slack for {name}",
                f"{one['ConfigurationName']} is {one['State'].lower()}"
                + (f": {one['StateReason']}" if one.get("StateReason") else ""),
                "authorise the workspace again in the console of Amazon Q Developer, and enable it",
            )
        if channels and not off:
            listed = ", ".join(one["SlackChannelId"] for one in channels)
            yield ok(f"Slack for {name}", f"it goes to {listed}")
        if not channels:
            yield _without_slack(patient, name, arn)


def _configurations(patient: Patient) -> list[dict[str, Any]]:
    client = patient.aws.client("chatbot", _CHATBOT)
    pages = client.get_paginator("describe_slack_channel_configurations").paginate()
    return [one for page in pages for one in page["SlackChannelConfigurations"]]


def _without_slack(patient: Patient, name: str, arn: str) -> Finding:
    """Return who hears of a topic that no Slack channel has."""
    where = f"Slack for {name}"
    if _confirmed(patient, arn):
        return ok(where, "no channel has it, and others have subscribed")
    if name == patient.platform.success_topic:
        return ok(where, "no channel has it, and nobody else hears of successes")
    return problem(
        where,
        "no channel has it, and nobody else hears of failures",
        "configure slack or emails in the stack, and deploy; `batchctl notify test` tries it",
    )


def subscriptions(patient: Patient) -> Iterator[Finding]:
    """Look for subscriptions that were never confirmed."""
    platform = patient.platform
    for name in (platform.failure_topic, platform.success_topic):
        where = f"subscriptions of {name}"
        pending = [
            one["Endpoint"]
            for one in _subscriptions(patient, platform.topic_arn(name))
            if one["SubscriptionArn"] == _PENDING
        ]
        if pending:
            yield warning(
                where,
                f"{', '.join(pending)} has not confirmed",
                "follow the link in the e-mail, or deploy again for another",
            )
        else:
            yield ok(where, "none waits for its confirmation")


def _confirmed(patient: Patient, arn: str) -> bool:
    return any(one["SubscriptionArn"] != _PENDING for one in _subscriptions(patient, arn))


def _subscriptions(patient: Patient, arn: str) -> list[dict[str, Any]]:
    pages = patient.aws.client("sns").get_paginator("list_subscriptions_by_topic")
    return [one for page in pages.paginate(TopicArn=arn) for one in page["Subscriptions"]]
