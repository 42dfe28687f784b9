"""Schedules as phrases for people. The phrase is in terms of what fires, not of what was typed."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from batch.schedule.cron import Cron
from batch.schedule.days import DaysOfMonth, DaysOfWeek
from batch.schedule.expression import At, Rate
from batch.schedule.fields import YEAR

_NTH: Final = ("first", "second", "third", "fourth", "fifth")
_WEEKDAYS: Final = frozenset(range(2, 7))
_MONTHS: Final = 12
_HOURS: Final = 24
_MINUTES: Final = 60
_WEEK: Final = 7
_RUN: Final = 3
_LONG_RUN: Final = 4
_CLOCK_TIMES: Final = 4
"""Times of day that are still listed one by one."""


def at(rule: At, timezone: str) -> str:
    """Return ``once on 31 January 2027 at 03:00 Asia/Tokyo``."""
    time = rule.time
    return f"once on {_date(time)} at {time:%H:%M:%S}".removesuffix(":00") + f" {timezone}"


def rate(rule: Rate) -> str:
    """Return ``every 15 minutes``."""
    if rule.value > 1:
        return f"every {rule.value} {rule.unit}s"
    # "Every day" would promise a time of day, which a clock change moves.
    return "every 24 hours" if rule.unit == "day" else f"every {rule.unit}"


def moment(time: datetime) -> str:
    """Return a date, with its time unless that is midnight."""
    clock = f" {time:%H:%M}"
    return _date(time) + ("" if clock == " 00:00" else clock)


def cron(rule: Cron, timezone: str) -> str:
    """Return ``every weekday at 03:00 Asia/Tokyo``."""
    days = _days(rule)
    if len(rule.minutes) * len(rule.hours) <= _CLOCK_TIMES:
        clock = [f"{hour:02}:{minute:02}" for hour in rule.hours for minute in rule.minutes]
        return f"{days or 'every day'} at {_list(clock)} {timezone}"
    before = f"{days}, " if days else ""
    if frequency := _frequency(rule):
        # On all days it is the same in every zone: naming one would be noise.
        return f"{before}{frequency} ({timezone})" if days else frequency
    if span := _span(rule):
        return f"{before}{span} {timezone}"
    return f"{before}{_minutes_of_hours(rule)} ({timezone})"


def _frequency(rule: Cron) -> str:
    """Return ``every 15 minutes`` for what goes on around the clock, or nothing."""
    step = _step(rule.minutes, _MINUTES)
    if len(rule.hours) < _HOURS or rule.minutes[0] != 0:
        return ""
    if step and _MINUTES % step == 0:
        return _every(step, "minute")
    return "every hour" if len(rule.minutes) == 1 else ""


def _span(rule: Cron) -> str:
    """Return ``every hour from 09:00 to 17:00`` for even steps in a part of a day, or nothing."""
    minutes, hours = rule.minutes, rule.hours
    first, last = f"{minutes[0]:02}", f"{minutes[-1]:02}"
    run = _run(hours, _HOURS)
    step = _step(minutes, _MINUTES)
    if run and step and _MINUTES % step == 0 and minutes[0] < step:
        return f"{_every(step, 'minute')} from {run[0]:02}:{first} to {run[1]:02}:{last}"
    if len(minutes) > 1 or len(hours) == _HOURS:
        return ""
    step = _step(hours, _HOURS)
    if step and step > 1 and _HOURS % step == 0 and hours[0] < step:
        return f"{_every(step, 'hour')} from {hours[0]:02}:{first}"
    return f"every hour from {run[0]:02}:{first} to {run[1]:02}:{first}" if run else ""


def _minutes_of_hours(rule: Cron) -> str:
    minutes, hours = rule.minutes, rule.hours
    step = _step(minutes, _MINUTES)
    if step and len(minutes) > _CLOCK_TIMES:
        what = f"{_every(step, 'minute')} from minute {minutes[0]}"
    elif len(hours) == _HOURS and len(minutes) <= _CLOCK_TIMES:
        unit = "minute" if minutes == (1,) else "minutes"
        return f"at {_numbers(minutes)} {unit} past every hour"
    else:
        what = f"at minute {_numbers(minutes)}"
    return f"{what} of {'every hour' if len(hours) == _HOURS else f'hour {_numbers(hours)}'}"


def _every(step: int, unit: str) -> str:
    return f"every {unit}" if step == 1 else f"every {step} {unit}s"


def _days(rule: Cron) -> str:
    """Return which days, or nothing for every day."""
    months = "" if len(rule.months) == _MONTHS else _month_names(rule.months)
    years = _years(rule.years)
    if isinstance(rule.days, DaysOfWeek):
        phrase = _days_of_week(rule.days, months)
    elif _is_every_day(rule.days):
        phrase = f"every day in {months}" if months else "every day" if years else ""
    elif _is_one_date(rule):
        (day,) = rule.days.days
        date = f"{day} {months}"
        return (
            f"on {date} {rule.years[0]}" if len(rule.years) == 1 else f"every year on {date}{years}"
        )
    else:
        phrase = _days_of_month(rule.days, months)
    return phrase + years if phrase or not years else f"every day{years}"


def _days_of_month(days: DaysOfMonth, months: str) -> str:
    of = f"of {months or 'every month'}"
    numbers = sorted(days.days)
    step = _step(numbers, 31 + 1)
    special = [f"the weekday nearest the {_ordinal(day)}" for day in sorted(days.nearest)]
    special += ["the last weekday"] * days.last_weekday + ["the last day"] * days.last
    if step and step > 1 and len(numbers) > _CLOCK_TIMES and not special:
        return f"on every {_ordinal(step)} day {of} from the {_ordinal(numbers[0])}"
    named = [
        _ordinal(first) if first == last else f"{_ordinal(first)} to {_ordinal(last)}"
        for first, last in _runs(numbers)
    ]
    if named:
        named[0] = f"the {named[0]}"
    return f"on {_list([*named, *special])} {of}"


def _days_of_week(days: DaysOfWeek, months: str) -> str:
    inside = f" in {months}" if months else ""
    # Weeks of people begin on Monday.
    names = [_weekday(n) for n in sorted(days.days, key=lambda n: (n + 5) % _WEEK)]
    run = _run(sorted(days.days), _WEEK, low=1)
    if len(names) == _WEEK:
        plain = "every day" if months or days.last else ""
    elif days.days == _WEEKDAYS:
        plain = "every weekday"
    elif run and len(names) >= _LONG_RUN:
        plain = f"every day from {_weekday(run[0])} to {_weekday(run[1])}"
    else:
        plain = f"every {_list(names)}" if names else ""
    special = [f"last {_weekday(n)}" for n in sorted(days.last)]
    if days.nth is not None:
        special.append(f"{_NTH[days.nth[1] - 1]} {_weekday(days.nth[0])}")
    if not special:
        return plain + inside
    nth = f"on the {_list(special)} of {months or 'every month'}"
    return f"{plain}{inside} and {nth}" if plain else nth


def _is_every_day(days: DaysOfMonth) -> bool:
    return len(days.days) == 31


def _is_one_date(rule: Cron) -> bool:
    return (
        len(rule.months) == 1
        and rule.days == DaysOfMonth(days=rule.days.days)
        and len(rule.days.days) == 1
    )


def _years(years: Sequence[int]) -> str:
    if len(years) == YEAR.high - YEAR.low + 1:
        return ""
    if len(years) > 1 and years[-1] - years[0] == len(years) - 1:
        return f" from {years[0]} to {years[-1]}"
    return f" in {_numbers(years)}"


def _month_names(months: Sequence[int]) -> str:
    run = _run(months, _MONTHS, low=1)
    if run and len(months) >= _RUN:
        return f"{calendar.month_name[run[0]]} to {calendar.month_name[run[1]]}"
    return _list([calendar.month_name[month] for month in months])


def _weekday(number: int) -> str:
    return calendar.day_name[(number + 5) % 7]


def _date(time: datetime) -> str:
    return f"{time.day} {calendar.month_name[time.month]} {time.year}"


def _ordinal(number: int) -> str:
    special = number // 10 == 1
    return f"{number}{'th' if special else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _list(items: Sequence[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _numbers(numbers: Sequence[int]) -> str:
    return _list([f"{a}" if a == b else f"{a}-{b}" for a, b in _runs(numbers)])


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of three neighbours or more, and single ones."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return [
        part
        for first, last in runs
        for part in ([(first, first), (last, last)] if last - first == 1 else [(first, last)])
    ]


def _step(numbers: Sequence[int], size: int) -> int | None:
    """Return the distance of numbers that are evenly apart up to the end of a field."""
    if len(numbers) < 2:
        return None
    step = numbers[1] - numbers[0]
    return step if list(numbers) == list(range(numbers[0], size, step)) else None


def _run(numbers: Sequence[int], size: int, low: int = 0) -> tuple[int, int] | None:
    """Return the first and last of numbers that follow each other, also over the end."""
    if not 0 < len(numbers) < size:
        return None
    have = set(numbers)
    firsts = [n for n in numbers if (n - low - 1) % size + low not in have]
    if len(firsts) != 1:
        return None
    return firsts[0], (firsts[0] - low + len(numbers) - 1) % size + low
