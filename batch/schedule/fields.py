"""One field of a cron expression: which numbers a text stands for.

Only what every field shares: lists, ranges, steps and names.
``L``, ``W`` and ``#`` belong to the day fields, see :mod:`batch.schedule.days`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from batch.errors import InvalidSchedule, Problem, nearest

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

_TERM: Final = re.compile(r"(\*|[0-9A-Z]+)(?:-([0-9A-Z]+))?(?:/([0-9]+))?")


def invalid(what: str, fix: str) -> InvalidSchedule:
    """Return the error for one thing that is wrong in an expression."""
    return InvalidSchedule([Problem("schedule", what, fix)])


@dataclass(frozen=True)
class Field:
    """The numbers, names and habits of a field."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Names of ``low``, ``low + 1`` and so on."""

    wraps: bool = True
    """Whether a range may run over the end: ``20-2`` is 20 to 23 and 0 to 2."""

    steps: bool = True
    step_from_one: bool = True
    """Whether ``5/15`` is every 15th from 5. In classic cron a step needs a range or ``*``."""

    step_hint: str = ""
    """What to write instead of a step that is too large."""

    @property
    def legal(self) -> str:
        """What the field takes, for people."""
        numbers = f"{self.low}-{self.high}"
        return f"{numbers} or {self.names[0]}-{self.names[-1]}" if self.names else numbers

    def parse(self, text: str) -> frozenset[int]:
        """Return the numbers that a list of values, ranges and steps stands for."""
        return frozenset(n for term in text.upper().split(",") for n in self.term(term))

    def term(self, text: str) -> list[int]:
        """Return the numbers of one part of a list, in the order in which a range has them."""
        match = _TERM.fullmatch(text)
        if match is None or (match[1] == "*" and match[2] is not None):
            raise self.refuse(f"{text!r} is not understood", self._syntax(text))
        start, end, step = match.groups()
        if step is not None:
            self._check_step(text, start, end, int(step))
        if start == "*":
            numbers = list(range(self.low, self.high + 1))
        elif end is None:
            first = self.value(start)
            numbers = [first] if step is None else list(range(first, self.high + 1))
        else:
            numbers = self._range(self.value(start), self.value(end))
        return numbers[:: int(step or 1)]

    def value(self, text: str) -> int:
        """Return the number of a number or a name."""
        if text in self.names:
            return self.low + self.names.index(text)
        if not text.isdigit():
            if text == "H":
                raise self.refuse(
                    f"{text!r} is Jenkins's",
                    "choose a number; flexible_window_minutes spreads load",
                )
            meant = nearest(text[:3], self.names)
            raise self.refuse(f"{text!r} is unknown", f"use {meant or self.legal}")
        if not self.low <= int(text) <= self.high:
            raise self.refuse(f"{int(text)} is out of range", f"use {self.legal}")
        return int(text)

    def refuse(self, what: str, fix: str) -> InvalidSchedule:
        """Return the error for something wrong in this field."""
        return invalid(f"{self.name}: {what}", fix)

    def _range(self, first: int, last: int) -> list[int]:
        if first <= last:
            return list(range(first, last + 1))
        if not self.wraps:
            fix = f"use {first}-{self.high},{self.low}-{last}"
            if self.high > 1000:  # years do not come again
                fix = f"use {last}-{first}"
            raise self.refuse(f"the range {first}-{last} runs backwards", fix)
        return [*range(first, self.high + 1), *range(self.low, last + 1)]

    def _check_step(self, text: str, start: str, end: str | None, step: int) -> None:
        if not self.steps:
            raise self.refuse(f"{text!r} has a step", "list the days, for instance MON,WED,FRI")
        if step == 0:
            raise self.refuse(f"{text!r} has a step of 0", "use 1 or more")
        if step > self.high - self.low:
            raise self.refuse(
                f"the step of {text!r} is longer than the field",
                self.step_hint.format(step=step) or f"use at most {self.high - self.low}",
            )
        if end is None and start != "*" and not self.step_from_one:
            raise self.refuse(
                f"{text!r} has a step without a range", f"use {start}-{self.high}/{step}"
            )

    def _syntax(self, text: str) -> str:
        if text == "":
            return f"remove the comma too many, or use {self.legal}"
        if "?" in text:
            return "use ? only as the whole of one day field, and * elsewhere"
        return f"use {self.legal}, with , - * {'/ ' if self.steps else ''}between"


MINUTE: Final = Field("minutes", 0, 59, step_hint="use rate({step} minutes)")
HOUR: Final = Field("hours", 0, 23, step_hint="use rate({step} hours)")
DAY_OF_MONTH: Final = Field("day of month", 1, 31, step_hint="use rate({step} days)")
MONTH: Final = Field("month", 1, 12, MONTHS)
DAY_OF_WEEK: Final = Field("day of week", 1, 7, WEEKDAYS, steps=False)
YEAR: Final = Field("year", 1970, 2199, wraps=False)
