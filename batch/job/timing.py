"""When a job runs: its schedules, and what is to be known about them at a given moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from batch import contract
from batch.errors import InvalidSchedule, Problem
from batch.job import shapes
from batch.job.model import Job
from batch.reading import Reader
from batch.schedule import Schedule

AHEAD: Final = timedelta(days=31)
"""How far ahead clock changes are told."""


def schedules(name: str, reader: Reader) -> dict[str, Schedule]:
    """Return the schedules of the job called ``name``, by their own names."""
    if reader.given("schedule") and reader.given("schedules"):
        fix = "keep one of the two; schedules gives each a name"
        reader.problem("schedule", "both schedule and schedules are given", fix)
        return {}
    if reader.given("schedule"):
        expressions: dict[str, Any] = {contract.DEFAULT_SCHEDULE: reader.text("schedule")}
    else:
        expressions = reader.mapping("schedules")
    zone = reader.text("timezone", "UTC")
    start, end = _moment(reader, "start_date", zone), _moment(reader, "end_date", zone)
    result = {}
    for label, expression in sorted(expressions.items()):
        key = "schedule" if reader.given("schedule") else f"schedules.{label}"
        _check_schedule_name(name, label, key, reader)
        if not isinstance(expression, str):
            reader.problem(key, f"{expression!r} is not text", "write it in quotes")
        elif expression:
            try:
                result[label] = Schedule(expression, zone, start, end)
            except InvalidSchedule as error:
                _add_schedule_problems(error, key, reader)
    return result


def _check_schedule_name(name: str, label: str, key: str, reader: Reader) -> None:
    if not shapes.matches(shapes.JOB_NAME, label):
        what = "a schedule's name has small letters, digits and hyphens and begins with a letter"
        reader.problem(key, what, "rename it, for instance 'morning'")
    excess = len(contract.Platform.schedule(name, label)) - shapes.SCHEDULE_NAME_LIMIT
    if excess > 0:
        what = f"'<job>.<schedule>' is longer than {shapes.SCHEDULE_NAME_LIMIT} characters"
        reader.problem(key, what, f"shorten the schedule's name by {excess}")


def _add_schedule_problems(error: InvalidSchedule, key: str, reader: Reader) -> None:
    for problem in error.problems:
        where = reader.at(key if problem.where == "schedule" else problem.where)
        told = Problem(where, problem.what, problem.fix)
        if told not in reader.problems:  # schedules share their zone and dates
            reader.problems.append(told)


def _moment(reader: Reader, key: str, zone: str) -> datetime | None:
    if not reader.given(key):
        return None
    value = reader.raw[key]
    try:
        moment = _as_datetime(value)
    except ValueError:
        fix = "write ISO 8601, for instance 2026-12-01T00:00:00"
        reader.problem(key, f"{value!r} is not a date", fix)
        return None
    if moment.tzinfo is None:
        try:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        except (ValueError, OSError, KeyError):
            return None  # the schedule tells that there is no such zone
    return moment


def _as_datetime(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return datetime.fromisoformat(str(value))


def warnings(job: Job, now: datetime) -> list[str]:
    """Return what people should know about the schedules of ``job`` at ``now``."""
    lines: list[str] = []
    for label, schedule in sorted(job.schedules.items()):
        only = label == contract.DEFAULT_SCHEDULE
        where = f"jobs.{job.name}.schedule" if only else f"jobs.{job.name}.schedules.{label}"
        if schedule.is_past(now):
            over = f"end date {schedule.end}" if schedule.end else schedule.expression
            what = f"{over} is already past, so no schedule is made"
            lines.append(f"{where}: {what}; give a later date or remove it")
            continue
        if schedule.start and schedule.start <= now:
            what = f"start date {schedule.start} is already past, so it is left out"
            lines.append(f"{where}: {what}; remove it")
        if job.enabled:
            lines += [f"{where}: {line}" for line in _clock_changes(schedule, now)]
    return lines


def _clock_changes(schedule: Schedule, now: datetime) -> list[str]:
    told = {
        "skipped": "does not exist and that run is skipped; pick another time if the run matters",
        "repeated": "comes twice and the job runs once; nothing is to be done",
    }
    return [
        f"on {change.local:%Y-%m-%d} the clocks of {schedule.timezone} change: "
        f"{change.local:%H:%M} {told[change.kind]}"
        for change in schedule.clock_changes(now, now + AHEAD)
    ]
