"""What AWS's services put into CloudWatch about the platform, put there as it happens.

moto takes PutMetricData, and no service of its own uses it. Metrics are put when there is
something to count, as on AWS: nothing is not zero. What they add up to is for
:mod:`localaws.alarm_watch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, cloudwatch_backends
from moto.sqs.models import SQSBackend, sqs_backends

from localaws.clock import Clock
from localaws.feed import DeliveryStep, ExecutionStatusChange, Feed, Happening, Step
from localaws.hooks import Hooks

_OF_RUNS: Final = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

_OF_SCHEDULES: Final = {
    Step.ATTEMPTED: "InvocationAttemptCount",
    Step.REFUSED: "TargetErrorCount",
    Step.GIVEN_UP: "InvocationDroppedCount",
    Step.DEAD_LETTER: "InvocationsSentToDeadLetterCount",
    Step.LOST: "InvocationsFailedToBeSentToDeadLetterCount",
}

_OF_RULES: Final = {
    Step.ATTEMPTED: "InvocationAttempts",
    Step.DELIVERED: "Invocations",
    Step.GIVEN_UP: "FailedInvocations",
    Step.DEAD_LETTER: "InvocationsSentToDlq",
    Step.LOST: "InvocationsFailedToBeSentToDlq",
}

_WAITING: Final = "ApproximateNumberOfMessagesVisible"

_QUEUE_CHANGES: Final = (
    "send_message",
    "receive_message",
    "delete_message",
    "purge_queue",
    "change_message_visibility",
)

_MOST: Final = 20_000
"""Values kept of a region: an emulator may run for days."""


class Metrics:
    """Puts the metrics of one emulator.

    Args:
        feed: Tells what happens.
        clock: When it happens.
        changed: Called when there are new values.
    """

    def __init__(self, feed: Feed, clock: Clock, changed: Callable[[], None]) -> None:
        self._feed = feed
        self._clock = clock
        self._changed = changed
        self._waiting: dict[tuple[str, str, str], int] = {}
        self._hooks = Hooks()
        self._unsubscribe: Callable[[], None] = lambda: None

    def install(self) -> None:
        """Begin to count."""
        self._unsubscribe = self._feed.subscribe(self._heard)
        self._hooks.answer(CloudWatchBackend, "put_metric_data", self._put_by_client)
        for change in _QUEUE_CHANGES:
            self._hooks.after(SQSBackend, change, self._look_at_queues)

    def close(self) -> None:
        """Count no more."""
        self._unsubscribe()
        self._hooks.remove()

    def sample(self) -> None:
        """Put what is measured and not counted: how many messages wait in each queue."""
        for (account, region, name), waiting in _queues().items():
            # A queue that is and stays empty is not worth a value.
            if waiting or self._waiting.get((account, region, name)):
                self._put(account, region, "AWS/SQS", _WAITING, waiting, QueueName=name)
            self._waiting[account, region, name] = waiting

    def _look_at_queues(self) -> None:
        # Whoever asks an empty queue again and again changes nothing.
        if any(self._waiting.get(queue, 0) != waiting for queue, waiting in _queues().items()):
            self._changed()

    def _heard(self, happening: Happening) -> None:
        if isinstance(happening, ExecutionStatusChange):
            detail, machine = happening.detail, happening.detail["stateMachineArn"]
            place = (happening.account, happening.region, "AWS/States")
            self._put(*place, _OF_RUNS[detail["status"]], 1, StateMachineArn=machine)
            if detail["stopDate"] is not None:
                took = detail["stopDate"] - detail["startDate"]
                self._put(*place, "ExecutionTime", took, StateMachineArn=machine)
            self._changed()
        elif isinstance(happening, DeliveryStep):
            for place, dimension, name in _counted(happening):
                self._put(*place, name, 1, **dimension)
            self._changed()

    def _put(
        self, account: str, region: str, namespace: str, name: str, value: float, **dimensions: str
    ) -> None:
        given = [{"Name": key, "Value": text} for key, text in dimensions.items()]
        data = cloudwatch_backends[account][region].metric_data
        data.append(MetricDatum(namespace, name, float(value), given, self._now()))
        del data[:-_MOST]

    def _put_by_client(
        self,
        original: Callable[..., None],
        backend: Any,
        namespace: str,
        metric_data: list[dict[str, Any]],
    ) -> None:
        # Without a time of its own it is of now, by the emulator's clock.
        dated = [{"Timestamp": self._now()} | datum for datum in metric_data]
        original(backend, namespace, dated)
        self._changed()

    def _now(self) -> datetime:
        # moto's times have no zone.
        return self._clock.now().astimezone(UTC).replace(tzinfo=None)


def _queues() -> dict[tuple[str, str, str], int]:
    """Return how many messages wait, by account, region and name of the queue."""
    return {
        (account, region, queue.name): len(queue.messages)
        for account, regions in tuple(sqs_backends.items())
        for region, backend in tuple(regions.items())
        for queue in tuple(backend.queues.values())
    }


def _counted(step: DeliveryStep) -> Iterator[tuple[tuple[str, str, str], dict[str, str], str]]:
    """Yield place, dimension and name of what a step of a delivery counts for."""
    _, _, service, region, account, resource = step.source_arn.split(":", 5)
    parts = resource.split("/")
    if service == "scheduler" and step.step in _OF_SCHEDULES:
        place = account, region, "AWS/Scheduler"
        yield place, {"ScheduleGroup": parts[1]}, _OF_SCHEDULES[step.step]
    elif service == "events" and step.step in _OF_RULES:
        yield (account, region, "AWS/Events"), {"RuleName": parts[-1]}, _OF_RULES[step.step]
