"""The metrics that AWS does not have: the platform's own machines put them.

CloudWatch has no number of the runs that are over their limit, nor of those whose command never
ran. Both carry one dimension, the platform, so that each costs one custom metric however many
jobs there are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from batch.contract import Platform
from batch.documents.statements import Statement, allow

NAMESPACE: Final = "BatchPlatform"

DIMENSION: Final = "Platform"


class Metric(StrEnum):
    """What is counted."""

    RUNS_OVER_LIMIT = "RunsOverLimit"
    """How many runs are over their limit now. Every sweep puts it, 0 too: the alarm ends so."""

    RUNS_NOT_STARTED = "RunsNotStarted"
    """1 for each run that ended ``Job.NotStarted``. The recorder puts it."""


def put(*, platform: Platform, metric: Metric, value: Any) -> dict[str, Any]:
    """Return the arguments of ``aws-sdk:cloudwatch:putMetricData``.

    Args:
        value: a number, or a JSONata expression that gives one.
    """
    return {
        "Namespace": NAMESPACE,
        "MetricData": [
            {
                "MetricName": metric.value,
                "Dimensions": [{"Name": DIMENSION, "Value": platform.prefix}],
                "Unit": "Count",
                "Value": value,
            }
        ],
    }


def permissions() -> list[Statement]:
    """Return what a role needs that puts them."""
    # "*": the action supports no resource; the namespace is what narrows it.
    return [
        allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            StringEquals={"cloudwatch:namespace": NAMESPACE},
        )
    ]
