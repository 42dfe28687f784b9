"""What a sweep does about the runs that the platform still owes something.

These are the records in the index ``open``. A run whose end no event told is recorded, and a
message that was not sent is sent: both by the recorder, which the sweep gives what the event would
have had. A run over its limit is told, and stays what it is. Who does not need a sweep is left
alone: a run that goes on, and what is not two minutes old.

The machine's variables are those of ``sweep_machine``; here are its own:

``$found``    records to ask about
``$next``     where the next page of open runs begins, ``{}`` at the end
``$untold``   where the next page of what is not told begins, ``{}`` at the end
``$asked``    how many runs were asked about
``$todo``     what is to be done, each with ``do``
``$alive``    the executions that go on
``$over``     how many of them are over their limit
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import sweep_calls, sweep_recording
from batch.documents.jsonata import expression, moment, text
from batch.documents.statements import Statement, allow
from batch.documents.sweep_bounds import ACTIONS, RUN_PAGE, RUNS
from batch.documents.sweep_calls import DONE, SETTLED_SECONDS, call
from batch.documents.sweep_recording import RECORD, SAY_LATE, TELL, TELL_UNLESS_TOLD

START: Final = "Read what is not told"
_UNTOLD_MORE: Final = "Read more that is not told"
_OPEN: Final = "Read the open runs"
_OPEN_MORE: Final = "Read more open runs"
_ANY: Final = "Any run to ask about?"
_ASK: Final = "Ask about each run"
_ACT: Final = "See to each run"
_MORE: Final = "More runs?"
_TOO_MANY: Final = "Too many runs"


def states(*, platform: Platform, failure_topic_arn: str, after: str) -> dict[str, Any]:
    """Return the states from :data:`START` on."""
    return {
        START: call(
            platform,
            "dynamodb:query",
            _open(platform, control.UNTOLD, at="$states.context.State.EnteredTime"),
            assign=_begin(_records(platform, control.UNTOLD))
            | {
                "untold": expression(_REST),
                "asked": expression("$count($states.result.Items)"),
            },
            output={},
            failed=sweep_calls.begin(
                _OPEN, problem="what is not told is not read", assign=_begin("[]")
            ),
            after=_OPEN,
        ),
        _OPEN: _read(platform, control.RUNNING),
        _ANY: {
            "Type": "Choice",
            "Choices": [{"Condition": expression("$count($found) > 0"), "Next": _ASK}],
            "Default": after,
        },
        _ASK: sweep_calls.each(
            "$found",
            "Ask about the run",
            {"Ask about the run": _ask(platform)},
            assign={
                "todo": expression(
                    "[$filter($states.result, function($r) { $exists($r.do) })]",
                ),
                "alive": expression("[$append($alive, [$states.result.alive])]"),
                "over": expression("$over + $count($states.result[over])"),
                "problems": sweep_calls.noted(),
            },
            failed=sweep_calls.skip_to(after, problem="the open runs are not asked about"),
            after=_ACT,
        ),
        _ACT: sweep_calls.each(
            sweep_calls.first("$todo"),
            sweep_recording.START,
            sweep_recording.states(platform=platform, failure_topic_arn=failure_topic_arn),
            assign={
                "left": expression("$left - $count($todo)"),
                "problems": sweep_calls.noted(),
                "found": [],
            },
            failed=sweep_calls.skip_to(after, problem="the open runs are not seen to"),
            after=_MORE,
        ),
        _MORE: {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$not($exists($next.pk) or $exists($untold.pk))"),
                    "Next": after,
                },
                {"Condition": expression(f"$asked >= {RUNS}"), "Next": _TOO_MANY},
                {"Condition": expression("$exists($next.pk)"), "Next": _OPEN_MORE},
            ],
            "Default": _UNTOLD_MORE,
        },
        _OPEN_MORE: _read(platform, control.RUNNING, ExclusiveStartKey=expression("$next")),
        # After the open runs: what cannot be told stays, and may be a lot.
        _UNTOLD_MORE: _read(platform, control.UNTOLD, ExclusiveStartKey=expression("$untold")),
        _TOO_MANY: sweep_calls.note(
            f"more than {RUNS} runs are open or not told, and the newest are not looked at",
            after=after,
        ),
    }


def permissions(*, platform: Platform) -> list[Statement]:
    """Return what these states need beyond the table's items and the topic."""
    recorder = platform.recorder
    return [
        allow(["dynamodb:Query"], [f"{platform.control_table_arn}/index/{control.OPEN}"]),
        allow(
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [platform.execution_arn("*", "*"), platform.own_execution_arn(recorder)],
        ),
        allow(["states:StartExecution"], [platform.own_machine_arn(recorder)]),
    ]


def _read(platform: Platform, state: str, **from_: Any) -> dict[str, Any]:
    """Return the state that reads a page of the records that are open in a way."""
    untold = state == control.UNTOLD
    problem = "more that is not told is not read" if untold else "the open runs are not read"
    return call(
        platform,
        "dynamodb:query",
        _open(platform, state, at="$at") | from_,
        assign={
            "found": expression(f"[$append($found, {_records(platform, state)})]"),
            "untold" if untold else "next": expression(_REST),
            "asked": expression("$asked + $count($states.result.Items)"),
        },
        output={},
        failed=sweep_calls.skip_to(_ANY, problem=problem),
        after=_ANY,
    )


_REST: Final = "$exists($states.result.LastEvaluatedKey) ? $states.result.LastEvaluatedKey : {}"
"""The expression for where a query goes on."""


def _open(platform: Platform, state: str, *, at: str) -> dict[str, Any]:
    """Return the query of the oldest records that are open in a way."""
    taken = [*_TAKEN, control.PARTITION_KEY, control.SORT_KEY]
    return {
        "TableName": platform.control_table,
        "IndexName": control.OPEN,
        "KeyConditionExpression": "#open = :open AND #started < :settled",
        "ProjectionExpression": ", ".join(f"#{name}" for name in taken),
        # Some of them are reserved words.
        "ExpressionAttributeNames": {f"#{name}": name for name in ("open", *taken)},
        "ExpressionAttributeValues": {
            ":open": {"S": state},
            ":settled": {"S": expression(sweep_calls.before(SETTLED_SECONDS, of=at))},
        },
        "Limit": RUN_PAGE,
    }


_TAKEN: Final = (
    "admitted",
    "ended",
    "limit",
    "limitTold",
    "message",
    "recorder",
    "result",
    "started",
)
"""What is taken of a record besides its key."""


def _begin(found: str) -> dict[str, Any]:
    return {
        "at": expression(moment("$states.context.State.EnteredTime")),
        "problems": [],
        "left": ACTIONS,
        "found": expression(found),
        "next": {},
        "untold": {},
        "asked": 0,
        "todo": [],
        "alive": [],
        "over": 0,
    }


def _records(platform: Platform, state: str) -> str:
    """Return the expression for the records of a query's result."""
    taken = ", ".join(f"'{name}': $r.{name}.S" for name in _TAKEN)
    return f"""[$map($states.result.Items, function($r) {{(
        $job := $substringAfter($r.pk.S, 'run#');
        $execution := {sweep_calls.execution(platform, "$job", "$r.sk.S")};
        {{
            'open': {text(state)},
            'job': $job,
            'run': $r.sk.S,
            'execution': $execution,
            {taken}
        }}
        )}})]"""


def _ask(platform: Platform) -> dict[str, Any]:
    """Return the state that asks whether the run goes on, or whose work its message is."""
    asked = (
        "$states.input.open = 'untold' and $exists($states.input.recorder) ?"
        f" {sweep_recording.recorder(platform)} : $states.input.execution"
    )
    problem = "$states.input.job & ' ' & $states.input.run & ' is not asked about'"
    unknown = _answered("{'Status': 'UNKNOWN'}")
    return call(
        platform,
        "sfn:describeExecution",
        {
            "ExecutionArn": expression(asked),
            # With input and output it can be more than a state's result may be.
            "IncludedData": "METADATA_ONLY",
        },
        output=expression(_answered("$states.result")),
        failed=[
            {
                "ErrorEquals": ["Sfn.ExecutionDoesNotExistException"],
                "Output": expression(unknown),
                "Next": DONE,
            },
            *sweep_calls.give_up(problem=problem),
        ],
        after=DONE,
    )


def _answered(answer: str) -> str:
    """Return the expression for an item of which ``answer`` is known: what to ``do``, if anything.

    Without the run's input and output an answer has no more than its dates and its status.
    """
    return f"""(
        $r := $states.input;
        $answer := {answer};
        $status := $answer.Status;
        $goesOn := $status in ['RUNNING', 'PENDING_REDRIVE'];
        $settled := $toMillis({sweep_calls.before(SETTLED_SECONDS)});
        $known := {sweep_calls.before(control.UNKNOWN_SECONDS)};
        $late := $r.open = 'running' and $status = 'RUNNING' and $r.limit < $at;
        $do := $r.open = 'running' ? (
            $late ? ($exists($r.limitTold) ? '' : {text(SAY_LATE)}) :
            $goesOn ? '' :
            $status = 'UNKNOWN' ? (
                $r.started < $known and ($exists($r.admitted) ? $r.admitted < $known : true) ?
                {text(RECORD)} : '') :
            $toMillis($answer.StopDate) < $settled ? {text(RECORD)} : ''
        ) : (
            $goesOn ? '' :
            $status = 'UNKNOWN' ? ($r.ended < $known ? {text(TELL)} : '') :
            $toMillis($answer.StopDate) < $settled ?
                ($exists($r.recorder) ? {text(TELL_UNLESS_TOLD)} : {text(TELL)}) : ''
        );
        $merge([
            $do = '' ? {{}} : $merge([$r, {{
                'do': $do,
                'status': $status,
                'startDate': $toMillis($answer.StartDate),
                'stopDate': $toMillis($answer.StopDate)
            }}]),
            $late ? {{'over': true}} : {{}},
            $r.open = 'running' and $goesOn ? {{'alive': $r.execution}} : {{}}
        ])
        )"""
