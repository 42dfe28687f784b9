"""``States.*`` errors leave a Parallel branch and a Map item as they are.

moto takes them for names that a definition may not use and ends with States.Runtime, so a Catch
of States.Timeout or States.TaskFailed on a Parallel or Map state never matches. The interpreter
is LocalStack's, where this is localstack/localstack#10489.
"""

from __future__ import annotations

from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.fail import state_fail

from localaws.fidelity import failures
from localaws.fidelity.patching import patch, replace


def _named(error_name: str | None) -> ErrorName:
    # moto passes it by this name.
    return failures.error_name(error_name)


@patch
def apply() -> None:
    """Let the errors through."""
    for module in (branches_decl, iteration_worker, state_fail):
        replace(module, "CustomErrorName", _named)
