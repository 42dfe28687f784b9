"""IANA time zones: found by name, and what their clock changes do to a local time."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal

from batch.errors import InvalidSchedule, Problem

_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?00)?")
_NOT_PLACES: Final = frozenset({"Factory", "localtime"})
_LONGEST_ABBREVIATION: Final = 5
_LIKE_ENOUGH: Final = 0.75


@dataclass(frozen=True)
class ClockChange:
    """A time at which a schedule would fire, met by a clock change."""

    local: datetime
    """The time on the clock of the schedule's zone, naive."""

    kind: Literal["skipped", "repeated"]
    """``skipped``: the time does not exist, nothing fires.
    ``repeated``: it comes twice, and the first one fires."""

    def in_words(self, timezone: str) -> str:
        """Return what it means for a schedule in ``timezone``."""
        what = (
            "will not run, the clock skips it"
            if self.kind == "skipped"
            else "runs once, though the clock shows it twice"
        )
        return f"{self.local:%Y-%m-%d %H:%M} {timezone} {what}"


@dataclass(frozen=True)
class Transition:
    """The moment at which a zone's clock is moved."""

    at: datetime
    """In UTC."""

    before: timedelta
    after: timedelta

    @property
    def kind(self) -> Literal["skipped", "repeated"]:
        """What happens to the local times from :attr:`first` up to :attr:`end`."""
        return "skipped" if self.after > self.before else "repeated"

    @property
    def first(self) -> datetime:
        """The first local time that does not exist, or that comes twice."""
        return self.at.replace(tzinfo=None) + min(self.before, self.after)

    @property
    def end(self) -> datetime:
        """The first local time that is ordinary again."""
        return self.at.replace(tzinfo=None) + max(self.before, self.after)


def find(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone called ``name``, or raise what to write instead."""
    # Asked by name first: some file systems would find "asia/tokyo", AWS does not.
    if name == "UTC" or name in _names():
        return zoneinfo.ZoneInfo(name)
    raise InvalidSchedule([Problem("timezone", f"{name!r} is no IANA time zone", _hint(name))])


def instant(local: datetime, zone: zoneinfo.ZoneInfo) -> datetime | None:
    """Return when a clock first shows ``local``, in UTC, or None if it never does."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    return moment if shown == local else None


def transitions(zone: zoneinfo.ZoneInfo, after: datetime, until: datetime) -> Iterator[Transition]:
    """Yield the moments in a time span at which the zone's clock is moved."""
    day = timedelta(days=1)
    left = after.astimezone(UTC)
    while left < until:
        right = left + day
        before, now = _offset(zone, left), _offset(zone, right)
        if before != now:
            yield Transition(_moved(zone, left, right), before, now)
        left = right


def _moved(zone: zoneinfo.ZoneInfo, left: datetime, right: datetime) -> datetime:
    """Return the second between two moments from which the second one's offset is in force."""
    before = _offset(zone, left)
    low, high = 0, int((right - left).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, left + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return left + timedelta(seconds=high)


def _offset(zone: zoneinfo.ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - _NOT_PLACES


def _hint(name: str) -> str:
    if offset := _OFFSET.fullmatch(name.upper()):
        # The signs of Etc/GMT are those of POSIX: east is negative.
        zone = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
        if zone in _names():
            return f"use the name of a place, for instance Asia/Tokyo, or {zone} for {name}"
    if name.isupper() and name.isalpha() and len(name) <= _LONGEST_ABBREVIATION:
        return "use the name of a place, for instance Asia/Tokyo or Europe/Berlin"
    wanted = name.strip().replace(" ", "_").lower()
    by_case = {zone.lower(): zone for zone in sorted(_names())}
    by_place = {zone.rpartition("/")[2]: by_case[zone] for zone in by_case}
    found = (
        by_case.get(wanted)
        or by_place.get(wanted.rpartition("/")[2])
        or _nearest(wanted, by_case)
        or _nearest(wanted, by_place)
    )
    return f"use {found}" if found else "use a name like Asia/Tokyo, Europe/Berlin or UTC"


def _nearest(wanted: str, zones: dict[str, str]) -> str | None:
    # Stricter than errors.nearest: among 600 names something always looks a little alike.
    matches = difflib.get_close_matches(wanted, zones, n=1, cutoff=_LIKE_ENOUGH)
    return zones[matches[0]] if matches else None
