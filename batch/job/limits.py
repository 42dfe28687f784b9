"""How long an attempt and a whole run may take.

An attempt's limit ends before the run's: only then is the time-out caught, the task stopped and
the failure told with its cause. A run over its own limit just ends.
"""

from __future__ import annotations

import math
from typing import Final

from batch import durations
from batch.errors import InvalidInput
from batch.job.model import DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_RUN_TIMEOUT, Retry
from batch.reading import Reader

NONE: Final = "none"
"""What is written for no limit at all."""

LONGEST: Final = 365 * 86400
"""Step Functions ends an execution after a year."""

STOPPING: Final = 300
"""What is left of a run to stop a task: the longest stop timeout is 2 minutes."""


def duration(reader: Reader, key: str, *, minimum: int, maximum: int) -> int | None:
    """Return seconds within the bounds, None if they are not given or wrong."""
    if not reader.given(key):
        return None
    try:
        seconds = durations.parse(reader.raw[key], reader.at(key))
    except InvalidInput as error:
        reader.problems.extend(error.problems)
        return None
    if not minimum <= seconds <= maximum:
        bounds = f"{durations.in_words(minimum)} to {durations.in_words(maximum)}"
        reader.problem(key, f"{reader.raw[key]} is out of range", f"use {bounds}")
        return None
    return seconds


def read(reader: Reader, retry: Retry) -> tuple[int | None, int | None]:
    """Return the limits of an attempt and of a run in seconds; None stands for no limit.

    If only one is given, the other follows from it: a run has time for every attempt, an attempt
    for the whole run but the time that stopping its task takes.
    """
    before = len(reader.problems)
    attempt, run = _limit(reader, "attempt_timeout"), _limit(reader, "run_timeout")
    attempt_given, run_given = reader.given("attempt_timeout"), reader.given("run_timeout")
    if len(reader.problems) > before:
        return DEFAULT_ATTEMPT_TIMEOUT, DEFAULT_RUN_TIMEOUT
    if not (attempt_given or run_given):
        return DEFAULT_ATTEMPT_TIMEOUT, _run_around(DEFAULT_ATTEMPT_TIMEOUT, retry)
    if not run_given:
        return attempt, _run_around(attempt, retry)
    if not attempt_given:
        return _attempt_within(run), run
    longest = _attempt_within(run)
    if longest is not None and (attempt is None or attempt > longest):
        reader.problem(
            "attempt_timeout",
            "an attempt over its limit could not be stopped before the run's limit ends the run",
            f"use at most {durations.in_words(longest)}, or give only one of the two",
        )
    return attempt, run


def _limit(reader: Reader, key: str) -> int | None:
    if reader.raw.get(key) == NONE:
        return None
    return duration(reader, key, minimum=1 if key == "attempt_timeout" else 2, maximum=LONGEST)


def _run_around(attempt: int | None, retry: Retry) -> int | None:
    if attempt is None:
        return None
    waits = (
        min(retry.interval_seconds * retry.backoff_rate**number, retry.max_delay_seconds)
        for number in range(retry.attempts - 1)
    )
    needed = retry.attempts * (attempt + STOPPING) + math.ceil(sum(waits))
    return min(max(DEFAULT_RUN_TIMEOUT, needed), LONGEST)


def _attempt_within(run: int | None) -> int | None:
    if run is None:
        return None
    return run - max(1, min(STOPPING, run // 10))
