"""Who holds the places that a run wants, and are they still there?

A place is given back by the recorder when its run is over. That takes some seconds, and may fail; a
run that finds the place taken looks for itself. A holder is gone only if its execution is neither
running nor waiting for a redrive, *and* its task is stopped. An execution that Step Functions does
not know may have just begun (DescribeExecution is eventually consistent): it counts as alive until
15 minutes after its admission.

The states use

``$holders``   the executions still to be looked at, each with its ``place``
``$old``       the one that is looked at (``task_end`` adds what became of its task)
``$alive``     the name of one that is not gone
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import task_end
from batch.documents.calls import RETRY, at_once, call, otherwise
from batch.documents.jsonata import expression, text
from batch.documents.statements import Statement, allow

START: Final = "Who has the place?"
_NEXT: Final = "Another holder?"
_LOOK: Final = "Look at the holder"
_FREE: Final = "Free the place"
_UNKNOWN: Final = "When did it begin?"
_LOST: Final = "Long over?"
_OF: Final = " of the holder"

_LOST_SECONDS: Final = 40 * 60
"""How long a task that cannot be found may run: two sweeps, the second of which stops it."""

OTHERS: Final = 3
"""How many of a group's holders one look is for: an execution has 25,000 events."""

_REST: Final = expression("[$filter($holders, function($h, $i) { $i > 0 })]")
_ALIVE: Final = expression("$split($old.execution, ':')[-1]")
_KEEP: Final = {"holders": _REST, "alive": _ALIVE}
"""What is assigned when a holder is not gone."""


def states(
    *,
    platform: Platform,
    places: Collection[str],
    replace: bool,
    again: str,
    pause: str,
    taken: str,
) -> dict[str, Any]:
    """Return the states from :data:`START` on.

    Args:
        places: the sort keys of the places that the run wants.
        replace: whether a live holder of the job's own place is stopped.
        again: the state that asks once more, as a place was given back.
        pause: the state that does so after a moment, as nobody was found to hold one.
        taken: the state that goes on where every holder is alive.
    """
    unknown = "Sfn.ExecutionDoesNotExistException"
    alive = [otherwise(_NEXT, Assign=_KEEP)]
    return {
        START: call(
            platform,
            "dynamodb:transactGetItems",
            {
                "TransactItems": [
                    {
                        "Get": {
                            "TableName": platform.control_table,
                            "Key": {"pk": {"S": control.SLOTS}, "sk": {"S": place}},
                        }
                    }
                    for place in places
                ]
            },
            assign={"holders": _holders(len(places))},
            catch=[otherwise(taken)],
            after=_NEXT,
        ),
        _NEXT: {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$count($holders) > 0"),
                    "Assign": {"old": _old(), "looks": 0},
                    "Next": _LOOK,
                },
                {"Condition": expression("$alive != ''"), "Next": taken},
            ],
            # Nobody has it: it was given back meanwhile.
            "Default": pause,
        },
        _LOOK: call(
            platform,
            "sfn:describeExecution",
            {
                "ExecutionArn": expression("$old.execution"),
                # Input and output together can be more than a state may have.
                "IncludedData": "METADATA_ONLY",
            },
            assign={
                "old": expression(
                    "$merge([$old, {'status': $states.result.Status,"
                    " 'over': $toMillis($states.result.StopDate)}])"
                )
            },
            retry=[at_once(unknown), *RETRY],
            catch=[{"ErrorEquals": [unknown], "Output": {}, "Next": _UNKNOWN}, *alive],
            after="Is it gone?",
        ),
        "Is it gone?": {
            "Type": "Choice",
            "Choices": [
                *(_replacing(places) if replace else ()),
                {
                    "Condition": expression("$old.status in ['RUNNING', 'PENDING_REDRIVE']"),
                    "Assign": _KEEP,
                    "Next": _NEXT,
                },
                # Its machine saw its task end.
                {"Condition": expression("$old.status = 'SUCCEEDED'"), "Next": _FREE},
            ],
            "Default": task_end.find(_OF),
        },
        **(_stop(platform, alive) if replace else {}),
        **task_end.states(
            platform=platform,
            execution="$old.execution",
            variable="old",
            of=_OF,
            after=_FREE,
            lost=_LOST,
        ),
        _LOST: {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(
                        "$not($exists($old.taskArn)) and $exists($old.over)"
                        f" and {_ago('$old.over', _LOST_SECONDS)}"
                    ),
                    "Next": _FREE,
                }
            ],
            "Default": "Keep the place",
        },
        "Keep the place": {"Type": "Pass", "Assign": _KEEP, "Output": {}, "Next": _NEXT},
        _UNKNOWN: call(
            platform,
            "dynamodb:getItem",
            {
                "TableName": platform.control_table,
                "Key": {
                    "pk": {"S": expression(f"'run#' & {_job(platform)}")},
                    "sk": {"S": expression("$split($old.execution, ':')[-1]")},
                },
                "ConsistentRead": True,
                "ProjectionExpression": "admitted",
            },
            assign={
                "old": expression(
                    "$merge([$old, {'over': $toMillis($states.result.Item.admitted.S)}])"
                )
            },
            catch=alive,
            after="Just begun?",
        ),
        "Just begun?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"$exists($old.over) ? {_ago('$old.over')} : true"),
                    "Next": _FREE,
                }
            ],
            "Default": "Keep the place",
        },
        _FREE: call(
            platform,
            "dynamodb:updateItem",
            {
                "TableName": platform.control_table,
                "Key": {"pk": {"S": control.SLOTS}, "sk": {"S": expression("$old.place")}},
                "UpdateExpression": "DELETE holders :gone",
                "ExpressionAttributeValues": {":gone": {"SS": [expression("$old.execution")]}},
            },
            catch=alive,
            after=again,
        ),
    }


def _ago(of: str, seconds: int = control.UNKNOWN_SECONDS) -> str:
    return f"$toMillis($states.context.State.EnteredTime) - {of} > {seconds * 1000}"


def _holders(count: int) -> str:
    """Return the expression for ``$holders``: the job's own place's, and some of the group's.

    Chance says which ones, so that in time each is asked about.
    """
    # A set comes back as SS or as Ss, the SDK's own spelling; which one is not documented.
    lists = [
        f"[$map($states.result.Responses[{n}].Item.holders.(SS ? SS : Ss), function($h) {{ {{"
        f"'execution': $h, 'place': $states.result.Responses[{n}].Item.sk.S}} }})]"
        for n in range(count)
    ]
    listed = lists[0] if count == 1 else f"$append({', '.join(lists)})"
    return expression(
        f"""(
        $others := [$filter({listed}, function($h) {{
            $h.execution != $states.context.Execution.Id }})];
        $own := [$filter($others, function($h) {{ $substring($h.place, 0, 4) = 'job#' }})];
        $shared := [$filter($others, function($h) {{ $substring($h.place, 0, 4) != 'job#' }})];
        $count := $count($shared);
        $first := $floor($random() * $count);
        $append($own, [$filter($shared, function($h, $i) {{
            ($i + $count - $first) % $count < {OTHERS} }})])
        )"""
    )


def _old() -> str:
    reason = "'its run is over, and ' & $states.context.Execution.Name & ' takes its place'"
    return expression(
        f"{{'execution': $holders[0].execution, 'place': $holders[0].place, 'reason': {reason}}}"
    )


def _job(platform: Platform) -> str:
    """Return the expression for the job of ``$old``, from its machine's name."""
    skip = len(platform.prefix) + 1
    return f"$substring($split($old.execution, ':')[-2], {skip})"


def _replacing(places: Collection[str]) -> list[dict[str, Any]]:
    own = next(place for place in places if place.startswith("job#"))
    return [
        {
            "Condition": expression(
                f"$old.status in ['RUNNING', 'PENDING_REDRIVE'] and $old.place = {text(own)}"
            ),
            "Next": "Stop the holder",
        }
    ]


def _stop(platform: Platform, alive: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Stop the holder": call(
            platform,
            "sfn:stopExecution",
            {
                "ExecutionArn": expression("$old.execution"),
                "Error": control.REPLACED,
                "Cause": expression(
                    "$string({'reason': 'replaced by the run ' & $states.context.Execution.Name})"
                ),
            },
            catch=alive,
            after=task_end.find(_OF),
        )
    }


def permissions(*, platform: Platform) -> list[Statement]:
    """Return what the states need beyond the table."""
    return [
        allow(
            ["states:DescribeExecution", "states:StopExecution"],
            [platform.execution_arn("*", "*")],
        )
    ]
