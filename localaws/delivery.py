"""One call of one target: its attempts, and the queue for what could not be delivered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from localaws import feed as feeds
from localaws import targets
from localaws.access.authorization import Caller
from localaws.feed import DeliveryStep, Step
from localaws.targets import Request, TargetError

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long a delivery is tried again."""

    retries: int = 185
    age: timedelta = timedelta(days=1)

    @classmethod
    def of(cls, target: Mapping[str, Any]) -> Self:
        """Return the policy of a target; what it does not say is AWS's default."""
        given = target.get("RetryPolicy") or {}
        return cls(
            int(given.get("MaximumRetryAttempts", cls.retries)),
            timedelta(seconds=int(given.get("MaximumEventAgeInSeconds", 86400))),
        )


@dataclass
class Delivery:
    """Something on its way to a target.

    ``prepare`` makes the request anew for each attempt, from 1: Scheduler's input names it.
    """

    prepare: Callable[[int], Request]
    policy: RetryPolicy
    began: datetime
    dead_letters: str | None
    """ARN of the queue for what fails, if there is one."""

    describe: Callable[[int], tuple[str, Mapping[str, str]]]
    """Return body and attributes of the dead letter, given the number of the last attempt."""

    retries_all: bool = False
    """Whether errors that trying again cannot help are tried again too, as Scheduler does."""

    source_arn: str = ""
    """The rule or the schedule whose it is."""

    gives_up_as: Caller | None = None
    """Who writes to the dead-letter queue."""

    attempts: int = 0
    error: TargetError | None = field(default=None, init=False)
    """Why the last attempt failed, or None."""

    def attempt(self, now: datetime, *, endpoint: str) -> datetime | None:
        """Try once; return when to try again, or None if that was the last time."""
        if now - self.began > self.policy.age:
            self.error = self.error or TargetError(
                "EventAgeExceeded", f"due {self.began.isoformat()}, older than its maximum age"
            )
            self._give_up("MaximumEventAgeInSeconds", endpoint, now)
            return None
        self.attempts += 1
        self.error = None
        self._came_to(Step.ATTEMPTED, now)
        try:
            targets.perform(self.prepare(self.attempts), endpoint=endpoint)
        except TargetError as error:
            self.error = error
        if self.error is None:
            self._came_to(Step.DELIVERED, now)
            return None
        self._came_to(Step.REFUSED, now)
        if self.error.permanent and not self.retries_all:
            self._give_up(None, endpoint, now)
            return None
        if self.attempts > self.policy.retries:
            self._give_up("MaximumRetryAttempts", endpoint, now)
            return None
        # Not the sum of doublings: 2 to the 185th is no number of seconds.
        doubled = min(self.attempts - 1, 10)
        again = now + min(_FIRST_PAUSE * (1 << doubled), _LONGEST_PAUSE)
        if again - self.began > self.policy.age:
            self._give_up("MaximumEventAgeInSeconds", endpoint, now)
            return None
        return again

    def _came_to(self, step: Step, now: datetime) -> None:
        if self.source_arn:
            feeds.current().publish(DeliveryStep(now, self.source_arn, step))

    def _give_up(self, exhausted: str | None, endpoint: str, now: datetime) -> None:
        self._came_to(Step.GIVEN_UP, now)
        error = self.error
        assert error is not None  # noqa: S101 - for the type checker
        body, attributes = self.describe(max(self.attempts, 1))
        attributes = {
            **attributes,
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message or error.code,
            "RETRY_ATTEMPTS": str(max(self.attempts - 1, 0)),
        }
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        whom = attributes.get("TARGET_ARN", "a target")
        if self.dead_letters is None:
            log.warning("not delivered to %s and dropped: %s", whom, error)
            return
        log.warning("not delivered to %s, sent to its dead-letter queue: %s", whom, error)
        try:
            letter = _letter(self.dead_letters, body, attributes, self.gives_up_as)
            targets.perform(letter, endpoint=endpoint)
        except TargetError as lost:
            log.warning("the dead-letter queue %s: %s", self.dead_letters, lost)
            self._came_to(Step.LOST, now)
        else:
            self._came_to(Step.DEAD_LETTER, now)


def _letter(
    queue_arn: str, body: str, attributes: Mapping[str, str], caller: Caller | None
) -> Request:
    _, _, _, region, account, name = queue_arn.split(":", 5)
    return Request(
        "sqs",
        "sendMessage",
        region,
        {
            "QueueUrl": targets.queue_url(account, name),
            "MessageBody": body,
            "MessageAttributes": {
                key: {"DataType": "String", "StringValue": value}
                for key, value in attributes.items()
            },
        },
        caller,
    )


def dead_letters(target: Mapping[str, Any]) -> str | None:
    """Return the ARN of a target's dead-letter queue, if it has one."""
    return (target.get("DeadLetterConfig") or {}).get("Arn")
