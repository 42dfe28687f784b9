"""How the recorder reads the last lines that a run wrote.

A message is sent without them rather than not at all. What was read is in ``$log``: ``lines``, or
``why`` there are none.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.documents.calls import call, otherwise
from batch.documents.jsonata import expression
from batch.documents.message_run import LOG_LINES

READ: Final = "Read the log"

_FEW: Final = 3

_TOO_LONG: Final = "the last lines of the log are too long for a message"
_UNREADABLE: Final = "the log could not be read"


def states(*, platform: Platform, after: str) -> dict[str, Any]:
    """Return the states from :data:`READ` on.

    A line may have 256 KB (1 MB with some log drivers), and all that a state gets, too: then
    States.DataLimitExceeded is what comes, which States.ALL does not match.
    """
    fewer = f"{READ}, only {_FEW} lines"
    return {
        READ: _read(platform, LOG_LINES, too_much={"Next": fewer}, after=after),
        fewer: _read(
            platform,
            _FEW,
            too_much={"Assign": {"log": {"lines": [], "why": _TOO_LONG}}, "Next": after},
            after=after,
        ),
    }


def _read(
    platform: Platform, lines: int, *, too_much: dict[str, Any], after: str
) -> dict[str, Any]:
    return call(
        platform,
        "cloudwatchlogs:getLogEvents",
        {
            "LogGroupName": platform.task_log_group,
            "LogStreamName": expression("$plan.run.logStream"),
            "Limit": lines,
            "StartFromHead": False,
        },
        assign={
            "log": expression(
                """(
                $lines := [$states.result.Events.Message];
                {'lines': $lines, 'why': $count($lines) = 0 ? 'the command wrote nothing' : ''}
                )"""
            )
        },
        catch=[
            {"ErrorEquals": ["States.DataLimitExceeded"], "Output": {}, **too_much},
            otherwise(after, Assign={"log": {"lines": [], "why": _UNREADABLE}}),
        ],
        after=after,
    )
