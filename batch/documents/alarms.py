"""What CloudWatch watches of a platform: each alarm tells the failure channel, and when it ends.

A metric each, and no arithmetic between metrics: where AWS sends none of one, a sum would be
nothing too. How many runs are over their limit and how many never started, AWS does not know: the
platform's own machines say so (``metrics``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from batch.contract import Platform
from batch.documents.metrics import DIMENSION, NAMESPACE, Metric

_MINUTE: Final = 60


@dataclass(frozen=True)
class Alarm:
    """One metric and when it is a reason to tell somebody."""

    description: str
    """What happened and what to do: it is the text of the message."""

    namespace: str
    metric: str
    dimensions: Mapping[str, Any]
    statistic: str = "Sum"
    period_seconds: int = 5 * _MINUTE
    comparison: str = "GreaterThanThreshold"
    threshold: int = 0
    missing: str = "notBreaching"
    """What no data stands for: most metrics are there only if something happened."""


def dead_letters(*, queue_name: Any, what: str) -> Alarm:
    """Return the alarm on a dead-letter queue."""
    return Alarm(
        f"{what} could not be delivered: look into the dead-letter queue",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": queue_name},
        statistic="Maximum",
        period_seconds=_MINUTE,
    )


def of_platform(*, platform: Platform, rules: Mapping[str, Any]) -> dict[str, Alarm]:
    """Return all others, by name.

    Args:
        rules: the names of the rules that start the recorder, by what they are about.
    """
    found = {
        **_machine(platform, "recorder", platform.recorder),
        **_machine(platform, "sweep", platform.sweep),
        "sweep-silent": Alarm(
            f"No sweep of {platform.prefix} has succeeded for an hour: look at the executions "
            f"of {platform.sweep} and at its schedule",
            "AWS/States",
            "ExecutionsSucceeded",
            {"StateMachineArn": platform.own_machine_arn(platform.sweep)},
            period_seconds=60 * _MINUTE,
            comparison="LessThanThreshold",
            threshold=1,
            missing="breaching",
        ),
        **_schedules(platform),
        "over-limit": Alarm(
            f"A run of {platform.prefix} goes on after its time limit: a message in the failure "
            "channel names it",
            NAMESPACE,
            Metric.RUNS_OVER_LIMIT.value,
            {DIMENSION: platform.prefix},
            statistic="Maximum",
            period_seconds=15 * _MINUTE,
            # A sweep that does not say is an alarm of its own; until the next one nothing is known.
            missing="ignore",
        ),
        "not-started": Alarm(
            f"A run of {platform.prefix} ended before its command began: batchctl why says why",
            NAMESPACE,
            Metric.RUNS_NOT_STARTED.value,
            {DIMENSION: platform.prefix},
        ),
    }
    for what, rule in rules.items():
        found |= _rule(platform, what, rule)
    return found


def _machine(platform: Platform, what: str, machine: str) -> dict[str, Alarm]:
    ends = {
        "failed": ("ExecutionsFailed", "failed"),
        "timed-out": ("ExecutionsTimedOut", "took too long"),
        "aborted": ("ExecutionsAborted", "was aborted"),
    }
    return {
        f"{what}-{end}": Alarm(
            f"An execution of {machine} {words}: ends of runs may be neither recorded nor told",
            "AWS/States",
            metric,
            {"StateMachineArn": platform.own_machine_arn(machine)},
        )
        for end, (metric, words) in ends.items()
    }


def _schedules(platform: Platform) -> dict[str, Alarm]:
    group = {"ScheduleGroup": platform.schedule_group}
    return {
        "starts-refused": Alarm(
            f"Scheduler could not start a run of {platform.prefix}, and tries again: "
            "look at its role and at Step Functions' limits",
            "AWS/Scheduler",
            "TargetErrorCount",
            group,
        ),
        "starts-dropped": Alarm(
            f"Scheduler gave up a start of {platform.prefix}: look into the dead-letter queue",
            "AWS/Scheduler",
            "InvocationDroppedCount",
            group,
        ),
        "starts-lost": Alarm(
            f"Scheduler gave up a start of {platform.prefix} and could not write it to the "
            "dead-letter queue: batchctl history shows what did not run",
            "AWS/Scheduler",
            "InvocationsFailedToBeSentToDeadLetterCount",
            group,
        ),
    }


def _rule(platform: Platform, what: str, rule: Any) -> dict[str, Alarm]:
    name = {"RuleName": rule}
    return {
        f"{what}-unheard": Alarm(
            f"EventBridge could not start {platform.recorder} at the end of a run ({what}): "
            "the sweep will record it; look into the dead-letter queue",
            "AWS/Events",
            "FailedInvocations",
            name,
        ),
        f"{what}-lost": Alarm(
            f"EventBridge could neither start {platform.recorder} at the end of a run ({what}) "
            "nor write to the dead-letter queue: the sweep will record it",
            "AWS/Events",
            "InvocationsFailedToBeSentToDlq",
            name,
        ),
    }
