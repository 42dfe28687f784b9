"""The two day fields, where ``L``, ``W`` and ``#`` are: which days of a month they stand for."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from typing import Final

from batch.schedule.fields import DAY_OF_MONTH, DAY_OF_WEEK

_NEAREST: Final = re.compile(r"([0-9]+)W")
_LAST: Final = re.compile(r"([0-9A-Z]+)L")
_NTH: Final = re.compile(r"([0-9A-Z]+)#([0-9]+)")
_MOST_WEEKS: Final = 5

_SATURDAY: Final = 5
_SUNDAY: Final = 6


@dataclass(frozen=True)
class DaysOfMonth:
    """What a day-of-month field says."""

    days: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    """``15W``: the weekday nearest to the 15th, in the same month."""

    last: bool = False
    """``L``: the last day."""

    last_weekday: bool = False
    """``LW``: the last day from Monday to Friday."""

    def of(self, year: int, month: int) -> list[int]:
        """Return the days of a month, in order."""
        length = calendar.monthrange(year, month)[1]
        days = {day for day in self.days if day <= length}
        # A month without a 31st has no weekday nearest to it either.
        days |= {_nearest_weekday(year, month, day) for day in self.nearest if day <= length}
        if self.last:
            days.add(length)
        if self.last_weekday:
            days.add(_nearest_weekday(year, month, length))
        return sorted(days)

    @classmethod
    def parse(cls, text: str) -> DaysOfMonth:
        """Return what a day-of-month field says."""
        days: set[int] = set()
        nearest: set[int] = set()
        terms = text.upper().split(",")
        for term in terms:
            if match := _NEAREST.fullmatch(term):
                nearest.add(DAY_OF_MONTH.value(match[1]))
            elif term.startswith("L-"):
                raise DAY_OF_MONTH.refuse(
                    f"{term!r} counts back from the end, which Scheduler does not promise",
                    "use L for the last day or LW for the last weekday",
                )
            elif term == "W" or ("W" in term and term != "LW"):
                raise DAY_OF_MONTH.refuse(
                    f"{term!r} is not understood", "put W behind one day, for instance 15W"
                )
            elif term not in ("L", "LW"):
                days.update(DAY_OF_MONTH.term(term))
        return cls(frozenset(days), frozenset(nearest), "L" in terms, "LW" in terms)


@dataclass(frozen=True)
class DaysOfWeek:
    """What a day-of-week field says. Days are numbered as in the field: Sunday is 1."""

    days: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    """``6L``: the last Friday of the month."""

    nth: tuple[int, int] | None = None
    """``6#2``: the second Friday of the month."""

    def of(self, year: int, month: int) -> list[int]:
        """Return the days of a month, in order."""
        first, length = calendar.monthrange(year, month)
        return [
            day
            for day in range(1, length + 1)
            # calendar's Monday is 0, the field's Sunday is 1.
            if self._has((first + day) % 7 + 1, day, length)
        ]

    def _has(self, weekday: int, day: int, length: int) -> bool:
        return (
            weekday in self.days
            or (weekday in self.last and day + 7 > length)
            or (weekday, (day + 6) // 7) == self.nth
        )

    @classmethod
    def parse(cls, text: str) -> DaysOfWeek:
        """Return what a day-of-week field says."""
        days: set[int] = set()
        last: set[int] = set()
        nth: tuple[int, int] | None = None
        terms = text.upper().split(",")
        for term in terms:
            if match := _NTH.fullmatch(term):
                nth = DAY_OF_WEEK.value(match[1]), int(match[2])
                if not 1 <= nth[1] <= _MOST_WEEKS:
                    raise DAY_OF_WEEK.refuse(
                        f"{term!r} asks for week {nth[1]} of the month", "use #1 to #5"
                    )
            elif term == "L":
                days.add(DAY_OF_WEEK.high)  # the last day of the week
            elif match := _LAST.fullmatch(term):
                last.add(DAY_OF_WEEK.value(match[1]))
            else:
                days.update(DAY_OF_WEEK.term(term))
        if nth is not None and len(terms) > 1:
            raise DAY_OF_WEEK.refuse(
                f"{text!r} has more than one expression beside #",
                f"use one schedule each, for instance {terms[0]}",
            )
        return cls(frozenset(days), frozenset(last), nth)


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday nearest to ``day``, without leaving the month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < calendar.monthrange(year, month)[1] else day - 2
    return day
