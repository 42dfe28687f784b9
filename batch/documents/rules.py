"""Which ends of runs are recorded: what starts ``P_recorder``.

One pair of rules serves every job of the platform. Only the machines of jobs are named ``P-...``,
so that no other machine of the account is heard.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.control import Skip

_FAILURES: Final = ("FAILED", "TIMED_OUT", "ABORTED")


def success(platform: Platform) -> dict[str, Any]:
    """Return the pattern of the runs that did their work, and of those that came too late.

    A skipped run succeeds too, but has done nothing, and has written its record itself: only one
    that missed its start deadline is told. The event has the output as text, in which only
    ``"result": "SUCCEEDED"`` and ``"code": "START_DEADLINE"`` hold these words in quotes: a
    quote in a text of the output has a backslash before it.
    """
    wanted = ("SUCCEEDED", Skip.START_DEADLINE.value)
    return _pattern(
        platform,
        status=["SUCCEEDED"],
        output=[{"wildcard": f'*"{word}"*'} for word in wanted],
    )


def failure(platform: Platform) -> dict[str, Any]:
    """Return the pattern of the runs that failed, took too long or were aborted."""
    return _pattern(platform, status=list(_FAILURES))


def _pattern(platform: Platform, **detail: Any) -> dict[str, Any]:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "account": [platform.account],
        "detail": {
            "stateMachineArn": [{"prefix": platform.state_machine_arn("")}],
            **detail,
        },
    }
