"""The services of the AWS SDK have the SDK for Java's names.

A definition calls ``aws-sdk:cloudwatchlogs:getLogEvents``, and what is refused is named
``CloudWatchLogs.ResourceNotFoundException``, ``Ecs.EcsException`` for an error that the service's
model does not have, and ``DynamoDb.SdkClientException`` when no answer came. moto looks for
botocore's names, begins errors with the name in the definition, and ends a call without an answer
with States.Runtime, which nothing catches or retries.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

import botocore.session
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_ecs,
    state_task_service_sfn,
    state_task_service_sns,
    state_task_service_sqs,
)

from localaws.fidelity.failures import task_failure
from localaws.fidelity.patching import patch, replace, wrap

_BOTO: Final = {"cloudwatchlogs": "logs", "eventbridge": "events"}
"""What botocore calls services that the SDK for Java calls otherwise."""

_OPTIMIZED: Final = {
    "dynamodb": "DynamoDB",
    "ecs": "ECS",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "StepFunctions",
}
"""How the errors of an integration of Step Functions' own begin."""


@functools.cache
def service_name(service: str) -> str:
    """Return what the SDK for Java calls a service, by botocore's name: ``CloudWatchLogs``."""
    model = botocore.session.get_session().get_service_model(service)
    words = re.split(r"[^A-Za-z0-9]+", model.service_id)
    # Of several capitals in a row only the first is left, unless a word follows them.
    return "".join(
        re.sub(r"[A-Z]{2,}(?=$|[0-9]|[A-Z][a-z])", lambda run: run.group().capitalize(), word)
        for word in words
    )


@patch
def apply() -> None:
    """Name them."""
    service_task = state_task_service.StateTaskService
    sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    boto = service_task._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES | _BOTO

    def normalised(name: str) -> str:
        return service_name(boto.get(name.lower(), name))

    replace(service_task, "_SERVICE_NAME_SFN_TO_BOTO_OVERRIDES", boto)
    replace(sdk, "_normalise_service_error_name", staticmethod(normalised))

    for service in (
        sdk,
        state_task_service_ecs.StateTaskServiceEcs,
        state_task_service_sfn.StateTaskServiceSfn,
        state_task_service_sns.StateTaskServiceSns,
        state_task_service_sqs.StateTaskServiceSqs,
    ):
        _name_lost_answers(service)


def _name_lost_answers(service: Any) -> None:
    @wrap(service, "_from_error")
    def from_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, HTTPClientError | NoConnection):
            return original(self, env, ex)
        name = self.resource.service_name
        prefix = (
            self._normalise_service_error_name(self.resource.api_name)
            if name == "aws-sdk"
            else _OPTIMIZED[name]
        )
        cause = f"Unable to execute HTTP request: {ex} (SDK Attempt Count: 1)"
        return task_failure(self, env, error=f"{prefix}.SdkClientException", cause=cause)
