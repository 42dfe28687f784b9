"""Classic five-field cron into Scheduler's, for callers that ask for it.

Nothing is guessed: what has no equal is refused with what to write instead.
The meaning is that of crontab(5): Sunday is 0 or 7, and the two day fields are alternatives
unless one of them begins with ``*``, in which case both must match.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from batch.errors import InvalidSchedule, Problem
from batch.schedule.fields import DAY_OF_MONTH, HOUR, MINUTE, MONTH, WEEKDAYS, Field, invalid

_MACROS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_DAY_OF_WEEK: Final = Field("day of week", 0, 7, WEEKDAYS, wraps=False, step_from_one=False)
_FIELDS: Final = (
    *(replace(field, wraps=False, step_from_one=False) for field in (MINUTE, HOUR, DAY_OF_MONTH)),
    replace(MONTH, wraps=False, step_from_one=False),
    _DAY_OF_WEEK,
)
_MOST_DAYS: Final = 31
_RANGE: Final = 3


def unix_cron(text: str) -> str:
    """Return the ``cron(...)`` that fires when a crontab line with these five fields does.

    ::

        unix_cron("0 3 * * 1-5")  # cron(0 3 ? * MON-FRI *)
    """
    fields = _five(text)
    problems: list[Problem] = []
    numbers: list[frozenset[int]] = []
    for field, value in zip(_FIELDS, fields, strict=True):
        try:
            numbers.append(field.parse(value))
        except InvalidSchedule as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidSchedule(problems)

    minute, hour, day, month, weekday = (value.upper() for value in fields)
    weekdays = frozenset(n % 7 for n in numbers[4])  # 0 and 7 are both Sunday
    every_day, every_weekday = len(numbers[2]) == _MOST_DAYS, len(weekdays) == len(WEEKDAYS)
    by_day = f"cron({minute} {hour} {day} {month} ? *)"
    by_weekday = f"cron({minute} {hour} ? {month} {_names(weekdays)} *)"
    daily = f"cron({minute} {hour} * {month} ? *)"

    if every_day and every_weekday:
        return daily
    if day.startswith("*") or weekday.startswith("*"):
        if every_weekday:
            return by_day
        if every_day:
            return by_weekday
        raise invalid(
            f"{text!r} fires only on days that match both day fields, which has no equal",
            f"use {by_day} or {by_weekday} and let the command check the other day",
        )
    if every_day or every_weekday:
        return daily
    raise invalid(
        f"{text!r} fires on days that match either day field, which has no equal",
        f"use two schedules: {by_day} and {by_weekday}",
    )


def _five(text: str) -> list[str]:
    fields = _MACROS.get(text.strip().lower(), text).split()
    first = fields[0].lower() if fields else ""
    if first == "@reboot":
        raise invalid(
            "@reboot has no equal: nothing boots", "run the command on deployment, or use at(...)"
        )
    if first == "@every":
        raise invalid("@every has no place here", "use rate(...), for instance rate(15 minutes)")
    if first.startswith("@"):
        raise invalid(f"{fields[0]!r} is unknown", f"use one of {', '.join(_MACROS)}")
    if "=" in first:
        raise invalid(f"{fields[0]!r} is no field", "leave it out and set timezone")
    if len(fields) > len(_FIELDS):
        raise invalid(
            f"{text!r} has {len(fields)} fields instead of five",
            "leave out the user and the command; "
            "six fields with a year are Scheduler's own, use cron(...)",
        )
    if len(fields) < len(_FIELDS):
        raise invalid(
            f"{text!r} has {len(fields)} fields instead of five",
            "use minute, hour, day of month, month and day of week, for instance 0 3 * * 1-5",
        )
    return fields


def _names(weekdays: frozenset[int]) -> str:
    """Return days of the week as Scheduler's names, which need no counting from 1."""
    days = sorted(weekdays)
    if len(days) >= _RANGE and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"
    return ",".join(WEEKDAYS[day] for day in days)
