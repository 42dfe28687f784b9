"""What time it is for schedules, and how they wait.

Only schedules go by this clock. What runs (a Wait state, a retry's interval, a container) and the
times that moto writes go by the system's: a moved clock tries *when* things start, not how long
they take.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from localaws.feed import ExecutionStatusChange, Feed, Happening

_SLICE: Final = 1.0
"""Seconds at most between two looks at the time: a machine that slept, or a clock that somebody
set, is noticed that soon."""

_BREATH: Final = 0.05
"""Seconds between two looks whether a clock may jump, and so at least between two jumps."""


class Clock(ABC):
    """A source of the time that can be waited on."""

    late: timedelta = timedelta(minutes=1)
    """How late a due time may be before it counts as missed."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the time, in UTC."""

    @abstractmethod
    def wait_until(self, when: datetime, cancelled: threading.Event) -> bool:
        """Return True when it is ``when``, or False as soon as ``cancelled`` is set."""

    def follow(self, feed: Feed) -> Callable[[], None]:  # noqa: ARG002 - most clocks need not
        """Learn from ``feed`` what runs, until the returned function is called."""
        return lambda: None


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def wait_until(self, when: datetime, cancelled: threading.Event) -> bool:
        """Return True when it is ``when``, or False as soon as ``cancelled`` is set."""
        while not cancelled.is_set():
            remaining = (when - self.now()).total_seconds()
            if remaining <= 0:
                return True
            # Not in one go: the wait does not count the time that the machine sleeps.
            cancelled.wait(min(remaining, _SLICE))
        return False


class MovedClock(Clock):
    """A clock that starts at another time, and may run faster or jump.

    Args:
        start: The time that it shows now.
        speed: Seconds that pass in one of the machine's. None runs like the machine's while
            something runs, and jumps to the next time that anybody waits for while nothing does.
        quiet: Seconds in which no run started or ended, and no schedule changed, before a jump:
            a deployment that makes schedules one after the other is not to be overtaken.
    """

    def __init__(self, start: datetime, speed: float | None = 1.0, *, quiet: float = 1.0) -> None:
        self._jumps = speed is None
        self._speed = 1.0 if speed is None else float(speed)
        if self._speed <= 0:
            raise ValueError(f"speed: {speed} does not move the clock forward; use more than 0")
        self._shown = start.astimezone(UTC)
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._awaited: list[datetime] = []
        self._running: set[str] = set()
        self._quiet = quiet
        self._stirred = self._since
        # A busy machine is some milliseconds late: many minutes of a fast clock.
        self.late = Clock.late * max(1.0, self._speed)

    def now(self) -> datetime:
        """Return the time, in UTC."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        return self._shown + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def wait_until(self, when: datetime, cancelled: threading.Event) -> bool:
        """Return True when it is ``when``, or False as soon as ``cancelled`` is set."""
        with self._lock:
            self._awaited.append(when)
            # Whoever waits anew has heard of a change, or has just done what it waited for.
            self._stirred = time.monotonic()
        try:
            while not cancelled.is_set():
                remaining = (when - self.now()).total_seconds() / self._speed
                if remaining <= 0:
                    return True
                cancelled.wait(min(remaining, _BREATH if self._jumps else _SLICE))
                if self._jumps and not cancelled.is_set():
                    self._jump(when)
            return False
        finally:
            with self._lock:
                self._awaited.remove(when)

    def _jump(self, when: datetime) -> None:
        """Show ``when`` if nothing runs and nobody waits for an earlier time."""
        moment = time.monotonic()
        with self._lock:
            if self._running or moment - self._stirred < self._quiet:
                return
            if when == min(self._awaited) and when > self._now():
                self._shown, self._since = when.astimezone(UTC), moment

    def follow(self, feed: Feed) -> Callable[[], None]:
        """Learn from ``feed`` what runs, until the returned function is called."""
        return feed.subscribe(self._heard)

    def _heard(self, happening: Happening) -> None:
        if not isinstance(happening, ExecutionStatusChange):
            return
        arn = happening.detail["executionArn"]
        with self._lock:
            self._stirred = time.monotonic()
            if happening.detail["status"] == "RUNNING":
                self._running.add(arn)
            else:
                self._running.discard(arn)
