"""Executions of state machines, as tests wait for them and hasten them."""

from __future__ import annotations

from typing import Any

from tests.local.ecs import wait_for

ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def end_of(states: Any, execution: str) -> dict[str, Any]:
    """Return an execution once it has ended, as the Step Functions client ``states`` tells it."""

    def ended() -> dict[str, Any] | None:
        described = states.describe_execution(executionArn=execution)
        return described if described["status"] in ENDED else None

    found: dict[str, Any] = wait_for(ended, f"the end of {execution}")
    return found


def hurried(definition: Any, *, attempts: int | None = None) -> Any:
    """Return a definition that waits no longer than it must before it tries again.

    How long it waits is in the golden file.

    Args:
        attempts: how often it tries at most; as often as it says if that is not given.
    """
    if isinstance(definition, dict):
        changed = {key: hurried(value, attempts=attempts) for key, value in definition.items()}
        if "IntervalSeconds" in changed:
            changed |= {"IntervalSeconds": 1, "BackoffRate": 1, "MaxDelaySeconds": 2}
            changed |= {} if attempts is None else {"MaxAttempts": attempts}
        return changed
    if isinstance(definition, list):
        return [hurried(value, attempts=attempts) for value in definition]
    return definition
