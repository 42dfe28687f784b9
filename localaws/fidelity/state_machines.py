"""CreateStateMachine and UpdateStateMachine refuse what Step Functions refuses.

moto answers with the machine that is there, whatever the new one looks like, and takes any name,
a definition of any size, and transitions to states that do not exist.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.stepfunctions.exceptions import StateMachineDoesNotExist, ValidationException
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localaws.fidelity.definitions import problems
from localaws.fidelity.execution_names import check_name
from localaws.fidelity.patching import patch, replace, wrap

LARGEST_DEFINITION: Final = 1_048_576


class StateMachineAlreadyExists(AWSError):  # type: ignore[misc] # moto is not typed
    """There is another machine of that name."""

    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


def _check_size(definition: str) -> None:
    if len(definition) > LARGEST_DEFINITION:
        raise ValidationException(
            "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LARGEST_DEFINITION}"
        )


def _same(machine: Any, wanted: dict[str, Any]) -> bool:
    return bool(
        machine.definition == wanted["definition"]
        and machine.type == (wanted.get("sm_type") or "STANDARD")
        and machine.loggingConfiguration == (wanted.get("loggingConfiguration") or {"level": "OFF"})
        and machine.tracingConfiguration
        == (wanted.get("tracingConfiguration") or {"enabled": False})
    )


@patch
def apply() -> None:
    """Check what is made and what is changed."""

    @wrap(StepFunctionsParserBackend, "create_state_machine")
    def create(original: Any, self: Any, name: str, **wanted: Any) -> Any:
        check_name(name)
        place = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}"
        arn = f"{place}:stateMachine:{name}"
        try:
            existing = self.describe_state_machine(arn)
        except StateMachineDoesNotExist:
            existing = None
        if existing and not _same(existing, wanted):
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
        return original(self, name=name, **wanted)

    parse = StepFunctionsParserBackend._validate_definition

    def validate(definition: str) -> None:
        _check_size(definition)
        parse(definition)
        if found := problems(json.loads(definition)):
            raise InvalidDefinition(
                message=f"Invalid State Machine Definition: '{', '.join(found)}'"
            )

    replace(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate))
