"""Some errors are not caught with all the others.

Nothing matches States.Runtime, and only its own name States.DataLimitExceeded; States.TaskFailed
matches every other error but States.Timeout. In moto the first matches everything and the second no
error of Step Functions' own.
"""

from __future__ import annotations

from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)

from localaws.fidelity.patching import patch, replace

_RUNTIME: Final = "States.Runtime"
_TOO_MUCH: Final = "States.DataLimitExceeded"


def matches(names: list[str | None], error: str | None) -> bool:
    """Return whether ``ErrorEquals: names`` matches ``error``."""
    if error == _RUNTIME:
        return False
    if error == _TOO_MUCH:
        return error in names
    if "States.ALL" in names or error in names:
        return True
    return "States.TaskFailed" in names and error != "States.Timeout"


@patch
def apply() -> None:
    """Replace the comparison."""

    def compare(self: Any, env: Any) -> None:
        error = env.stack.pop()
        names = [name.error_name for name in self.error_names]
        env.stack.append(matches(names, error.error_name if error else None))

    replace(ErrorEqualsDecl, "_eval_body", compare)
