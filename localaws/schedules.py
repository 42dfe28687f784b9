"""Fires what is due: schedules of EventBridge Scheduler, and event rules with a schedule.

What AWS leaves open is decided here, the same way each time:

* A flexible window fires at its beginning.
* A due time that is more than a minute late (the machine slept) is missed. Of the times that a
  schedule missed only the last is fired, once, unless it is older than the target's maximum event
  age: then it goes to the dead-letter queue, as on AWS.
* A due time is fired once. AWS promises at least once.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from moto.events.models import EventsBackend
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from localaws import firing, targets
from localaws.clock import Clock, SystemClock
from localaws.delivery import Delivery
from localaws.feed import Feed, ScheduleFired
from localaws.hooks import Hooks
from localaws.timetable import Entry, Timetable

log = logging.getLogger(__name__)

_CHANGES: Final = (
    (EventBridgeSchedulerBackend, "create_schedule"),
    (EventBridgeSchedulerBackend, "update_schedule"),
    (EventBridgeSchedulerBackend, "delete_schedule"),
    (EventBridgeSchedulerBackend, "delete_schedule_group"),
    (EventsBackend, "put_rule"),
    (EventsBackend, "delete_rule"),
    (EventsBackend, "enable_rule"),
    (EventsBackend, "disable_rule"),
)
"""The calls after which another time may be due next."""


class _Attempt:
    """A delivery of a due time that is under way."""

    def __init__(self, entry: Entry, scheduled: datetime, arn: str, delivery: Delivery) -> None:
        self.entry = entry
        self.scheduled = scheduled
        self.target_arn = arn
        self.delivery = delivery


class Schedules:
    """Fires the schedules of one emulator in a thread of its own.

    Args:
        feed: Where each firing is published.
        clock: What the schedules go by.
        endpoint: Where the targets are called; by default where moto's state machines call too.
    """

    def __init__(
        self, feed: Feed, clock: Clock | None = None, *, endpoint: str | None = None
    ) -> None:
        self._feed = feed
        self._clock = clock or SystemClock()
        self._endpoint = endpoint
        self._hooks = Hooks()
        self._timetable = Timetable()
        self._retries: list[tuple[datetime, int, _Attempt]] = []
        self._order = itertools.count()
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._unfollow: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to fire. What was due before is not fired."""
        if self._thread is not None:
            return
        for backend, method in _CHANGES:
            self._hooks.after(backend, method, self._changed.set)
        self._unfollow = self._clock.follow(self._feed)
        self._timetable.refresh(self._clock.now())
        self._thread = threading.Thread(target=self._run, name="localaws-schedules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop firing; closing twice is closing once."""
        thread, self._thread = self._thread, None
        self._closed.set()
        self._changed.set()
        self._unfollow()
        self._hooks.remove()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._changed.clear()
            # Again: close() may have set both between the two lines above.
            if self._closed.is_set():
                return
            try:
                self._timetable.refresh(self._clock.now())
                due = self._next_due()
                if due is None:
                    self._changed.wait()
                elif self._clock.wait_until(due, self._changed):
                    self._fire_due()
            except Exception:
                log.exception("schedules failed, and go on")
                self._closed.wait(1)

    def _next_due(self) -> datetime | None:
        retry = self._retries[0][0] if self._retries else None
        return min((t for t in (self._timetable.next_due(), retry) if t is not None), default=None)

    def _fire_due(self) -> None:
        now = self._clock.now()
        # What was deleted while nobody told us (a reset) is not fired.
        self._timetable.refresh(now)
        while self._retries and self._retries[0][0] <= now:
            self._attempt(heapq.heappop(self._retries)[2])
        for entry, times in self._timetable.take_due(now):
            for scheduled in self._not_missed(entry, times, now):
                for arn, delivery in firing.deliveries(entry, scheduled, now):
                    self._attempt(_Attempt(entry, scheduled, arn, delivery))

    def _not_missed(self, entry: Entry, times: list[datetime], now: datetime) -> list[datetime]:
        fired = [time for time in times if now - time <= self._clock.late] or times[-1:]
        if missed := len(times) - len(fired):
            log.warning("%s: %d due times were missed", entry.source.arn, missed)
        return fired

    def _attempt(self, attempt: _Attempt) -> None:
        now = self._clock.now()
        endpoint = self._endpoint or targets.endpoint_of_server()
        try:
            again = attempt.delivery.attempt(now, endpoint=endpoint)
        except Exception:
            # One that cannot be fired at all must not keep the others from it.
            log.exception("%s could not be fired", attempt.entry.source.arn)
            return
        error = attempt.delivery.error
        self._feed.publish(
            ScheduleFired(
                time=now,
                schedule_arn=attempt.entry.source.arn,
                scheduled_time=attempt.scheduled.astimezone(UTC),
                target_arn=attempt.target_arn,
                error=None if error is None else str(error),
            )
        )
        if again is not None:
            heapq.heappush(self._retries, (again, next(self._order), attempt))
        elif not attempt.entry.is_rule:
            self._complete(attempt.entry)

    def _complete(self, entry: Entry) -> None:
        """Delete a schedule that has fired for the last time, if it asks for that."""
        schedule: Any = entry.source
        pending = any(attempt.entry is entry for _, _, attempt in self._retries)
        over = entry.schedule is not None and entry.terms.enabled and entry.due is None
        if schedule.action_after_completion != "DELETE" or pending or not over:
            return
        backend = scheduler_backends[entry.account][entry.region]
        group = backend.schedule_groups.get(schedule.group_name)
        if group is not None and group.schedules.get(schedule.name) is schedule:
            group.delete_schedule(schedule.name)
