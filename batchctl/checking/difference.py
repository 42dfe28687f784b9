"""What a change of a program changes of its jobs, in words. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batch import durations
from batchctl.checking.declared import DeclaredJob, Jobs, JobSchedule

FIRE_TIMES = 3


class Kind(StrEnum):
    """What became of a job."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class FireTimes:
    """When a schedule that is new or another fires, before and after."""

    schedule: str
    before: list[datetime]
    after: list[datetime]


@dataclass(frozen=True)
class Change:
    """A job that is not as it was."""

    job: str
    kind: Kind
    details: tuple[str, ...] = ()
    """What is other than it was, a line each."""

    times: tuple[FireTimes, ...] = ()


def changes(before: Jobs, after: Jobs, now: datetime) -> list[Change]:
    """Return what is other in ``after``, by name."""
    found = []
    for job in sorted(before.keys() | after.keys()):
        was, is_ = before.get(job), after.get(job)
        if was == is_:
            continue
        kind = Kind.ADDED if was is None else Kind.REMOVED if is_ is None else Kind.CHANGED
        found.append(
            Change(
                job,
                kind,
                tuple(_details(was, is_)) if was and is_ else (),
                tuple(_times(was.schedules if was else {}, is_.schedules if is_ else {}, now)),
            )
        )
    return found


def _details(was: DeclaredJob, is_: DeclaredJob) -> Iterator[str]:
    texts = {
        "owner": (was.owner, is_.owner),
        "command": (shlex.join(was.command), shlex.join(is_.command)),
        "cpu": (was.cpu, is_.cpu),
        "memory": (was.memory, is_.memory),
        "time limit of an attempt": (_limit(was.attempt_seconds), _limit(is_.attempt_seconds)),
        "time limit of a run": (_limit(was.run_seconds), _limit(is_.run_seconds)),
        "task definition": (was.task_definition, is_.task_definition),
    }
    for what, (old, new) in texts.items():
        if old != new:
            yield f"{what}: {old or 'none'} -> {new or 'none'}"
    # Names alone: values can be what not everybody who reads a comment may see.
    yield from _named("environment", was.environment, is_.environment)
    yield from _named("secrets", dict.fromkeys(was.secrets), dict.fromkeys(is_.secrets))
    for name in sorted(was.schedules.keys() | is_.schedules.keys()):
        old_schedule, new_schedule = was.schedules.get(name), is_.schedules.get(name)
        if old_schedule != new_schedule:
            yield f"schedule {name}: {_in_words(old_schedule)} -> {_in_words(new_schedule)}"
    if was.rest != is_.rest:
        yield "its state machine in other ways: retries, overlap, messages, network, or its form"


def _named(what: str, was: Mapping[str, object], is_: Mapping[str, object]) -> Iterator[str]:
    parts = {
        "new": is_.keys() - was.keys(),
        "gone": was.keys() - is_.keys(),
        "other value": {name for name in was.keys() & is_.keys() if was[name] != is_[name]},
    }
    told = [f"{', '.join(sorted(names))} ({how})" for how, names in parts.items() if names]
    if told:
        yield f"{what}: {'; '.join(told)}"


def _limit(seconds: int | None) -> str:
    return "" if seconds is None else durations.in_words(seconds)


def _in_words(schedule: JobSchedule | None) -> str:
    if schedule is None:
        return "none"
    parts = [schedule.parsed().in_words(), "" if schedule.enabled else "disabled"]
    parts += [f"from {schedule.start}" if schedule.start else ""]
    parts += [f"to {schedule.end}" if schedule.end else ""]
    parts += [f"within {schedule.window_minutes} min" if schedule.window_minutes else ""]
    return ", ".join(filter(None, parts))


def _times(
    was: Mapping[str, JobSchedule], is_: Mapping[str, JobSchedule], now: datetime
) -> Iterator[FireTimes]:
    for name in sorted(was.keys() | is_.keys()):
        old, new = was.get(name), is_.get(name)
        if old != new:
            before, after = (one.next_times(now, FIRE_TIMES) if one else [] for one in (old, new))
            yield FireTimes(name, before, after)
