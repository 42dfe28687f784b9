"""What a sweep does about the runs that the platform still owes something.

These are the records in the index ``open``. A run whose end no event told is recorded, and a
message that was not sent is sent: both by the recorder, which the sweep gives what the event would
have had. A run over its limit is told, and stays what it is. Who does not need a sweep is left
alone: a run that goes on, and what is not two minutes old.

The machine's variables are those of ``sweep_machine``; here are its own:

``$found``    records to ask about
``$next``     where the next page of records begins, ``{}`` at the end
``$asked``    how many runs were asked about
``$todo``     what is to be done, each with ``do``
``$alive``    the executions that go on
``$over``     how many of them are over their limit
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import message_sweep, recorder_machine, sweep_calls, sweep_telling
from batch.documents.jsonata import expression, moment, text
from batch.documents.statements import Statement, allow
from batch.documents.sweep_bounds import ACTIONS, OPEN_PAGE, OPEN_RUNS, UNTOLD_RUNS
from batch.documents.sweep_calls import DONE, SETTLED_SECONDS, UNKNOWN_SECONDS, call

START: Final = "Read what is not told"
_OPEN: Final = "Read the open runs"
_OPEN_MORE: Final = "Read more open runs"
_ANY: Final = "Any run to ask about?"
_ASK: Final = "Ask about each run"
_ACT: Final = "See to each run"
_MORE: Final = "More open runs?"

_RECORD: Final = "Start the recorder"
_HOW: Final = "Read how it ended"
_WHETHER: Final = "Read what its recorder did"

_EVENTS: Final = 200
"""Newest events of a recorder that are read: it publishes in one of its last states."""

_BACK_OFF_SECONDS: Final = 86400
"""How long after a run's end its recorder is started at every sweep; then once a day."""


def states(*, platform: Platform, failure_topic_arn: str, after: str) -> dict[str, Any]:
    """Return the states from :data:`START` on."""
    return {
        START: call(
            platform,
            "dynamodb:query",
            _open(platform, control.UNTOLD, UNTOLD_RUNS, at="$states.context.State.EnteredTime"),
            assign=_begin(_records(platform, control.UNTOLD)),
            output={},
            failed=_without_the_untold(),
            after=_OPEN,
        ),
        _OPEN: _read(platform),
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
            "What is to be done?",
            _acts(platform, failure_topic_arn),
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
                {"Condition": expression("$not($exists($next.pk))"), "Next": after},
                {"Condition": expression(f"$asked < {OPEN_RUNS}"), "Next": _OPEN_MORE},
            ],
            "Default": "Too many open runs",
        },
        _OPEN_MORE: _read(platform, ExclusiveStartKey=expression("$next")),
        "Too many open runs": {
            "Type": "Pass",
            "Assign": {
                "problems": sweep_calls.add(
                    text(f"more than {OPEN_RUNS} runs are open, and the newest are not looked at")
                )
            },
            "Output": {},
            "Next": after,
        },
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


def _read(platform: Platform, **from_: Any) -> dict[str, Any]:
    """Return the state that reads a page of the runs whose end is not recorded."""
    return call(
        platform,
        "dynamodb:query",
        _open(platform, control.RUNNING, OPEN_PAGE, at="$at") | from_,
        assign={
            "found": expression(f"[$append($found, {_records(platform, control.RUNNING)})]"),
            "next": expression(
                "$exists($states.result.LastEvaluatedKey) ? $states.result.LastEvaluatedKey : {}"
            ),
            "asked": expression("$asked + $count($states.result.Items)"),
        },
        output={},
        failed=sweep_calls.skip_to(_ANY, problem="the open runs are not read"),
        after=_ANY,
    )


def _open(platform: Platform, state: str, limit: int, *, at: str) -> dict[str, Any]:
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
        "Limit": limit,
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
        "asked": 0,
        "todo": [],
        "alive": [],
        "over": 0,
    }


def _without_the_untold() -> list[dict[str, Any]]:
    begun = {"problems": sweep_calls.first_problem("what is not told is not read")}
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": _begin("[]") | begun,
            "Output": {},
            "Next": _OPEN,
        }
    ]


def _records(platform: Platform, state: str) -> str:
    """Return the expression for the records of a query's result."""
    taken = ", ".join(f"'{name}': $r.{name}.S" for name in _TAKEN)
    return f"""[$map($states.result.Items, function($r) {{(
        $job := $substringAfter($r.pk.S, 'run#');
        $execution := {_execution(platform, "$job", "$r.sk.S")};
        {{
            'open': {text(state)},
            'job': $job,
            'run': $r.sk.S,
            'execution': $execution,
            {taken}
        }}
        )}})]"""


def _execution(platform: Platform, job: str, run: str) -> str:
    """Return the expression for the ARN of a run."""
    return f"{text(platform.execution_arn('', '').rpartition(':')[0])} & {job} & ':' & {run}"


def _recorder(platform: Platform) -> str:
    start = platform.own_execution_arn(platform.recorder, "")
    return f"{text(start)} & $states.input.recorder"


def _ask(platform: Platform) -> dict[str, Any]:
    """Return the state that asks whether the run goes on, or whose work its message is."""
    asked = (
        "$states.input.open = 'untold' and $exists($states.input.recorder) ?"
        f" {_recorder(platform)} : $states.input.execution"
    )
    problem = "$states.input.job & ' ' & $states.input.run & ' is not asked about'"
    [catch] = sweep_calls.give_up(problem=problem)
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
            catch,
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
        $known := {sweep_calls.before(UNKNOWN_SECONDS)};
        $late := $r.open = 'running' and $status = 'RUNNING' and $r.limit < $at;
        $do := $r.open = 'running' ? (
            $late ? ($exists($r.limitTold) ? '' : 'say that it is late') :
            $goesOn ? '' :
            $status = 'UNKNOWN' ? (
                $r.started < $known and ($exists($r.admitted) ? $r.admitted < $known : true) ?
                'record' : '') :
            $toMillis($answer.StopDate) < $settled ? 'record' : ''
        ) : (
            $goesOn ? '' :
            $status = 'UNKNOWN' ? ($r.ended < $known ? 'tell' : '') :
            $toMillis($answer.StopDate) < $settled ?
                ($exists($r.recorder) ? 'tell unless told' : 'tell') : ''
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


def _acts(platform: Platform, failure_topic_arn: str) -> dict[str, Any]:
    """Return the states that do what there is to do about one run."""
    named = "$states.input.job & ' ' & $states.input.run"
    key = {
        control.PARTITION_KEY: {"S": expression("'run#' & $states.input.job")},
        control.SORT_KEY: {"S": expression("$states.input.run")},
    }
    published = ", ".join(
        text(name) for name in getattr(recorder_machine, "PUBLISH_STATES", ("Publish",))
    )
    done = "$states.input.do"
    return {
        "What is to be done?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"{done} = 'say that it is late'"),
                    "Next": sweep_telling.start(""),
                },
                {"Condition": expression(f"{done} = 'tell unless told'"), "Next": _WHETHER},
                {
                    "Condition": expression(
                        f"{done} = 'record' and $states.input.status != 'UNKNOWN'"
                    ),
                    "Next": _HOW,
                },
            ],
            "Default": _RECORD,
        },
        **sweep_telling.states(
            platform=platform,
            topic_arn=failure_topic_arn,
            key=key,
            open_if="attribute_exists(pk) AND attribute_not_exists(limitTold)",
            told="SET limitTold = :told REMOVE telling",
            message=message_sweep.over_limit(platform=platform, run="$states.input"),
            problem=f"{named} & ' is over its limit'",
        ),
        _HOW: call(
            platform,
            "sfn:getExecutionHistory",
            {
                "ExecutionArn": expression("$states.input.execution"),
                "ReverseOrder": True,
                "MaxResults": 1,
            },
            output=expression(
                """(
                $last := $states.result.Events[0];
                $details := $merge([
                    $last.ExecutionFailedEventDetails,
                    $last.ExecutionAbortedEventDetails,
                    $last.ExecutionTimedOutEventDetails
                ]);
                $merge([$states.input, {
                    'output': $last.ExecutionSucceededEventDetails.Output,
                    'error': $details.Error,
                    'cause': $details.Cause
                }])
                )"""
            ),
            failed=sweep_calls.give_up(problem=f"{named} & ' is not recorded'"),
            after=_RECORD,
        ),
        _WHETHER: call(
            platform,
            "sfn:getExecutionHistory",
            {
                "ExecutionArn": expression(_recorder(platform)),
                "ReverseOrder": True,
                "MaxResults": _EVENTS,
                "IncludeExecutionData": False,
            },
            output=expression(
                f"""$merge([$states.input, {{'published': [$filter(
                $states.result.Events[Type = 'TaskStateExited'].StateExitedEventDetails.Name,
                function($name) {{ $name in [{published}] }})]}}])"""
            ),
            failed=sweep_calls.give_up(problem=f"{named} & ' is not told'"),
            after=_RECORD,
        ),
        _RECORD: call(
            platform,
            "sfn:startExecution",
            {
                "StateMachineArn": platform.own_machine_arn(platform.recorder),
                "Name": expression(_name()),
                "Input": expression(_event(platform)),
            },
            output={},
            # Another sweep has started the same, or this one did and the answer was lost.
            failed=sweep_calls.give_up(
                problem=f"{named} & ' is not recorded: its recorder does not start'",
                unless="AlreadyExists",
            ),
            after=DONE,
        ),
    }


def _name() -> str:
    """Return the expression for the name of a recorder's execution, at most 80 characters.

    It is the same for the same run at each sweep of a quarter of an hour, and a day after the
    run's end of a day: one that fails again and again is not tried for ever at every sweep.
    """
    return f"""(
        $r := $states.input;
        $now := $toMillis($at);
        $since := $exists($r.stopDate) ? $r.stopDate :
            $toMillis($exists($r.ended) ? $r.ended : $r.started);
        $slot := $now - $since < {_BACK_OFF_SECONDS * 1000} ?
            $fromMillis($floor($now / 900000) * 900000, '[Y0001][M01][D01]T[H01][m01]') :
            $fromMillis($now, '[Y0001][M01][D01]');
        $substring($r.run, 0, 40) & '-' &
            $substring($hash($r.execution, 'SHA-256'), 0, 12) & '-' & $slot
        )"""


def _event(platform: Platform) -> str:
    """Return the expression for the recorder's input: the status event that did not come."""
    return f"""(
        $r := $states.input;
        $tell := $r.do != 'record';
        $unknown := $r.status = 'UNKNOWN';
        $string({{
            'version': '0',
            'id': $states.context.Execution.Name,
            'detail-type': 'Step Functions Execution Status Change',
            'source': 'batch.sweep',
            'account': {text(platform.account)},
            'time': $at,
            'region': {text(platform.region)},
            'resources': [$r.execution],
            'detail': {{
                'executionArn': $r.execution,
                'stateMachineArn': {text(platform.state_machine_arn(""))} & $r.job,
                'name': $r.run,
                'status': $tell ? (
                        $r.result in ['SUCCEEDED', 'SKIPPED'] ? 'SUCCEEDED' :
                        $r.result in ['TIMED_OUT', 'ABORTED'] ? $r.result : 'FAILED') :
                    $unknown ? 'ABORTED' : $r.status,
                'startDate': $tell ? $toMillis($r.started) : $r.startDate,
                'stopDate': $tell ? $toMillis($r.ended) :
                    $unknown ? $toMillis($at) : $r.stopDate,
                'output': $r.output,
                'error': $r.error,
                'cause': $tell or $not($unknown) ? $r.cause :
                    '{{"reason": "Step Functions does not know this execution"}}'
            }},
            'retell': $tell ? true,
            'recorder': $tell ? $r.recorder,
            'published': $tell ? $r.published
        }})
        )"""
