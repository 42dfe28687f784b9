"""What is promised about a job's runs: how many at once, how late, and who hears of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from batch.job import limits, shapes
from batch.job.model import DEFAULT_QUEUE, Overlap
from batch.reading import Reader

LONGEST_DEADLINE: Final = 24 * 3600
"""Scheduler's largest maximum event age: later than that it starts nothing."""

LONGEST_QUEUE: Final = 24 * 3600
"""While a run waits it looks, and an execution has 25,000 events."""

LONGEST_EXPECTATION: Final = 400 * 86400


def read(reader: Reader) -> dict[str, Any]:
    """Return the fields of a :class:`batch.job.Job` that this module is about."""
    found = {
        "overlap": Overlap(
            reader.choice("overlap", Overlap.ALLOW, [each.value for each in Overlap])
        ),
        "queue_seconds": limits.duration(reader, "queue_for", minimum=60, maximum=LONGEST_QUEUE)
        or DEFAULT_QUEUE,
        "concurrency_group": reader.text(
            "concurrency_group", pattern=shapes.JOB_NAME, example="'warehouse'"
        )
        or None,
        "start_deadline_seconds": limits.duration(
            reader, "start_deadline", minimum=60, maximum=LONGEST_DEADLINE
        ),
        "pause_after_failures": reader.integer("pause_after_failures", minimum=1, maximum=1000),
        "expect_success_within_seconds": limits.duration(
            reader, "expect_success_within", minimum=60, maximum=LONGEST_EXPECTATION
        ),
        "success_messages": reader.flag("success_messages", default=True)
        if reader.given("success_messages")
        else None,
        "topic_arn": reader.text(
            "topic_arn", pattern=shapes.TOPIC, example="'arn:aws:sns:<region>:<account>:<name>'"
        )
        or None,
    }
    _check_together(found, reader)
    return found


def _check_together(found: Mapping[str, Any], reader: Reader) -> None:
    if (
        reader.given("queue_for")
        and found["overlap"] is not Overlap.QUEUE
        and not found["concurrency_group"]
    ):
        fix = "give overlap: queue or a concurrency_group, or remove it"
        reader.problem("queue_for", "nothing makes a run of this job wait", fix)
    window = reader.raw.get("flexible_window_minutes") or 0
    deadline = found["start_deadline_seconds"]
    if deadline is not None and isinstance(window, int) and deadline < window * 60:
        what = f"a run may start {window} minutes late on purpose"
        reader.problem("start_deadline", what, "give at least flexible_window_minutes")
    if reader.given("expect_success_within") and not (
        reader.given("schedule") or reader.given("schedules")
    ):
        what = "the job has no schedule, so nothing is expected of it"
        reader.problem("expect_success_within", what, "give it a schedule, or remove this")
