"""Parameters and answers in the case that each side knows (getmoto/moto#10076).

A definition writes ``LaunchType``, boto wants ``launchType``; moto passes the first on as it is,
and botocore ends with a KeyError: no ``ecs:runTask.sync`` works at all.

Step Functions also refuses a field that the API does not have and a value of the wrong type,
with States.Runtime, which nothing catches. For ECS and the AWS SDK integrations so does this.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)
from moto.stepfunctions.parser.utils import camel_to_snake_case

from localaws.fidelity.patching import patch, replace


class RefusedParameters(Exception):
    """Step Functions would not have called the service with these."""


@functools.cache
def _operation(service: str, action: str) -> OperationModel | None:
    model = botocore.session.get_session().get_service_model(service)
    for name in model.operation_names:
        if camel_to_snake_case(name) == action:
            return model.operation_model(name)
    return None


@patch
def apply() -> None:
    """Convert what goes to a service and what comes back."""
    service_task = state_task_service.StateTaskService

    def operation(task: Any, service: str | None, action: str | None) -> OperationModel | None:
        return _operation(
            task._get_boto_service_name(service), task._get_boto_service_action(action)
        )

    def parameters(
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found is None or found.input_shape is None:
            return
        if "ecs" not in self.resource.resource_arn and "aws-sdk" not in self.resource.resource_arn:
            # These take more than the API does: a message that is an object becomes its text.
            self._to_boto_request(parameters, found.input_shape)
            return
        problems: list[str] = []
        converted = _request(parameters, found.input_shape, "", problems)
        if problems:
            raise RefusedParameters(
                f"The Parameters could not be used to start the Task: [{', '.join(problems)}]"
            )
        parameters.clear()
        parameters.update(converted)

    def response(
        self: Any,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found is None or found.output_shape is None:
            return
        self._from_boto_response(response, found.output_shape)
        if found.service_model.service_name == "dynamodb" and "aws-sdk" in (
            self.resource.resource_arn
        ):
            response.update(_attribute_values(dict(response)))

    replace(service_task, "_normalise_parameters", parameters)
    replace(service_task, "_normalise_response", response)


_ATTRIBUTE_TYPES: Final = {
    "BOOL": "Bool",
    "NULL": "Nul",
    "SS": "Ss",
    "NS": "Ns",
    "BS": "Bs",
}
"""What the AWS SDK integration calls the types of DynamoDB: as the SDK for Java does."""


def _attribute_values(value: Any) -> Any:
    """Return an answer of DynamoDB with the types of its values in that case."""
    if isinstance(value, list):
        return [_attribute_values(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and value.keys() <= _ATTRIBUTE_TYPES.keys():
        ((type_, inner),) = value.items()
        return {_ATTRIBUTE_TYPES[type_]: inner}
    return {key: _attribute_values(item) for key, item in value.items()}


def _request(value: Any, shape: Shape, field: str, problems: list[str]) -> Any:
    if value is None:
        return None
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            problems.append(f"The value for the field '{field}' must be an object")
            return value
        return _structure(value, shape, problems)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            problems.append(f"The value for the field '{field}' must be an array")
            return value
        return [_request(item, shape.member, field, problems) for item in value]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            problems.append(f"The value for the field '{field}' must be an object")
            return value
        return {
            key: _request(item, shape.value, field, problems)
            for key, item in value.items()
            if item is not None
        }
    expected = _type_problem(value, shape)
    if expected:
        problems.append(f"The value for the field '{field}' must be {expected}")
    return value


def _structure(value: dict[str, Any], shape: StructureShape, problems: list[str]) -> dict[str, Any]:
    members = {camel_to_snake_case(name): name for name in shape.members}
    converted = {}
    for key, item in value.items():
        name = members.get(camel_to_snake_case(key))
        if name is None or not key[:1].isupper():
            problems.append(f"The field '{key}' is not supported by Step Functions")
        elif item is not None:
            converted[name] = _request(item, shape.members[name], key, problems)
    return converted


def _type_problem(value: Any, shape: Shape) -> str | None:
    if isinstance(shape, StringShape):
        return None if isinstance(value, str) else "a STRING"
    if shape.type_name == "boolean":
        return None if isinstance(value, bool) else "a BOOLEAN"
    if shape.type_name in {"integer", "long"}:
        return None if isinstance(value, int) and not isinstance(value, bool) else "an INTEGER"
    return None
