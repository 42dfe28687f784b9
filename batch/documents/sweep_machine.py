"""The machine that looks after what events did not tell: ``P_sweep``, every 15 minutes.

Events are best effort. What a sweep compares is what Step Functions, ECS and the control table
know. Its parts do not need each other: where one cannot go on, the next one does, and the sweep
fails at its end and says why. ``docs/history.md`` says what it does about what. Its variables:

``$at``         when the sweep began
``$problems``   what it could not do (``sweep_calls``)
``$left``       how much it may still do about what it finds (``sweep_bounds``)

and those of its parts. It starts ``P_recorder`` and no other machine, itself least of all.
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import (
    keys,
    metrics,
    sweep_calls,
    sweep_expectations,
    sweep_runs,
    sweep_tasks,
    sweep_telling,
)
from batch.documents.jsonata import expression
from batch.documents.metrics import Metric
from batch.documents.statements import Statement, allow
from batch.documents.sweep_bounds import ACTIONS

IDLE_TRANSITIONS: Final = 12
"""States that a sweep enters where there is nothing to do: what it costs 96 times a day."""

_MEASURE: Final = "Put how many runs are over their limit"
_WELL: Final = "Is there more, or a problem?"
_TELL: Final = "Put the problems aside"


def definition(*, platform: Platform, queue_url: str, failure_topic_arn: str) -> dict[str, Any]:
    """Return the definition of ``P_sweep``.

    Args:
        queue_url: the dead-letter queue of messages, for what a sweep could not do.
        failure_topic_arn: the topic where runs over their limit and jobs that did not run are told.
    """
    return {
        "Comment": f"Looks after the runs of {platform.prefix} whose end no event told",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": sweep_telling.LONGEST_SECONDS,
        "StartAt": sweep_runs.START,
        "States": {
            **sweep_runs.states(
                platform=platform, failure_topic_arn=failure_topic_arn, after=_MEASURE
            ),
            _MEASURE: sweep_calls.call(
                platform,
                "cloudwatch:putMetricData",
                metrics.put(
                    platform=platform, metric=Metric.RUNS_OVER_LIMIT, value=expression("$over")
                ),
                output={},
                failed=sweep_calls.skip_to(
                    sweep_tasks.START, problem="the runs over their limit are not counted"
                ),
                after=sweep_tasks.START,
            ),
            **sweep_tasks.states(platform=platform, after=sweep_expectations.START),
            **sweep_expectations.states(
                platform=platform, failure_topic_arn=failure_topic_arn, after=_WELL
            ),
            _WELL: {
                "Type": "Choice",
                "Choices": [
                    *sweep_expectations.more(),
                    {"Condition": expression("$count($problems) > 0"), "Next": _TELL},
                    {"Condition": expression("$left < 0"), "Next": "More than one sweep does"},
                ],
                "Default": "Swept",
            },
            "More than one sweep does": {
                "Type": "Pass",
                "Assign": {
                    "problems": [
                        f"there is more to do than the {ACTIONS} things that one sweep does,"
                        " and the next one goes on"
                    ]
                },
                "Next": _TELL,
            },
            _TELL: sweep_calls.call(
                platform,
                "sqs:sendMessage",
                {
                    "QueueUrl": queue_url,
                    "MessageBody": expression(
                        "$string({'source': 'batch.sweep',"
                        " 'execution': $states.context.Execution.Id, 'problems': $problems})"
                    ),
                },
                output={},
                failed=[{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Not all is done"}],
                after="Not all is done",
            ),
            "Not all is done": {
                "Type": "Fail",
                "Error": "Sweep.NotAllIsDone",
                "Cause": expression("$join($problems, '; ')"),
            },
            "Swept": {"Type": "Succeed", "Output": {}},
        },
    }


def permissions(
    *, platform: Platform, queue_arn: str, failure_topic_arn: str, key_arn: str = ""
) -> list[Statement]:
    """Return what the role of the sweep needs.

    Args:
        key_arn: the customer's key of table, topic and queue, empty if there is none.
    """
    return [
        *sweep_runs.permissions(platform=platform),
        *sweep_tasks.permissions(platform=platform),
        *sweep_expectations.permissions(platform=platform),
        allow(
            ["dynamodb:UpdateItem"],
            [platform.control_table_arn],
            **{
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": [control.run_key("*", "")["pk"], control.WATCH]
                }
            },
        ),
        allow(["sns:Publish"], [failure_topic_arn]),
        allow(["sqs:SendMessage"], [queue_arn]),
        *metrics.permissions(),
        *keys.use(platform, key_arn, "dynamodb", "sns", "sqs"),
    ]
