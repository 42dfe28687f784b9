"""The jobs of a program: two of one name on a platform are refused before anything is made.

The engine would tell as much of a URN, or AWS of a state machine's name half-way through.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from batch.errors import InvalidJob, Problem


@dataclass
class _Program:
    """What one run of a program has registered."""

    modules: dict[tuple[Any, str], str] = field(default_factory=dict)
    """Platform and job to the module that registered it."""

    connections: list[Any] = field(default_factory=list)
    """Kept, because an Output is told from another by its id."""


# One process may run several programs one after the other: each has its own stack resource.
_programs: WeakKeyDictionary[pulumi.Resource, _Program] = WeakKeyDictionary()


def register(job: str, connection: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> None:
    """Note ``job`` of the platform behind ``connection``.

    Raises:
        InvalidJob: if the program has such a job already.
    """
    program = _current()
    if program is None:
        return
    module = _calling_module()
    key = (_platform(connection), job)
    if key in program.modules:
        other = program.modules[key]
        where = f"{other} and {module}" if other != module else f"{module} twice"
        what = f"the name is registered by {where}"
        fix = "give one of the two another name"
        raise InvalidJob([Problem(f"jobs.{job}", what, fix)])
    program.modules[key] = module
    program.connections.append(connection)


def registered() -> list[str]:
    """Return the names of the jobs that the running program has registered."""
    program = _current()
    return sorted({job for _, job in program.modules}) if program else []


def _current() -> _Program | None:
    stack = pulumi.runtime.get_root_resource()
    return None if stack is None else _programs.setdefault(stack, _Program())


def _platform(connection: Any) -> Any:
    if isinstance(connection, Mapping):
        values = [connection.get(key) for key in ("platform", "stack", "account", "region")]
        if all(isinstance(value, str) for value in values):
            return tuple(values)
    return id(connection)


def _calling_module() -> str:
    """Return the name of the nearest module outside this package, for the message."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] not in ("components", "localaws", "pulumi"):
            return name
        frame = frame.f_back
    return "__main__"
