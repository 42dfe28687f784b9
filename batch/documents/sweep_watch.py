"""What a sweep does about one job of which something is expected: it keeps watch, and tells.

An item ``watch / <job>`` has ``since`` (watched from then on), ``paused`` (a pause was seen, and
its end not yet), ``told`` (that it did not run was told then) and ``toldAfter`` (the last success
before that, or the start of the watch).
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import message_sweep, sweep_calls, sweep_telling
from batch.documents.jsonata import expression, text
from batch.documents.sweep_calls import DONE, call

# What there may be to ``do``.
WATCH: Final = "watch"
WATCH_ANEW: Final = "watch anew"
NOTE_PAUSE: Final = "note the pause"
FORGET: Final = "forget"
SAY_LATE: Final = "say that it did not run"
SAY_AGAIN: Final = "say that it runs again"

START: Final = "What is to be done?"
_LATE: Final = " that it did not run"
_AGAIN: Final = " that it runs again"


def states(*, platform: Platform, failure_topic_arn: str) -> dict[str, Any]:
    """Return the states of a Map's item, a job with what to ``do`` about it, from START on."""
    key = {
        control.PARTITION_KEY: {"S": control.WATCH},
        control.SORT_KEY: {"S": expression("$states.input.job")},
    }
    table = {"TableName": platform.control_table, "Key": key}
    now = {"ExpressionAttributeValues": {":at": {"S": expression("$at")}}}

    def note(update: str) -> dict[str, Any]:
        return call(
            platform,
            "dynamodb:updateItem",
            {**table, "UpdateExpression": update, **now},
            output={},
            failed=sweep_calls.give_up(
                problem="$states.input.job & ': that it is watched is not noted'"
            ),
            after=DONE,
        )

    def telling(of: str, **arguments: Any) -> dict[str, Any]:
        return sweep_telling.states(
            platform=platform, topic_arn=failure_topic_arn, key=key, of=of, **arguments
        )

    choices = {
        WATCH: "Watch",
        WATCH_ANEW: "Watch anew",
        NOTE_PAUSE: "Note the pause",
        FORGET: "Forget",
        SAY_LATE: sweep_telling.start(_LATE),
    }
    return {
        START: {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression(f"$states.input.do = {text(do)}"), "Next": state}
                for do, state in choices.items()
            ],
            "Default": sweep_telling.start(_AGAIN),
        },
        "Watch": note("SET since = if_not_exists(since, :at)"),
        "Watch anew": note("SET since = :at REMOVE paused"),
        "Note the pause": note("SET paused = :at"),
        "Forget": call(
            platform,
            "dynamodb:deleteItem",
            table,
            output={},
            failed=sweep_calls.give_up(
                problem="$states.input.job & ': it is watched, and nothing is expected of it'"
            ),
            after=DONE,
        ),
        **telling(
            _LATE,
            open_if="attribute_exists(since) AND attribute_not_exists(told)",
            told="SET told = :told, toldAfter = :from REMOVE telling",
            values={":from": {"S": expression("$states.input.from")}},
            message=message_sweep.did_not_run(platform=platform, job="$states.input"),
            problem="$states.input.job & ' did not run'",
        ),
        **telling(
            _AGAIN,
            open_if="attribute_exists(told)",
            told="SET toldAgain = :told REMOVE telling, told, toldAfter",
            message=message_sweep.runs_again(platform=platform, job="$states.input"),
            problem="$states.input.job & ' runs again'",
        ),
    }
