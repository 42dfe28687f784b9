"""EventBridge's event buses: what happens becomes events, rules bring them to their targets.

moto keeps the rules and matches their patterns. It emits no event of a service, and of a rule's
targets it knows queues and log groups only, and fails the whole PutEvents for any other.
Schedules of rules are in :mod:`localaws.schedules`.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from moto.events.models import Rule, events_backends
from moto.events.responses import EventsHandler

from localaws import alarms, rule_checks, rules, targets
from localaws.clock import Clock, SystemClock
from localaws.delivery import Delivery
from localaws.feed import ExecutionStatusChange, Feed, Happening, TaskStateChange
from localaws.hooks import Hooks
from localaws.transformer import iso
from localaws.worker import Worker

Event = dict[str, Any]

_KEYS: Final = (
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
)
"""An event's keys, in AWS's order."""

MOST_ENTRIES: Final = 10
"""Entries that one PutEvents may have."""

_REFUSED: Final = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}


class Events:
    """Delivers the events of one emulator, in a thread of its own."""

    def __init__(self, feed: Feed, clock: Clock | None = None) -> None:
        self._feed = feed
        self._clock = clock or SystemClock()
        self._hooks = Hooks()
        self._worker: Worker | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def install(self) -> None:
        """Begin to deliver."""
        if self._worker is not None:
            return
        self._worker = Worker("localaws-events", self._clock)
        self._hooks.answer(Rule, "send_to_targets", self._send_to_targets)
        self._hooks.answer(EventsHandler, "put_events", _put_events)
        rule_checks.install(self._hooks)
        alarms.install(self._hooks)
        self._unsubscribe = self._feed.subscribe(self._heard)

    def close(self) -> None:
        """Stop delivering; what is on its way is dropped."""
        worker, self._worker = self._worker, None
        self._unsubscribe()
        self._hooks.remove()
        if worker is not None:
            worker.close()

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until what is known is delivered; return False if ``timeout`` seconds pass first.

        Deliveries that failed and wait for another attempt do not count.
        """
        return self._worker is None or self._worker.drain(timeout)

    def _submit(self, work: Callable[[], None], *, when: datetime | None = None) -> None:
        # The worker takes no lock of moto's from whoever publishes: it may hold some.
        if (worker := self._worker) is not None:
            worker.submit(work, when=when)

    def _heard(self, happening: Happening) -> None:
        if isinstance(happening, ExecutionStatusChange | TaskStateChange):
            event = service_event(happening)
            self._submit(partial(onto_bus, event, event["account"], event["region"], "default"))

    def _send_to_targets(
        self, original: Callable[..., None], rule: Any, message: Event, *_: Any, **__: Any
    ) -> None:
        """Answer for moto's ``Rule.send_to_targets``."""
        # A rule without a pattern is a schedule; for moto it matches everything.
        if not rules.is_enabled(rule) or not rule.event_pattern.get_pattern():
            return
        event = _as_delivered(message)
        if not rule.event_pattern.matches_event(event):
            return
        for target in tuple(rule.targets):
            self._submit(partial(self._deliver, original, rule, dict(target), event))

    def _deliver(
        self, original: Callable[..., None], rule: Any, target: dict[str, Any], event: Event
    ) -> None:
        # Padded: what is no ARN at all is for the delivery to refuse.
        service, region, account, resource = (target["Arn"].split(":", 5) + [""] * 5)[2:6]
        kind, _, name = resource.partition("/")
        if service == "events" and kind == "event-bus":
            onto_bus(event, account, region, name)
        elif service == "events":
            # Archives and API destinations are moto's own business.
            alone = copy.copy(rule)
            alone.targets = [target]
            moment = datetime.fromisoformat(event["time"]).timestamp()
            original(alone, {**event, "time": moment, "ingestion-time": moment})
        else:
            self._attempt(rules.delivery(rule.arn, target, event, now=self._clock.now()))

    def _attempt(self, delivery: Delivery) -> None:
        again = delivery.attempt(self._clock.now(), endpoint=targets.endpoint_of_server())
        if again is not None:
            self._submit(partial(self._attempt, delivery), when=again)


def service_event(happening: ExecutionStatusChange | TaskStateChange) -> Event:
    """Return what Step Functions or ECS sends to EventBridge."""
    detail = happening.detail
    if isinstance(happening, ExecutionStatusChange):
        source, kind = "aws.states", "Step Functions Execution Status Change"
        resource = detail["executionArn"]
    else:
        source, kind, resource = "aws.ecs", "ECS Task State Change", detail["taskArn"]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": happening.account,
        "time": iso(happening.time),
        "region": happening.region,
        "resources": [resource],
        "detail": copy.deepcopy(detail),
    }


def _as_delivered(message: Mapping[str, Any]) -> Event:
    """Return a message of moto's as EventBridge writes events."""
    time = message["time"]
    if isinstance(time, int | float):
        time = iso(datetime.fromtimestamp(time, UTC))
    event = {key: message[key] for key in _KEYS} | {"time": time}
    if "replay-name" in message:
        event["replay-name"] = message["replay-name"]
    return event


def onto_bus(event: Event, account: str, region: str, name: str) -> None:
    """Let the rules of a bus see ``event``."""
    bus = events_backends[account][region].event_buses.get(name)
    for rule in tuple(bus.rules.values()) if bus else ():
        rule.send_to_targets(event)


def _put_events(original: Callable[..., str], response: Any) -> str:
    """Answer for moto's PutEvents: a source ``aws.`` is AWS's alone."""
    entries = response._get_param("Entries")
    allowed = [not str(entry.get("Source", "")).startswith("aws.") for entry in entries]
    if len(entries) > MOST_ENTRIES:
        return original(response)  # which refuses them all
    taken = iter(
        response.events_backend.put_events(
            [entry for entry, good in zip(entries, allowed, strict=True) if good]
        )
    )
    answers = [next(taken) if good else _REFUSED for good in allowed]
    failed = sum("ErrorCode" in answer for answer in answers)
    return json.dumps({"FailedEntryCount": failed, "Entries": answers})
