"""A state that calls AWS: what every machine says of it.

All results go where a state assigns them, and none into its output, or they would be in the
execution's history again and again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from batch.contract import Platform

# By States.TaskFailed and not by name: the names of what is worth a retry (throttling, a failing
# service) are no stable contract. It matches everything but a time-out.
RETRY: Final = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": 6,
        "MaxDelaySeconds": 30,
        "JitterStrategy": "FULL",
    }
]
"""Of a call of AWS that may be made twice."""


def call(
    platform: Platform,
    action: str,
    arguments: Mapping[str, Any],
    *,
    after: str = "",
    assign: Mapping[str, Any] | None = None,
    output: Any = None,
    retry: Sequence[Mapping[str, Any]] = RETRY,
    catch: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the state.

    Args:
        action: ``service:action`` of the AWS SDK integration.
        after: the state that goes on; without one the execution, or the item of a Map, ends.
        output: what the next state gets; an empty object if nothing is said.
        catch: what becomes of a failure that stays.
    """
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"arn:{platform.partition}:states:::aws-sdk:{action}",
        "Arguments": dict(arguments),
        "Output": {} if output is None else output,
        "Retry": list(retry),
    }
    if assign is not None:
        state["Assign"] = dict(assign)
    if catch:
        state["Catch"] = list(catch)
    return state | ({"Next": after} if after else {"End": True})


def at_once(*errors: str) -> dict[str, Any]:
    """Return the retrier of errors that are answers: another try does not change them."""
    return {"ErrorEquals": list(errors), "MaxAttempts": 0}


def otherwise(after: str, **what: Any) -> dict[str, Any]:
    """Return the catcher of every error that no other one is for."""
    return {"ErrorEquals": ["States.ALL"], "Output": {}, "Next": after, **what}
