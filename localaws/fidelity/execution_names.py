"""A run has a name, an input that is JSON, and neither is longer than AWS takes.

moto calls every run without a name ``None``, so the second one fails; it takes any name, and an
input of any size.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from moto.stepfunctions.exceptions import InvalidExecutionInput, InvalidName
from moto.stepfunctions.exceptions import ValidationException as Invalid
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localaws.fidelity.patching import patch, wrap

LARGEST_INPUT: Final = 262_144
LONGEST_NAME: Final = 80
_ILLEGAL: Final = set('<>{}[]?*"#%\\^|~`$&,;:/')


def check_name(name: str) -> None:
    """Raise what AWS answers where a run or a state machine may not be called ``name``."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST_NAME}"
        )
    if any(c in _ILLEGAL or c.isspace() or not c.isprintable() for c in name):
        raise InvalidName(f"Invalid Name: '{name}'")


def _check_input(text: str) -> None:
    if len(text.encode()) > LARGEST_INPUT:
        raise InvalidExecutionInput(
            f"Invalid State Machine Execution Input: it is larger than {LARGEST_INPUT} bytes"
        )
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@patch
def apply() -> None:
    """Check, and name what has no name."""

    @wrap(StepFunctionsParserBackend, "start_execution")
    def start(
        original: Any,
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: Any = None,
    ) -> Any:
        if name is None:
            name = str(uuid.uuid4())
        check_name(name)
        _check_input(execution_input or "{}")
        return original(self, state_machine_arn, name, execution_input, trace_header)
