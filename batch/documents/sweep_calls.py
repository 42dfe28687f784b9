"""A call that a sweep survives: it is tried again, and at last noted among the problems.

``$problems`` is what a sweep could not do. It goes on with whatever does not need it, and fails
at its end (``sweep_machine``). An item of a Map cannot assign to the machine's variables: it ends
with ``problem`` in its output, which the Map takes over (:func:`noted`).
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.documents import calls
from batch.documents.calls import RETRY, at_once
from batch.documents.jsonata import expression, text
from batch.documents.sweep_bounds import PROBLEMS

DONE: Final = "Done"
"""The last state of an item of a Map."""

SETTLED_SECONDS: Final = 2 * 60
"""How long what has just happened is left to those whose work it is."""

_ANSWERS: Final = at_once(
    "DynamoDb.ConditionalCheckFailedException",
    "Sfn.ExecutionAlreadyExistsException",
    "Sfn.ExecutionDoesNotExistException",
)

_ERROR: Final = (
    "$substring($join([$states.errorOutput.Error, $states.errorOutput.Cause], ': '), 0, 400)"
)


def call(
    platform: Platform,
    action: str,
    arguments: dict[str, Any],
    *,
    after: str,
    failed: list[dict[str, Any]],
    assign: Any = None,
    output: Any = None,
) -> dict[str, Any]:
    """Return a state that calls AWS (``calls.call``).

    Args:
        failed: its ``Catch``.
        output: what the next state gets; its own input if nothing is said.
    """
    return calls.call(
        platform,
        action,
        arguments,
        after=after,
        assign=assign,
        output=expression("$states.input") if output is None else output,
        retry=[_ANSWERS, *RETRY],
        catch=failed,
    )


def _caught(**what: Any) -> list[dict[str, Any]]:
    # The first is not one of all: a result that is larger than a state may have.
    return [{"ErrorEquals": [name], **what} for name in ("States.DataLimitExceeded", "States.ALL")]


def skip_to(after: str, *, problem: str) -> list[dict[str, Any]]:
    """Return the Catch of a state of the machine itself.

    Args:
        problem: what is not done, for people.
    """
    return _caught(
        Assign={"problems": add(f"[{text(problem + ': ')} & {_ERROR}]")}, Output={}, Next=after
    )


def begin(after: str, *, problem: str, assign: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the Catch of the machine's first state, before which there are no problems.

    Args:
        assign: what the state would have assigned.
    """
    problems = expression(f"[{text(problem + ': ')} & {_ERROR}]")
    return _caught(Assign=assign | {"problems": problems}, Output={}, Next=after)


def give_up(*, problem: str, unless: str = "") -> list[dict[str, Any]]:
    """Return the Catch of a state of a Map's item.

    Args:
        problem: the expression for what is not done.
        unless: a word of the error that is none: somebody else has done it.
    """
    output = f"{{'problem': {problem} & ': ' & {_ERROR}}}"
    if unless:
        output = f"$contains($states.errorOutput.Error, {text(unless)}) ? {{}} : {output}"
    return _caught(Output=expression(output), Next=DONE)


def each(
    items: str,
    start_at: str,
    states: dict[str, Any],
    *,
    after: str,
    failed: list[dict[str, Any]],
    assign: dict[str, Any],
) -> dict[str, Any]:
    """Return the Map over the expression ``items``.

    Args:
        assign: what the machine takes over from the items' outputs.
    """
    return {
        "Type": "Map",
        "Items": expression(items),
        # DescribeExecution is refilled with 10 to 15 calls a second, which people need too.
        "MaxConcurrency": 2,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": start_at,
            "States": {**states, DONE: {"Type": "Succeed"}},
        },
        "Assign": assign,
        "Output": {},
        "Catch": failed,
        "Next": after,
    }


def add(problems: str) -> str:
    """Return the expression for ``$problems`` with some more."""
    return expression(f"[$append($problems, {problems})[[0..{PROBLEMS - 1}]]]")


def note(problem: str, *, after: str, assign: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the state that notes a problem which no call had."""
    return {
        "Type": "Pass",
        "Assign": {**(assign or {}), "problems": add(text(problem))},
        "Output": {},
        "Next": after,
    }


def noted() -> str:
    """Return the expression for ``$problems`` with those of a Map's items."""
    return add("[$states.result.problem]")


def execution(platform: Platform, job: str, run: str) -> str:
    """Return the expression for the ARN of a run, from those for its job and its name."""
    start = platform.execution_arn("", "").rpartition(":")[0]
    return f"{text(start)} & {job} & ':' & {run}"


def before(seconds: int, *, of: str = "$at") -> str:
    """Return the expression for the moment so long before the sweep began."""
    return f"$fromMillis($toMillis({of}) - {seconds * 1000})"


def first(items: str) -> str:
    """Return the expression for as many of ``items`` as may still be acted upon."""
    return f"[$filter({items}, function($item, $n) {{ $n < $left }})]"
