"""The errors this project raises on purpose.

::

    BatchError                    anything a caller may want to catch
    └── InvalidInput              what a person wrote is wrong; every problem at once
        ├── InvalidSchedule       an expression, a time zone, a date
        ├── InvalidJob            a job
        └── InvalidSettings       a stack's configuration

The tools add their own branches under ``BatchError`` beside the code that raises them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class BatchError(Exception):
    """A failure with a message a person can act on."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: ``where: what; what to do``."""

    where: str
    """Path of the value, for instance ``jobs.report.cpu``."""

    what: str
    """What is wrong, in lower case and without a final period."""

    fix: str
    """What to do about it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"


class InvalidInput(BatchError):
    """What a person wrote is wrong. Its text is one line a problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidSchedule(InvalidInput):
    """A schedule expression, a time zone or a date is wrong."""


class InvalidJob(InvalidInput):
    """A job is wrong."""


class InvalidSettings(InvalidInput):
    """A stack's configuration is wrong."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was most likely meant to be, if any is close."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
