"""When a job starts: an expression of EventBridge Scheduler, its time zone and its two ends.

::

    Schedule("cron(0 3 ? * MON-FRI *)", "Asia/Tokyo").in_words()
    # every weekday at 03:00 Asia/Tokyo

Flexible windows, retries and targets are not here: they belong to the job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from batch.errors import InvalidSchedule, Problem
from batch.schedule import words, zones
from batch.schedule.cron import Cron
from batch.schedule.expression import At, Rate, parse
from batch.schedule.unix import unix_cron
from batch.schedule.zones import ClockChange

__all__ = ["ClockChange", "InvalidSchedule", "Schedule", "unix_cron"]

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Schedule:
    """A schedule as Scheduler understands it; everything wrong with it is raised at once."""

    expression: str
    timezone: str = "UTC"
    start: datetime | None = None
    """Nothing fires before. Scheduler ignores it, and the end, for ``at(...)``."""

    end: datetime | None = None
    """Nothing fires after."""

    _rule: Cron | Rate | At = field(init=False, repr=False, compare=False)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = _wrong_dates(self.start, self.end)
        try:
            object.__setattr__(self, "_rule", parse(self.expression))
        except InvalidSchedule as error:
            problems.extend(error.problems)
        try:
            object.__setattr__(self, "_zone", zones.find(self.timezone))
        except InvalidSchedule as error:
            problems.extend(error.problems)
        if not problems:
            problems = self._wrong_time()
        if problems:
            raise InvalidSchedule(problems)

    @property
    def kind(self) -> str:
        """``cron``, ``rate`` or ``at``."""
        return self.expression.partition("(")[0]

    def next_times(
        self, after: datetime, count: int, *, created: datetime | None = None
    ) -> list[datetime]:
        """Return the next times it fires, strictly after ``after``, in the schedule's zone.

        There are fewer than ``count`` if it ends before.

        Args:
            created: When the schedule was made: a rate counts from there, or from its start
                if that is later. Without either it counts from ``after``.
        """
        _must_be_aware(after, "after")
        if isinstance(self._rule, Rate):
            moments = self._periods(self._rule, after, created)
        else:
            moments = self._moments(self._rule, after)
        return [moment.astimezone(self._zone) for moment in islice(moments, max(count, 0))]

    def is_past(self, now: datetime) -> bool:
        """Return whether nothing is left to fire after ``now``."""
        if isinstance(self._rule, Rate):
            return self.end is not None and self.end < now
        return not self.next_times(now, 1)

    def in_words(self) -> str:
        """Return the schedule as a phrase: ``every weekday at 03:00 Asia/Tokyo``."""
        if isinstance(self._rule, At):
            return words.at(self._rule, self.timezone)
        if isinstance(self._rule, Rate):
            phrase = words.rate(self._rule)
        else:
            phrase = words.cron(self._rule, self.timezone)
        for word, date in (("from", self.start), ("until", self.end)):
            if date is not None:
                phrase += f", {word} {words.moment(date.astimezone(self._zone))}"
        return phrase

    def clock_changes(self, after: datetime, until: datetime) -> list[ClockChange]:
        """Return the times between two moments that a clock change skips or repeats.

        A rate has none: it counts hours, not what a clock shows.
        """
        _must_be_aware(after, "after")
        _must_be_aware(until, "until")
        if isinstance(self._rule, Rate):
            return []
        found = []
        for change in zones.transitions(self._zone, after - _DAY, until + _DAY):
            for local in self._rule.local_times(change.first):
                if local >= change.end:
                    break
                # What a time that does not exist would have been, had the clock not moved.
                moment = local.replace(tzinfo=UTC) - change.before
                if after < moment <= until and self._is_within(moment):
                    found.append(ClockChange(local, change.kind))
        return found

    def _moments(self, rule: Cron | At, after: datetime) -> Iterator[datetime]:
        """Yield the moments at which a cron or an ``at`` fires."""
        begin = after
        if self.start is not None and isinstance(rule, Cron):
            begin = max(after, self.start - _MOMENT)
        # The first time that a clock shows twice is the one that counts, so the wall clock
        # at ``begin`` is never later than the next time that fires.
        wall = begin.astimezone(self._zone).replace(tzinfo=None, fold=0)
        for local in rule.local_times(wall):
            moment = zones.instant(local, self._zone)
            if moment is None or moment <= begin:
                continue
            if not self._is_within(moment):
                return
            yield moment

    def _periods(self, rule: Rate, after: datetime, created: datetime | None) -> Iterator[datetime]:
        """Yield the moments at which a rate fires: its first is its anchor itself."""
        anchors = [date for date in (self.start, created) if date is not None]
        anchor = max(anchors, default=after).astimezone(UTC)
        period = rule.period
        steps = max((after - anchor) // period + 1, 0)
        try:
            while self._is_within(moment := anchor + steps * period):
                yield moment
                steps += 1
        except OverflowError:  # the calendar ends in the year 9999
            return

    def _is_within(self, moment: datetime) -> bool:
        if isinstance(self._rule, At):
            return True
        return (self.start is None or moment >= self.start) and (
            self.end is None or moment <= self.end
        )

    def _wrong_time(self) -> list[Problem]:
        if not isinstance(self._rule, At) or zones.instant(self._rule.time, self._zone):
            return []
        return [
            Problem(
                "schedule",
                f"{self.expression} never comes: clocks in {self.timezone} skip that time",
                "use a time an hour earlier or later",
            )
        ]


def _wrong_dates(start: datetime | None, end: datetime | None) -> list[Problem]:
    problems = [
        Problem(where, f"{date.isoformat()} has no offset", f"use {date.isoformat()}Z for UTC")
        for where, date in (("start_date", start), ("end_date", end))
        if date is not None and date.tzinfo is None
    ]
    if not problems and start is not None and end is not None and end <= start:
        what = f"{end.isoformat()} is not after the start {start.isoformat()}"
        problems.append(Problem("end_date", what, "use a later end or an earlier start"))
    return problems


def _must_be_aware(moment: datetime, name: str) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
