"""What happens in the emulator, as it happens.

The parts of the emulator know this feed and not each other: tasks and state machines publish,
EventBridge, the Slack sink and the terminal subscribe.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExecutionStatusChange:
    """A run of a state machine started or ended."""

    time: datetime
    account: str
    region: str
    detail: dict[str, Any]
    """``detail`` of EventBridge's "Step Functions Execution Status Change"."""


@dataclass(frozen=True)
class TaskStateChange:
    """A task reached another status."""

    time: datetime
    account: str
    region: str
    detail: dict[str, Any]
    """``detail`` of EventBridge's "ECS Task State Change"."""
    job: str = ""
    run: str = ""
    attempt: int = 0


@dataclass(frozen=True)
class LogLine:
    """A line that a container wrote."""

    time: datetime
    log_group: str
    log_stream: str
    text: str
    task_arn: str
    job: str = ""
    run: str = ""
    attempt: int = 0


@dataclass(frozen=True)
class ScheduleFired:
    """A schedule's time came, and its target was called."""

    time: datetime
    schedule_arn: str
    scheduled_time: datetime
    target_arn: str
    error: str | None = None
    """Why the target refused, or None."""


class Step(Enum):
    """How far a delivery has come."""

    ATTEMPTED = auto()
    DELIVERED = auto()
    REFUSED = auto()
    """One attempt; there may be others."""
    GIVEN_UP = auto()
    DEAD_LETTER = auto()
    """It is in the dead-letter queue."""
    LOST = auto()
    """It is not even there."""


@dataclass(frozen=True)
class DeliveryStep:
    """Something happened to what a rule or a schedule sends to its target."""

    time: datetime
    source_arn: str
    """The rule or the schedule."""
    step: Step


@dataclass(frozen=True)
class SlackMessage:
    """What a channel shows, or what Amazon Q would have dropped."""

    time: datetime
    channel: str
    topic_arn: str
    title: str
    description: str
    next_steps: tuple[str, ...] = ()
    thread: str = ""
    dropped: str | None = None
    """Why Amazon Q would show nothing, or None."""
    raw: str = ""


Happening = (
    ExecutionStatusChange | TaskStateChange | LogLine | ScheduleFired | DeliveryStep | SlackMessage
)
Subscriber = Callable[[Happening], None]


@dataclass
class Feed:
    """Hands each happening to every subscriber, in the publisher's thread."""

    _subscribers: list[Subscriber] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Add ``subscriber`` and return what takes it off again."""
        with self._lock:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, happening: Happening) -> None:
        """Tell every subscriber; one that fails is logged and keeps nobody else from hearing."""
        with self._lock:
            subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(happening)
            except Exception:
                log.exception("a subscriber of the feed failed on %s", type(happening).__name__)


_current: Feed = Feed()


def current() -> Feed:
    """Return the feed of the running emulator.

    moto's state is one a process, and so is this: its patched methods have no other way to it.
    """
    return _current


def use(feed: Feed) -> None:
    """Make ``feed`` the current one."""
    global _current
    _current = feed
