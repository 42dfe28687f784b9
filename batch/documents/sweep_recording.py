"""What a sweep does about one run: it tells that it is late, or has it recorded or told.

Recording and telling are the recorder's. It gets the status event that did not come, without the
run's input, which the record has: with it, an event could be more than a state's result may be.
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import message_sweep, sweep_calls, sweep_telling
from batch.documents.jsonata import expression, text
from batch.documents.sweep_calls import DONE, call

# What there may be to ``do``.
RECORD: Final = "record"
TELL: Final = "tell"
TELL_UNLESS_TOLD: Final = "tell unless told"
"""By a recorder that is over, and may have told before it could note it."""
SAY_LATE: Final = "say that it is late"

START: Final = "What is to be done?"
_RECORD: Final = "Start the recorder"
_HOW: Final = "Read how it ended"
_WHETHER: Final = "Read what its recorder did"

_EVENTS: Final = 200
"""Newest events of a recorder that are read: it publishes in one of its last states."""

# Which states of a recorder have published, from its newest events. A state is also left where its
# call failed for good: only the call's own success says that the message is out. One state is at
# work at a time, so that an event is of the state that was entered last before it.
_PUBLISHED: Final = """(
    $events := $states.result.Events;
    $entered := $events[Type = 'TaskStateEntered'];
    $done := $events[Type = 'TaskSucceeded' and TaskSucceededEventDetails.Resource = 'publish'];
    [$map($done, function($event) {
        $entered[Id < $event.Id][0].StateEnteredEventDetails.Name
    })]
    )"""

_SLOT_SECONDS: Final = 15 * 60
_BACK_OFF_SECONDS: Final = 86400
"""How long after a run's end its recorder is started at every sweep; then once a day."""


def states(*, platform: Platform, failure_topic_arn: str) -> dict[str, Any]:
    """Return the states of a Map's item, a run with what to ``do`` about it, from START on."""
    named = "$states.input.job & ' ' & $states.input.run"
    key = {
        control.PARTITION_KEY: {"S": expression("'run#' & $states.input.job")},
        control.SORT_KEY: {"S": expression("$states.input.run")},
    }
    done = "$states.input.do"
    return {
        START: {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"{done} = {text(SAY_LATE)}"),
                    "Next": sweep_telling.start(""),
                },
                {"Condition": expression(f"{done} = {text(TELL_UNLESS_TOLD)}"), "Next": _WHETHER},
                {
                    "Condition": expression(
                        f"{done} = {text(RECORD)} and $states.input.status != 'UNKNOWN'"
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
                "ExecutionArn": expression(recorder(platform)),
                "ReverseOrder": True,
                "MaxResults": _EVENTS,
                "IncludeExecutionData": False,
            },
            output=expression(f"$merge([$states.input, {{'published': {_PUBLISHED}}}])"),
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
        $time := $toMillis($at);
        $since := $exists($r.stopDate) ? $r.stopDate :
            $toMillis($exists($r.ended) ? $r.ended : $r.started);
        $slot := $time - $since < {_BACK_OFF_SECONDS * 1000} ?
            $fromMillis($time - $time % {_SLOT_SECONDS * 1000}, '[Y0001][M01][D01]T[H01][m01]') :
            $fromMillis($time, '[Y0001][M01][D01]');
        $substring($r.run, 0, 40) & '-' &
            $substring($hash($r.execution, 'SHA-256'), 0, 12) & '-' & $slot
        )"""


def _event(platform: Platform) -> str:
    """Return the expression for the recorder's input: the status event that did not come."""
    return f"""(
        $r := $states.input;
        $tell := $r.do != {text(RECORD)};
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


def recorder(platform: Platform) -> str:
    """Return the expression for the ARN of the recorder that completed the item's record."""
    start = platform.own_execution_arn(platform.recorder, "")
    return f"{text(start)} & $states.input.recorder"
