"""The CloudWatch dashboard of a platform: runs, failures, durations, throttles, running tasks.

Jobs come and go, some of them in other projects, so most of it is searched for. CloudWatch's
search knows whole words of a name and not its beginning: a platform or a job of the same account
that has the same words in its name is shown too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from batch.contract import Platform
from batch.documents.metrics import DIMENSION, NAMESPACE, Metric

_WIDTH: Final = 12
"""Half of a dashboard."""

_HEIGHT: Final = 6
_PERIOD: Final = 300


def body(
    *,
    platform: Platform,
    container_insights: bool,
    queue_names: Sequence[str],
    alarm_arns: Sequence[str],
) -> dict[str, Any]:
    """Return the body of the dashboard.

    Args:
        container_insights: whether ECS counts the running tasks.
        queue_names: the dead-letter queues.
        alarm_arns: the alarms, whose state is at the top.
    """
    widgets = [
        _graph(platform, "Runs by job", [_by_job(platform, "ExecutionsStarted", "Sum", "started")]),
        _graph(
            platform,
            "Runs that did not succeed, by job",
            [
                _by_job(platform, "ExecutionsFailed", "Sum", "failed"),
                _by_job(platform, "ExecutionsTimedOut", "Sum", "timed out"),
                _by_job(platform, "ExecutionsAborted", "Sum", "aborted"),
            ],
        ),
        _graph(
            platform,
            "Longest run by job, in ms",
            [_by_job(platform, "ExecutionTime", "Maximum", "")],
        ),
        _graph(
            platform,
            "Throttles",
            [
                _by_job(platform, "ExecutionThrottled", "Sum", "Step Functions"),
                _scheduler(platform, "InvocationThrottleCount"),
                _scheduler(platform, "TargetErrorThrottledCount"),
                _search(
                    "AWS/DynamoDB,TableName,Operation",
                    f'MetricName="ThrottledRequests" TableName="{platform.control_table}"',
                    "Sum",
                    "DynamoDB",
                ),
            ],
        ),
        _graph(platform, "Runs over their limit, and never started", _own_metrics(platform)),
        _graph(
            platform,
            "Not delivered",
            [
                [
                    "AWS/SQS",
                    "ApproximateNumberOfMessagesVisible",
                    "QueueName",
                    name,
                    {"stat": "Maximum"},
                ]
                for name in sorted(queue_names)
            ],
        ),
    ]
    if container_insights:
        tasks = [
            "ECS/ContainerInsights",
            "TaskCount",
            "ClusterName",
            platform.prefix,
            {"stat": "Maximum"},
        ]
        widgets.append(_graph(platform, "Running tasks", [tasks]))
    alarms = {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": 2 * _WIDTH,
        "height": _HEIGHT,
        "properties": {"title": f"Alarms of {platform.prefix}", "alarms": sorted(alarm_arns)},
    }
    return {"widgets": [alarms, *_placed(widgets)]}


def _placed(widgets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the widgets in two columns, below the alarms."""
    return [
        {
            **widget,
            "x": number % 2 * _WIDTH,
            "y": (number // 2 + 1) * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
        }
        for number, widget in enumerate(widgets)
    ]


def _graph(platform: Platform, title: str, metrics: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": platform.region,
            "view": "timeSeries",
            "period": _PERIOD,
            "metrics": metrics,
            "yAxis": {"left": {"min": 0}},
        },
    }


def _search(schema: str, terms: str, statistic: str, label: str) -> list[Any]:
    expression = f"SEARCH('{{{schema}}} {terms}', '{statistic}', {_PERIOD})"
    return [{"expression": expression, "label": label}]


def _by_job(platform: Platform, metric: str, statistic: str, label: str) -> list[Any]:
    """Return a line for each machine that runs a job."""
    words = [f"StateMachineArn={word}" for word in (platform.name, platform.stack)]
    own = [
        f'NOT StateMachineArn="{platform.own_machine_arn(name)}"'
        for name in (platform.recorder, platform.sweep)
    ]
    terms = " ".join([f'MetricName="{metric}"', *words, *own])
    return _search("AWS/States,StateMachineArn", terms, statistic, label)


def _scheduler(platform: Platform, metric: str) -> list[Any]:
    return ["AWS/Scheduler", metric, "ScheduleGroup", platform.schedule_group, {"stat": "Sum"}]


def _own_metrics(platform: Platform) -> list[list[Any]]:
    statistics = {Metric.RUNS_OVER_LIMIT: "Maximum", Metric.RUNS_NOT_STARTED: "Sum"}
    return [
        [NAMESPACE, metric.value, DIMENSION, platform.prefix, {"stat": statistic}]
        for metric, statistic in statistics.items()
    ]
