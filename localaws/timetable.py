"""When each schedule of the emulator is due: those of Scheduler, and those of rules.

Nothing is fired here. A schedule is known from the first :meth:`Timetable.refresh` that sees it;
what was due before is not its business.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from batch.errors import InvalidSchedule
from batch.schedule import Schedule

log = logging.getLogger(__name__)

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Terms:
    """What decides when a schedule is due. When one changes, its due times are counted anew."""

    expression: str
    timezone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    enabled: bool = True

    @classmethod
    def of_schedule(cls, schedule: Any) -> Terms:
        """Return the terms of a schedule of moto's Scheduler."""
        return cls(
            schedule.schedule_expression,
            schedule.schedule_expression_timezone or "UTC",
            moment(schedule.start_date),
            moment(schedule.end_date),
            schedule.state != "DISABLED",
        )

    def schedule(self) -> Schedule:
        """Return the schedule.

        Raises:
            InvalidSchedule: If there can be none.
        """
        return Schedule(self.expression, self.timezone, self.start, self.end)


def moment(value: Any) -> datetime | None:
    """Return a date as moto keeps it (seconds since 1970, or ISO 8601 text)."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass
class Entry:
    """A schedule and the next time that it is due."""

    source: Any
    """moto's schedule or rule."""

    account: str
    region: str
    is_rule: bool
    created: datetime
    terms: Terms
    schedule: Schedule | None = None
    due: datetime | None = None

    def reckon(self, after: datetime) -> None:
        """Find the next due time after a moment."""
        self.due = None
        if self.schedule is not None and self.terms.enabled:
            times = self.schedule.next_times(after, 1, created=self.created)
            self.due = times[0] if times else None

    def take_due(self, now: datetime) -> list[datetime]:
        """Return the times that came up to ``now``, and go on to the next that did not."""
        taken: list[datetime] = []
        while self.due is not None and self.due <= now:
            taken.append(self.due)
            self.reckon(self.due)
        return taken

    def is_of(self, source: Any) -> bool:
        """Return whether ``source`` is what this entry was made for."""
        # PutRule replaces moto's rule where it changes it: its rate must not start anew.
        return self.is_rule or source is self.source


class Timetable:
    """The due times of every schedule in every account and region."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def refresh(self, now: datetime) -> None:
        """Take up what was created or changed, and forget what was deleted."""
        known, self._entries = self._entries, {}
        for account, region, is_rule, source, terms in _everything():
            entry = known.get(source.arn)
            if entry is None or not entry.is_of(source):
                entry = Entry(source, account, region, is_rule, now, terms)
                self._adopt(entry, now)
                if not is_rule and entry.schedule is not None and entry.schedule.kind == "rate":
                    # One of Scheduler's fires at once, one of a rule's after its first period.
                    entry.reckon(now - _MOMENT)
            elif entry.terms != terms:
                entry.terms = terms
                self._adopt(entry, now)
            entry.source = source
            self._entries[source.arn] = entry

    def _adopt(self, entry: Entry, after: datetime) -> None:
        try:
            entry.schedule = entry.terms.schedule()
        except InvalidSchedule as error:
            entry.schedule = None
            log.warning("%s never fires: %s", entry.source.arn, error)
        entry.reckon(after)

    def next_due(self) -> datetime | None:
        """Return the earliest due time, or None if nothing is ever due."""
        return min((e.due for e in self._entries.values() if e.due is not None), default=None)

    def take_due(self, now: datetime) -> list[tuple[Entry, list[datetime]]]:
        """Return what is due, in the order of the times, and what each was due for."""
        taken = [(entry, entry.take_due(now)) for entry in self._entries.values()]
        return sorted(
            ((entry, times) for entry, times in taken if times), key=lambda pair: pair[1][-1]
        )


def _everything() -> Iterator[tuple[str, str, bool, Any, Terms]]:
    # Copies: requests change these dictionaries meanwhile.
    for account, regions in tuple(dict.items(scheduler_backends)):
        for region, backend in tuple(dict.items(regions)):
            for group in tuple(backend.schedule_groups.values()):
                for schedule in tuple(group.schedules.values()):
                    yield account, region, False, schedule, Terms.of_schedule(schedule)
    for account, regions in tuple(dict.items(events_backends)):
        for region, backend in tuple(dict.items(regions)):
            for bus in tuple(backend.event_buses.values()):
                for rule in tuple(bus.rules.values()):
                    if rule.scheduled_expression:
                        enabled = rule.state != "DISABLED"
                        terms = Terms(rule.scheduled_expression, enabled=enabled)
                        yield account, region, True, rule, terms
