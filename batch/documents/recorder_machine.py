"""The platform's machine that records how a run ended, and tells who wants to know: ``P_recorder``.

The status rules start it with their event, and the sweep with one like it where none came
(``docs/history.md``). Most runs take three transitions: read, decide, record. Its variables:

``$plan``       what there is to do (``record_write.plan``)
``$tries``      how often the table was read
``$looks``, ``$ended``  what ``task_end`` works on
``$described``  what DescribeExecution said
``$log``        the last lines of the run
``$failure``    what went wrong
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from batch.contract import Platform
from batch.documents import (
    keys,
    message_run,
    message_test,
    metrics,
    record,
    record_write,
    run_log,
    task_end,
)
from batch.documents.calls import RETRY, at_once, otherwise
from batch.documents.jsonata import expression, moment, text
from batch.documents.metrics import Metric
from batch.documents.record_write import TELL, TELL_OTHER
from batch.documents.recorder_calls import MOST_TRIES, TOO_MANY_TRIES, call, failures
from batch.documents.statements import Statement, allow

PUBLISH_STATES: Final = (TELL_OTHER, TELL)
"""The states that send a message, in this order. Most messages only have the second."""

TIMEOUT_SECONDS: Final = 1800
"""More than all waiting together: about 20 minutes where a task does not stop."""

_READ: Final = "Read the record"
_READ_AGAIN: Final = "Read the record again"
_DECIDE: Final = "What is there to do?"
_TOLD: Final = "Note that it is told"

# The name of an execution has up to 80 characters, a token 36. The end of the name and the start
# of the execution are its own; another try may write something else.
_REQUEST: Final = (
    "$substring($states.context.Execution.Name, -20) & '-' &"
    " $formatBase($toMillis($states.context.Execution.StartTime), 36) & '-' & $tries"
)


def definition(
    *,
    platform: Platform,
    queue_url: str,
    success_topic_arn: str,
    failure_topic_arn: str,
    history_days: int,
    success_messages: bool,
) -> dict[str, Any]:
    """Return the definition of ``P_recorder``.

    Args:
        queue_url: the queue of the messages that could not be delivered.
        history_days: how long a record is kept that its run did not write itself.
        success_messages: whether a success is told, of a run whose record does not say.
    """
    plan = partial(
        record_write.plan,
        platform=platform,
        history_days=history_days,
        success_messages=success_messages,
        success_topic_arn=success_topic_arn,
        failure_topic_arn=failure_topic_arn,
    )
    aws = partial(call, platform)
    written = record_write
    return {
        "Comment": f"Records how the runs of {platform.prefix} end, and tells of it",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": TIMEOUT_SECONDS,
        "StartAt": _READ,
        "States": {
            _READ: aws(
                "dynamodb:transactGetItems",
                record.reads(platform),
                assign={
                    "plan": expression(plan(ended="{}", described="{}")),
                    "tries": 1,
                    "looks": 0,
                    "ended": {},
                    "described": {},
                    "log": {},
                },
                after=_DECIDE,
            ),
            _READ_AGAIN: aws(
                "dynamodb:transactGetItems",
                record.reads(platform),
                assign={
                    "plan": expression(plan(ended="$ended", described="$described")),
                    "tries": expression("$tries + 1"),
                },
                after=_DECIDE,
            ),
            _DECIDE: _decide(),
            **_descriptions(platform),
            **task_end.states(
                platform=platform,
                execution="$plan.run.execution",
                seen=record.seen(),
                after=_READ_AGAIN,
                lost="Task lost",
            ),
            "Task lost": {
                "Type": "Pass",
                "Assign": {"ended": expression("$merge([$ended, {'lost': true}])")},
                "Output": {},
                "Next": _READ_AGAIN,
            },
            _WRITES[written.RECORD]: _record(platform),
            _WRITES[written.RECORD_AND_TELL]: _record(platform, TELL),
            _WRITES[written.RECORD_AND_TELL_BOTH]: _record(platform, TELL_OTHER),
            _WRITES[written.RECORD_AND_LOG]: _record(platform, run_log.READ),
            _WRITES[written.RECORD_AND_COUNT]: _record(platform, "Count the failed start"),
            "Wait for the table": {
                "Type": "Wait",
                "Seconds": expression("$ceil($random() * $min([30, $power(2, $tries)]))"),
                "Next": _READ_AGAIN,
            },
            "Count the failed start": aws(
                "cloudwatch:putMetricData",
                metrics.put(platform=platform, metric=Metric.RUNS_NOT_STARTED, value=1),
                # The message matters more.
                catch=[otherwise(TELL)],
                after=TELL,
            ),
            **run_log.states(platform=platform, after=TELL),
            TELL_OTHER: _tell(platform, "$plan.other", after=TELL),
            TELL: _tell(platform, "$plan.topic", after=_TOLD),
            _TOLD: aws("dynamodb:updateItem", _told(platform)),
            **failures(platform=platform, queue_url=queue_url),
            **message_test.states(
                platform=platform,
                success_topic_arn=success_topic_arn,
                failure_topic_arn=failure_topic_arn,
            ),
            "Nothing to do": {"Type": "Succeed", "Output": {}},
        },
    }


def permissions(
    *, platform: Platform, queue_arn: str, topic_arns: Sequence[str], key_arn: str = ""
) -> list[Statement]:
    """Return what the role of the machine needs.

    Args:
        topic_arns: every topic that it may publish to: the platform's, and those of jobs.
        key_arn: the customer's key of the table, the topics and the queue, empty if there is none.
    """
    return [
        allow(
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            [platform.control_table_arn],
        ),
        allow(
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [platform.execution_arn("*", "*")],
        ),
        allow(
            ["ecs:StopTask", "ecs:DescribeTasks"],
            [platform.arn("ecs", f"task/{platform.prefix}/*")],
            ArnEquals={"ecs:cluster": platform.cluster_arn},
        ),
        allow(
            ["logs:GetLogEvents"],
            [f"{platform.log_group_arn(platform.task_log_group)}:log-stream:*"],
        ),
        allow(["sns:Publish"], sorted(set(topic_arns))),
        allow(["sqs:SendMessage"], [queue_arn]),
        *metrics.permissions(),
        *keys.use(platform, key_arn, "dynamodb", "sns", "sqs"),
    ]


_WRITES: Final = {
    record_write.RECORD: "Record",
    record_write.RECORD_AND_TELL: "Record what is told",
    record_write.RECORD_AND_TELL_BOTH: "Record what is told twice",
    record_write.RECORD_AND_LOG: "Record what failed",
    record_write.RECORD_AND_COUNT: "Record what never started",
}
"""The same write by what comes after it: a Choice in between would cost every run a transition."""


def _decide() -> dict[str, Any]:
    def when(way: str, after: str, **assign: Any) -> dict[str, Any]:
        rule = {"Condition": expression(f"$plan.do = {text(way)}"), "Next": after}
        return rule | ({"Assign": assign} if assign else {})

    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": expression(message_test.ASKED), "Next": message_test.SEND},
            {"Condition": expression(f"$tries > {MOST_TRIES}"), "Next": TOO_MANY_TRIES},
            *(when(way, state) for way, state in _WRITES.items()),
            when(record_write.DESCRIBE, "Wait for Step Functions"),
            when(record_write.FIND, task_end.find(), ended={"reason": "its run is over"}, looks=0),
        ],
        "Default": "Nothing to do",
    }


def _descriptions(platform: Platform) -> dict[str, Any]:
    """Return the states that ask how a run failed whose event does not say."""
    return {
        "Wait for Step Functions": {
            "Type": "Wait",
            # What it says may lag behind the event.
            "Seconds": expression("$exists($described.looks) ? $power(2, $described.looks) : 0"),
            "Next": "Describe the run",
        },
        "Describe the run": call(
            platform,
            "sfn:describeExecution",
            {"ExecutionArn": expression("$plan.run.execution")},
            assign={
                "described": expression(
                    """{
                    'Status': $states.result.Status,
                    'Error': $states.result.Error,
                    'Cause': $states.result.Cause,
                    'looks': $exists($described.looks) ? $described.looks + 1 : 1
                    }"""
                ),
                # Not one of those that are counted because others got in the way.
                "tries": expression("$tries - 1"),
            },
            catch=[
                {
                    # Its input and output can be more than a state may have.
                    "ErrorEquals": [error],
                    "Assign": {"described": {"Status": "unknown"}},
                    "Output": {},
                    "Next": _READ_AGAIN,
                }
                for error in ("States.DataLimitExceeded", "States.ALL")
            ],
            after=_READ_AGAIN,
        ),
    }


def _record(platform: Platform, after: str = "") -> dict[str, Any]:
    refused = "DynamoDb.TransactionCanceledException"
    state = call(
        platform,
        "dynamodb:transactWriteItems",
        {
            "ClientRequestToken": expression(_REQUEST),
            "TransactItems": expression("$plan.items"),
        },
        retry=[at_once(refused), *RETRY],
        after=after,
    )
    # What is there now may be this execution's own write, whose answer was lost.
    lost = {"ErrorEquals": [refused], "Output": {}, "Next": "Wait for the table"}
    return state | {"Catch": [lost, *state["Catch"]]}


def _tell(platform: Platform, topic: str, *, after: str) -> dict[str, Any]:
    return call(
        platform,
        "sns:publish",
        {
            "TopicArn": expression(topic),
            "Message": expression(
                f"($run := $plan.run; {message_run.text_of(platform)})",
            ),
        },
        after=after,
    )


def _told(platform: Platform) -> dict[str, Any]:
    return {
        "TableName": platform.control_table,
        "Key": {
            "pk": {"S": expression("'run#' & $plan.run.job")},
            "sk": {"S": expression("$plan.run.run")},
        },
        "UpdateExpression": "SET told = :now REMOVE #open",
        "ConditionExpression": "recorder = :me",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": {
            ":now": {"S": expression(moment("$states.context.State.EnteredTime"))},
            ":me": {"S": expression("$states.context.Execution.Name")},
        },
    }
