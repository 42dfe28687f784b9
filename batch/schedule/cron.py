"""A cron expression of EventBridge Scheduler: minutes hours day-of-month month day-of-week year.

Times here are local and naive: what a clock change does to them is the schedule's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from batch.errors import InvalidSchedule, Problem
from batch.schedule.days import DaysOfMonth, DaysOfWeek
from batch.schedule.fields import HOUR, MINUTE, MONTH, YEAR, invalid
from batch.schedule.unix import unix_cron

_FIELDS: Final = 6
_DAY_FIELDS: Final = (2, 4)
_EXAMPLE: Final = "cron(0 3 * * ? *)"


@dataclass(frozen=True)
class Cron:
    """The local times that an expression stands for. Every tuple is in order."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DaysOfMonth | DaysOfWeek
    months: tuple[int, ...]
    years: tuple[int, ...]

    def local_times(self, start: datetime) -> Iterator[datetime]:
        """Yield the times from ``start`` on, in order, until the last year is over."""
        for day in self._dates(start.date()):
            for hour in self.hours:
                if day == start.date() and hour < start.hour:
                    continue
                for minute in self.minutes:
                    time = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001
                    if time >= start:
                        yield time

    def _dates(self, start: date) -> Iterator[date]:
        # Month by month, so that an expression that fires once in decades is still quick.
        for year in self.years:
            if year < start.year:
                continue
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for day in self.days.of(year, month):
                    if (found := date(year, month, day)) >= start:
                        yield found

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Return what is between the parentheses of ``cron(...)``."""
        fields = text.split()
        if len(fields) != _FIELDS:
            raise _wrong_count(text, fields)
        minute, hour, day, month, weekday, year = fields
        if problems := _problems(fields):
            raise InvalidSchedule(problems)
        cron = cls(
            minutes=tuple(sorted(MINUTE.parse(minute))),
            hours=tuple(sorted(HOUR.parse(hour))),
            days=DaysOfMonth.parse(day) if weekday == "?" else DaysOfWeek.parse(weekday),
            months=tuple(sorted(MONTH.parse(month))),
            years=tuple(sorted(YEAR.parse(year))),
        )
        if next(cron._dates(date(YEAR.low, 1, 1)), None) is None:
            raise invalid(
                f"cron({text}) never fires: its months and years have no such day",
                "check day, month and year; the last day of a month is L",
            )
        return cron


def _problems(fields: list[str]) -> list[Problem]:
    """Return everything that is wrong with six fields."""
    day, weekday = fields[2], fields[4]
    parsers: tuple[Callable[[str], object], ...] = (
        MINUTE.parse,
        HOUR.parse,
        DaysOfMonth.parse,
        MONTH.parse,
        DaysOfWeek.parse,
        YEAR.parse,
    )
    misplaced = any(f == "?" for place, f in enumerate(fields) if place not in _DAY_FIELDS)
    problems = []
    if (day == "?") == (weekday == "?") and not misplaced:
        problems.append(_wrong_days(fields))
    for place, (parse, field) in enumerate(zip(parsers, fields, strict=True)):
        if field == "?" and place in _DAY_FIELDS:
            continue
        try:
            parse(field)
        except InvalidSchedule as error:
            problems.extend(error.problems)
    return problems


def _wrong_days(fields: list[str]) -> Problem:
    """Return what to say about two day fields of which not exactly one is ``?``."""
    day, weekday = fields[2], fields[4]
    by_day = f"cron({' '.join([*fields[:4], '?', fields[5]])})"
    by_weekday = f"cron({' '.join([*fields[:2], '?', fields[3], weekday, fields[5]])})"
    if day == "?":
        daily = f"cron({' '.join([*fields[:2], '*', *fields[3:]])})"
        return Problem("schedule", "both day fields are ?", f"use {daily}")
    what = "day of month and day of week are both set, and Scheduler takes one of them"
    if weekday == "*":
        return Problem("schedule", what, f"put ? in the other: {by_day}")
    if day == "*":
        return Problem("schedule", what, f"put ? in the other: {by_weekday}")
    return Problem("schedule", what, f"use {by_day} or {by_weekday}, or both as two schedules")


def _wrong_count(text: str, fields: list[str]) -> InvalidSchedule:
    """Return the error for a number of fields other than six, with the equal if there is one."""
    what = f"cron({text}) has {len(fields)} fields instead of six"
    if len(fields) == _FIELDS - 1:
        if (
            any(letter in f"{fields[2]} {fields[4]}".upper() for letter in "?#")
            or "L" in fields[2].upper()
        ):
            return invalid(f"{what}, the year is missing", f"use cron({' '.join(fields)} *)")
        try:
            return invalid(f"{what}, as in crontab", f"use {unix_cron(text)}")
        except InvalidSchedule as error:
            return invalid(f"{what}, as in crontab", error.problems[0].fix)
    if len(fields) == _FIELDS + 1 and fields[0].isdigit():
        return invalid(
            f"{what}, the first is probably seconds", f"use cron({' '.join(fields[1:])})"
        )
    return invalid(
        what,
        f"use minutes, hours, day of month, month, day of week and year, for instance {_EXAMPLE}",
    )
