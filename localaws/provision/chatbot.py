"""Slack channel configurations. moto has no AWS Chatbot: they go to the local Slack sink."""

from __future__ import annotations

from typing import Any

from localaws.access.authorization import Caller, Refused, assumed
from localaws.monitor import Made
from localaws.provision.registry import Inputs, Order, makes
from localaws.provision.shapes import present, tag_list


def slack_request(inputs: Inputs, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of CreateSlackChannelConfiguration."""
    return present(
        ConfigurationName=inputs["configurationName"],
        SlackTeamId=inputs["slackTeamId"],
        SlackChannelId=inputs["slackChannelId"],
        IamRoleArn=inputs["iamRoleArn"],
        SnsTopicArns=inputs.get("snsTopicArns"),
        LoggingLevel=inputs.get("loggingLevel"),
        GuardrailPolicyArns=inputs.get("guardrailPolicyArns"),
        UserAuthorizationRequired=inputs.get("userAuthorizationRequired"),
        Tags=[{"TagKey": t["Key"], "TagValue": t["Value"]} for t in tag_list(tags)] or None,
    )


@makes(
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
    "configurationName slackTeamId slackChannelId iamRoleArn snsTopicArns loggingLevel "
    "guardrailPolicyArns userAuthorizationRequired tags",
)
def slack_channel_configuration(order: Order) -> Made:
    """Send what topics say to a channel."""
    request = slack_request(order.inputs, order.tags())
    name = request["ConfigurationName"]
    arn = order.arn("chatbot", f"chat-configuration/slack-channel/{name}", region="")
    try:
        assumed(Caller("chatbot.amazonaws.com", arn, request["IamRoleArn"]))
    except Refused as refused:
        raise order.refused(str(refused), "let chatbot.amazonaws.com assume the role") from refused
    order.context.emulator.slack.configure(
        name=name,
        team_id=request["SlackTeamId"],
        channel_id=request["SlackChannelId"],
        topic_arns=tuple(request.get("SnsTopicArns") or ()),
        arn=arn,
        role_arn=request["IamRoleArn"],
    )
    order.context.channels.append(name)
    return Made(
        arn,
        {
            "chatConfigurationArn": arn,
            "slackChannelName": request["SlackChannelId"],
            "slackTeamName": request["SlackTeamId"],
        },
    )
