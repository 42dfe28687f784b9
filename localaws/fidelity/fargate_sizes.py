"""Fargate has the sizes it has. moto registers a task definition of any size."""

from __future__ import annotations

from typing import Any

from moto.ecs.exceptions import EcsClientException
from moto.ecs.models import EC2ContainerServiceBackend

from batch import fargate
from localaws.fidelity.patching import patch, wrap


def size_problem(cpu: str | None, memory: str | None) -> str | None:
    """Return what ECS answers to a task of that size on Fargate, or None."""
    for name, value in (("cpu", cpu), ("memory", memory)):
        if not value:
            return f"Fargate requires that '{name}' be defined at the task level."
    if not str(cpu).isdecimal() or not str(memory).isdecimal():
        # "0.5 vCPU" and "1 GB" are legal as well; this project never writes them.
        return None
    problems = fargate.check(int(str(cpu)), int(str(memory)))
    if not problems:
        return None
    why = "; ".join(str(problem) for problem in problems)
    return (
        f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
        f"See the Amazon ECS documentation for the valid values. ({why})"
    )


@patch
def apply() -> None:
    """Refuse the others when a definition is registered."""

    @wrap(EC2ContainerServiceBackend, "register_task_definition")
    def register(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        if "FARGATE" in (kwargs.get("requires_compatibilities") or []):
            problem = size_problem(kwargs.get("cpu"), kwargs.get("memory"))
            if problem:
                raise EcsClientException(problem)
        return original(self, *args, **kwargs)
