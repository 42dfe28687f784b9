"""What Step Functions has against a definition that can be parsed.

Its validator runs when a machine is made; the interpreter would find out only when it comes by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_WITHOUT_NEXT: Final = {"Choice", "Succeed", "Fail"}


def problems(definition: dict[str, Any], where: str = "") -> list[str]:
    """Return what is wrong with the transitions of a machine, a branch or an item processor."""
    states = definition.get("States", {})
    found = []
    if definition.get("StartAt") not in states:
        found.append(_missing("StartAt", definition.get("StartAt"), f"{where}/StartAt"))
    reached = {definition.get("StartAt")}
    for name, state in states.items():
        path = f"{where}/States/{name}"
        found += _ending(state, path)
        for field, target in _targets(state):
            reached.add(target)
            if target not in states:
                found.append(_missing(field, target, path))
        for part, inner in _inner(state):
            found += problems(inner, f"{path}/{part}")
    found += [
        f"MISSING_TRANSITION_TARGET: State '{name}' is not reachable. at {where}/States/{name}"
        for name in states
        if name not in reached
    ]
    return found


def _missing(field: str, target: Any, path: str) -> str:
    return f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {path}"


def _ending(state: dict[str, Any], path: str) -> list[str]:
    if state.get("Type") in _WITHOUT_NEXT or ("Next" in state) != bool(state.get("End")):
        return []
    return [f"SCHEMA_VALIDATION_FAILED: Exactly one of Next and End is required at {path}"]


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield "Next", rule.get("Next")


def _inner(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, branch in enumerate(state.get("Branches", ())):
        yield f"Branches/{index}", branch
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield field, state[field]
