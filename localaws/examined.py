"""What an examination of a platform asks of AWS, and moto has no answer to.

IAM's simulation of a role's policies goes by the evaluation that the calls of the platform go by;
a Slack configuration is what the program made; a quota is AWS's default for a new account.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse
from moto.servicequotas.models import ServiceQuotasBackend

from localaws.access import documents
from localaws.access.policy import Answer, Request, answer
from localaws.hooks import Hooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from localaws.slack import Slack

DESCRIBE_SLACK: Final = "/describe-slack-channel-configurations"

QUOTAS: Final = {
    "L-3032A538": ("On-Demand", "Standard/OnDemand", 6.0),
    "L-36FBB829": ("Spot", "Standard/Spot", 6.0),
}
"""Fargate's: code, name, class of the metric that tells its use, and what a new account has."""


class Examined:
    """Answers while it is installed."""

    def __init__(self) -> None:
        self._hooks = Hooks()

    def install(self) -> None:
        """Answer from now on."""
        IamResponse.simulate_principal_policy = _simulated
        self._hooks.answer(ServiceQuotasBackend, "get_service_quota", _quota)

    def close(self) -> None:
        """Leave moto as it was."""
        self._hooks.remove()
        if "simulate_principal_policy" in vars(IamResponse):
            del IamResponse.simulate_principal_policy


def with_slack(application: WSGIApplication, slack: Slack) -> WSGIApplication:
    """Return an application that tells Slack's configurations too: AWS Chatbot is not moto's."""

    def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != DESCRIBE_SLACK:
            return application(environ, start_response)
        configurations = [
            {
                "ConfigurationName": one.name,
                "SlackTeamId": one.team_id,
                "SlackChannelId": one.channel_id,
                "SnsTopicArns": sorted(one.topic_arns),
                "ChatConfigurationArn": one.arn,
                "IamRoleArn": one.role_arn,
                "SlackTeamName": one.team_id,
                "State": one.state,
            }
            for one in slack.configurations
        ]
        body = json.dumps({"SlackChannelConfigurations": configurations}).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    return served


def _simulated(self: Any) -> ActionResult:
    """Answer SimulatePrincipalPolicy of a role."""
    role = documents.role(self._get_param("PolicySourceArn"))
    actions = self._get_param("ActionNames", [])
    resources = self._get_param("ResourceArns", []) or ["*"]
    context = {
        entry["ContextKeyName"]: tuple(entry["ContextKeyValues"])
        if entry["ContextKeyType"].endswith("List")
        else entry["ContextKeyValues"][0]
        for entry in self._get_param("ContextEntries", [])
    }
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": _decision(role, Request(action, resource, context)),
        }
        for action, resource in itertools.product(actions, resources)
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _decision(role: documents.Role | None, request: Request) -> str:
    if role is None:
        return "implicitDeny"
    said = {answer(text, request) for text in role.policies}
    if Answer.DENIED in said:
        return "explicitDeny"
    within = role.boundary is None or answer(role.boundary, request) is Answer.ALLOWED
    return "allowed" if Answer.ALLOWED in said and within else "implicitDeny"


def _quota(original: Callable[..., Any], self: Any, service_code: str, quota_code: str) -> Any:
    if service_code != "fargate" or quota_code not in QUOTAS:
        return original(self, service_code, quota_code)
    name, kind, value = QUOTAS[quota_code]
    dimensions = {"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": kind}
    return {
        "ServiceCode": service_code,
        "QuotaCode": quota_code,
        "QuotaName": f"Fargate {name} vCPU resource count",
        "Value": value,
        "Adjustable": True,
        "GlobalQuota": False,
        "UsageMetric": {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": dimensions,
            "MetricStatisticRecommendation": "Maximum",
        },
    }
