"""One message of each kind, for whoever wants to see that they arrive: ``batchctl notify test``.

Only the recorder and the sweep may publish, so it is the recorder that sends them, for an input
with ``test: true``. Nothing is written, and nothing goes into a queue if it does not work.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform, RunError
from batch.control import Message, Skip
from batch.documents import message, message_run, message_sweep
from batch.documents.calls import call, otherwise
from batch.documents.jsonata import expression, text

SEND: Final = "Send one of each"
_FAILED: Final = "The test failed"
_PUBLISH: Final = "Publish"

ASKED: Final = "$states.context.Execution.Input.test = true"
"""The condition that this is asked for."""

_RUN: Final = f"""{{
    'job': 'notify-test', 'run': 'test', 'execution': $input.detail.executionArn,
    'trigger': 'schedule', 'schedule': 'default', 'scheduledTime': $ago(3900),
    'started': $ago(3900), 'ended': $ago(0), 'attempts': 2, 'exitCode': 0,
    'result': 'SUCCEEDED', 'message': {text(Message.SUCCESS)}
}}"""

_LOG: Final = """{'why': '', 'lines': [
    'connecting to "warehouse" <db.example.com>',
    'no answer & no hope ☔'
]}"""


def states(*, platform: Platform, success_topic_arn: str, failure_topic_arn: str) -> dict[str, Any]:
    """Return the states from :data:`SEND` on, where the execution also ends."""
    return {
        SEND: {
            "Type": "Map",
            "Items": expression(_messages(platform, success_topic_arn, failure_topic_arn)),
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": _PUBLISH,
                "States": {
                    _PUBLISH: call(
                        platform,
                        "sns:publish",
                        {
                            "TopicArn": expression("$states.input.topic"),
                            "Message": expression("$states.input.text"),
                        },
                        output=expression(
                            "{'message': $states.input.message, 'topic': $states.input.topic}"
                        ),
                    )
                },
            },
            "MaxConcurrency": 1,
            "Output": expression("{'sent': $states.result}"),
            "Catch": [
                otherwise(
                    _FAILED,
                    Assign={
                        "failure": expression(
                            "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
                        )
                    },
                )
            ],
            "End": True,
        },
        _FAILED: {
            "Type": "Fail",
            "Error": "Recorder.TestNotSent",
            "Cause": expression("$failure"),
        },
    }


def _messages(platform: Platform, success_topic_arn: str, failure_topic_arn: str) -> str:
    """Return the expression for the messages: ``message``, ``topic`` and ``text`` of each."""
    of_run = f"(function($run, $log) {{ {message_run.text_of(platform)} }})"
    of_sweep = {
        "over limit": message_sweep.over_limit(platform=platform, run="$sample"),
        "did not run": message_sweep.did_not_run(platform=platform, job="$sample"),
        "runs again": message_sweep.runs_again(platform=platform, job="$sample"),
    }
    swept = ", ".join(
        f"{{'message': {text(kind)}, 'topic': $failure, 'text': {made}}}"
        for kind, made in of_sweep.items()
    )
    failure = (
        f"{{'message': {text(Message.FAILURE)}, 'result': {text(RunError.EXIT_CODE)},"
        " 'exitCode': 3, 'reason': 'Essential container in task exited',"
        " 'logStream': 'task/app/test'}"
    )
    recovered = (
        f"{{'message': {text(Message.RECOVERED)}, 'failures': 2, 'failingSince': $ago(90000)}}"
    )
    late = (
        f"{{'message': {text(Message.LATE)}, 'result': 'SKIPPED',"
        f" 'skip': {text(Skip.START_DEADLINE)}, 'reason': 'it came too late'}}"
    )
    return f"""(
        {message.PIECES}
        $input := $states.context.Execution.Input;
        $success := {text(success_topic_arn)};
        $failure := {text(failure_topic_arn)};
        $ago := function($seconds) {{
            $fromMillis($toMillis($states.context.State.EnteredTime) - 1000 * $seconds) }};
        $ofRun := {of_run};
        $ran := {_RUN};
        $sample := $merge([$ran, {{
            'limit': $ago(60), 'within': 93600, 'since': $ago(180000),
            'lastSuccess': $ago(100000), 'lastSuccessRun': 'test'
        }}]);
        $runs := [
            {{'topic': $failure, 'run': {failure}}},
            {{'topic': $success, 'run': {{}}}},
            {{'topic': $success, 'run': {recovered}}},
            {{'topic': $failure, 'run': {recovered}}},
            {{'topic': $failure, 'run': {late}}}
        ];
        $map([
            $map($runs, function($each) {{(
                $run := $merge([$ran, $each.run]);
                {{'message': $run.message, 'topic': $each.topic, 'text': $ofRun($run, {_LOG})}}
            )}}),
            {swept}
        ], function($each) {{(
            $made := $parse($each.text);
            $merge([$each, {{'text': $string($merge([$made, {{'content': $merge([$made.content, {{
                'title': 'TEST: ' & $made.content.title,
                'description': 'This is a test, sent by ' &
                    ($exists($input.requestedBy) ? $fact($input.requestedBy) : 'somebody') &
                    '\\n' & $made.content.description
            }}])}}]))}}])
        )}})
    )"""
