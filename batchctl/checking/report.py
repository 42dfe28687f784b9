"""What was found of a stack, for a terminal, for a comment and for programs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from batchctl.checking.declared import Jobs
from batchctl.checking.difference import Change, FireTimes, Kind

AHEAD = timedelta(days=366)
"""How far ahead clock changes are looked for."""

_MARKS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


@dataclass(frozen=True)
class Report:
    """What was found of a stack."""

    stack: str
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    not_checked: Sequence[str] = ()
    jobs: int | None = None
    """How many there are; None if the program did not come to its end."""

    against: str = ""
    """What it was compared with; empty if it was not."""

    changes: Sequence[Change] = field(default_factory=tuple)

    def data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "stack": self.stack,
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "notChecked": list(self.not_checked),
            "jobs": self.jobs,
            "against": self.against or None,
            "changes": [
                {
                    "job": change.job,
                    "kind": change.kind.value,
                    "details": list(change.details),
                    "times": [
                        {"schedule": one.schedule, "before": one.before, "after": one.after}
                        for one in change.times
                    ],
                }
                for change in self.changes
            ],
        }

    def text(self) -> str:
        """Return it for a terminal."""
        return "\n".join([f"{self.stack}: {self.verdict}", *self._text()])

    @property
    def verdict(self) -> str:
        """How it is, in a line."""
        parts = [_count(len(self.problems), "problem")] if self.problems else ["no problem found"]
        parts += [_count(self.jobs, "job")] if self.jobs is not None else []
        parts += [_count(len(self.warnings), "warning")] if self.warnings else []
        parts += [f"{len(self.not_checked)} not checked"] if self.not_checked else []
        if self.against:
            parts.append(f"{_count(len(self.changes), 'job')} other than in {self.against}")
        return ", ".join(parts)

    def _text(self) -> Iterator[str]:
        for title, lines in self._sections():
            yield f"  {title}"
            for line in lines:
                first, *rest = line.splitlines() or [""]
                yield f"    {first}"
                yield from (f"      {one}" for one in rest)

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        changed = [line for change in self.changes for line in _changed(change)]
        for title, lines in (
            ("problems", list(self.problems)),
            ("changes", changed),
            ("warnings", list(self.warnings)),
            ("not checked", list(self.not_checked)),
        ):
            if lines:
                yield title, lines

    def markdown(self) -> str:
        """Return it for a comment on a pull request."""
        mark = "❌" if self.problems else "✅"
        lines = [f"### {mark} `{self.stack}`: {_plain(self.verdict)}", ""]
        for title, found in self._sections():
            lines += [f"**{title.capitalize()}**", "", *_fenced(found), ""]
        return "\n".join(lines)


def clock_changes(jobs: Jobs, now: datetime, only: set[str] | None = None) -> list[str]:
    """Return the fire times that a clock change leaves out or repeats, in words.

    Args:
        only: the jobs that are looked at; None for all.
    """
    found = []
    for name, job in jobs.items():
        if only is not None and name not in only:
            continue
        for schedule in job.schedules.values():
            if not schedule.enabled:
                continue
            found += [
                f"{name}: {change.in_words(schedule.timezone)}"
                for change in schedule.parsed().clock_changes(now, now + AHEAD)
            ]
    return found


def _changed(change: Change) -> Iterator[str]:
    lines = [f"{_MARKS[change.kind]} {change.job} is {_TOLD[change.kind]}", *change.details]
    lines += [f"schedule {one.schedule} fires {_times(one)}" for one in change.times]
    yield "\n".join(lines)


_TOLD = {Kind.ADDED: "new", Kind.REMOVED: "gone", Kind.CHANGED: "changed"}


def _times(times: FireTimes) -> str:
    before, after = (_listed(some) for some in (times.before, times.after))
    if not times.before:
        return after
    return f"{after}; before: {before}"


def _listed(times: Sequence[datetime]) -> str:
    if not times:
        return "never"
    zone = times[0].tzinfo
    return ", ".join(f"{time:%a %Y-%m-%d %H:%M}" for time in times) + f" {zone}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _fenced(lines: Sequence[str]) -> list[str]:
    text = "\n".join("\n  ".join(line.splitlines()) for line in lines)
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)
