"""A thread that does what it is given, in order, now or at a time."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from localaws.clock import Clock

log = logging.getLogger(__name__)

Work = Callable[[], None]


class Worker:
    """Does work in a thread of its own, so that whoever gives it holds no lock meanwhile."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        self._ready: deque[Work] = deque()
        self._later: list[tuple[datetime, int, Work]] = []
        self._order = itertools.count()
        self._busy = False
        self._closed = False
        self._quiet = threading.Condition()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Work, *, when: datetime | None = None) -> None:
        """Do ``work`` after what was submitted before, or at a time."""
        with self._quiet:
            if self._closed:
                return
            if when is None:
                self._ready.append(work)
            else:
                heapq.heappush(self._later, (when, next(self._order), work))
        self._wake.set()

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is left to do now; return False if ``timeout`` seconds pass first.

        What is to be done later does not count.
        """
        with self._quiet:
            return self._quiet.wait_for(lambda: not self._ready and not self._busy, timeout)

    def close(self) -> None:
        """Finish what is being done, drop the rest and end the thread."""
        with self._quiet:
            self._closed = True
            self._ready.clear()
            self._later.clear()
        self._wake.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("%s failed", self._thread.name)
            with self._quiet:
                self._busy = False
                self._quiet.notify_all()

    def _next(self) -> Work | None:
        """Wait for something to do; None when closed."""
        while True:
            with self._quiet:
                self._wake.clear()
                if self._closed:
                    return None
                if self._ready:
                    self._busy = True
                    return self._ready.popleft()
                when = self._later[0][0] if self._later else None
            if when is None:
                self._wake.wait()
            elif self._clock.wait_until(when, self._wake):
                with self._quiet:
                    if self._later and self._later[0][0] <= when:
                        self._ready.append(heapq.heappop(self._later)[2])
