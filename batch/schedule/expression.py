"""A schedule expression: ``cron(...)``, ``rate(...)`` or ``at(...)``, told apart and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from batch.errors import InvalidSchedule
from batch.schedule.cron import Cron
from batch.schedule.fields import invalid
from batch.schedule.unix import unix_cron

LONGEST: Final = 256
"""Characters of ``ScheduleExpression`` in Scheduler's API."""

_CALL: Final = re.compile(r"(cron|rate|at)\(([^()]*)\)")
_AROUND: Final = re.compile(r"^\s*(cron|rate|at)?\s*\(?|\)?\s*$", re.IGNORECASE)
_RATE: Final = re.compile(r"([0-9]+) (minute|hour|day)s?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
_EXAMPLES: Final = "cron(0 3 * * ? *), rate(15 minutes) or at(2027-01-31T03:00:00)"


@dataclass(frozen=True)
class Rate:
    """A fixed distance between two starts, whatever clocks do: a day is 24 hours."""

    value: int
    unit: str
    """``minute``, ``hour`` or ``day``."""

    @property
    def period(self) -> timedelta:
        """The distance."""
        return timedelta(**{f"{self.unit}s": self.value})

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Return what is between the parentheses of ``rate(...)``."""
        match = _RATE.fullmatch(text)
        if match is None:
            raise invalid(f"rate({text}) is not understood", _rate_hint(text))
        value = int(match[1])
        if value == 0:
            raise invalid(f"rate({text}) never moves on", "use a rate of 1 minute or more")
        try:
            timedelta(**{f"{match[2]}s": value})
        except OverflowError:
            raise invalid(f"rate({text}) is longer than any calendar", "use fewer days") from None
        return cls(value, match[2])


@dataclass(frozen=True)
class At:
    """One local time."""

    time: datetime

    def local_times(self, start: datetime) -> Iterator[datetime]:
        """Yield the time unless it is before ``start``."""
        if self.time >= start:
            yield self.time

    @classmethod
    def parse(cls, text: str) -> At:
        """Return what is between the parentheses of ``at(...)``."""
        try:
            time = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise invalid(
                f"at({text}) is no date and time ({error})", "use at(yyyy-mm-ddThh:mm:ss)"
            ) from None
        if time.tzinfo is not None:
            local = time.replace(tzinfo=None, microsecond=0).isoformat()
            raise invalid(
                f"at({text}) has an offset, and Scheduler reads it in the schedule's time zone",
                f"use at({local}) and set timezone",
            )
        if text != (exact := time.replace(microsecond=0).isoformat()):
            raise invalid(f"at({text}) is not as Scheduler writes it", f"use at({exact})")
        return cls(time)


def parse(text: str) -> Cron | Rate | At:
    """Return what an expression means."""
    if len(text) > LONGEST:
        raise invalid(
            f"the expression has {len(text)} characters, Scheduler takes {LONGEST}",
            "use ranges and steps instead of long lists, or two schedules",
        )
    if (call := _CALL.fullmatch(text)) is None:
        raise invalid(f"{text!r} is no schedule expression", _hint(text))
    return _KINDS[call[1]].parse(call[2])


_KINDS: Final[dict[str, type[Cron | Rate | At]]] = {"cron": Cron, "rate": Rate, "at": At}


def _hint(text: str) -> str:
    """Return the expression that was probably meant, or one example of each kind."""
    inner = _AROUND.sub("", text).strip()
    try:
        return f"use {unix_cron(inner)}"
    except InvalidSchedule as error:
        # Five fields, or a word of crontab's: its own advice is better than an example.
        if inner.startswith("@") or len(inner.split()) == 5:
            return error.problems[0].fix
    for kind, meaning in _KINDS.items():
        try:
            meaning.parse(inner)
        except InvalidSchedule as error:
            if kind == "at" and _DATE.match(inner):
                return error.problems[0].fix
            continue
        return f"use {kind}({inner})"
    return f"use {_EXAMPLES}"


def _rate_hint(text: str) -> str:
    match = re.fullmatch(r"\s*([0-9]+)\s*([a-z]+)\s*", text.lower())
    if match is not None:
        value, unit = int(match[1]), match[2].rstrip("s")
        for known in ("minute", "hour", "day"):
            if unit in (known, known[0], known[:3]) and value:
                return f"use rate({value} {known}{'' if value == 1 else 's'})"
        if unit in ("week", "w"):
            return f"use rate({7 * value} days)"
        if unit in ("month", "year"):
            return "use cron(...), for instance cron(0 3 1 * ? *) for each month"
        if unit in ("second", "sec", ""):
            return "use rate(1 minute), the shortest there is"
    return "use a whole number and minutes, hours or days, for instance rate(15 minutes)"
