"""What an examination finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    """Runs go on; somebody should look."""
    PROBLEM = "problem"
    """Runs fail of it, or nobody hears of them."""
    NOT_CHECKED = "not checked"
    """It could not be told. It may be fine, and may not."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    where: str
    what: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.todo}" if self.todo else "")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names in a line, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def ok(where: str, what: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(Level.OK, where, what)


def warning(where: str, what: str, todo: str) -> Finding:
    """Return that somebody should look at a thing."""
    return Finding(Level.WARNING, where, what, todo)


def problem(where: str, what: str, todo: str) -> Finding:
    """Return that a thing keeps runs from running, or from being heard of."""
    return Finding(Level.PROBLEM, where, what, todo)


def not_checked(where: str, why: str, todo: str = "") -> Finding:
    """Return that a thing could not be looked at."""
    return Finding(Level.NOT_CHECKED, where, why, todo)
