"""Running a job for scheduled times of the past, each once however often it is begun again.

What makes it safe is the name of a run: it follows from the job, the backfill and the time, and
Step Functions starts no second run under a name. Where it has forgotten the name, after 90 days,
the claim of the time in the control table holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from batch.contract import Trigger
from batch.control import Skip
from batchctl import runs
from batchctl.aws import Aws
from batchctl.deployed import DeployedSchedule
from batchctl.errors import OperatorError
from batchctl.outcome import Outcome
from batchctl.runs import Run

TRIES = 100
"""How often a run that was skipped, for its job was still at another, is tried again."""

LONGEST_PAUSE = 30
"""Looks at the runs under way that pass at most before that."""


@dataclass(frozen=True)
class Due:
    """A scheduled time to run for."""

    time: datetime
    """In the zone of its schedule."""

    schedule: str

    @property
    def scheduled_time(self) -> str:
        """As Scheduler writes it, and BATCH_SCHEDULED_TIME has it."""
        return f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Done:
    """What became of a scheduled time."""

    due: Due
    run: Run
    before: bool
    """Whether it had been run already when this call began."""

    @property
    def outcome(self) -> Outcome:
        """How its run ended."""
        assert self.run.outcome is not None  # noqa: S101 - only ended runs are done
        return self.run.outcome

    @property
    def succeeded(self) -> bool:
        """Whether its work is done, by this run or by another for the same time."""
        return self.outcome.status == "SUCCEEDED" and not _did_nothing(self.outcome)


def due(
    schedules: Sequence[DeployedSchedule], start: datetime, end: datetime, *, most: int
) -> list[Due]:
    """Return the times of ``[start, end)`` in order, each once; at most one more than ``most``.

    A schedule that is disabled counts too: its times are wanted, or nobody would ask.
    """
    found: dict[datetime, Due] = {}
    for schedule in schedules:
        times = _times(schedule, start, end)
        for _, time in zip(range(most + 1), times, strict=False):
            found.setdefault(time.astimezone(UTC), Due(time, schedule.name))
    return [found[time] for time in sorted(found)][: most + 1]


def _times(schedule: DeployedSchedule, start: datetime, end: datetime) -> Iterator[datetime]:
    parsed = schedule.parsed()
    if parsed is None:
        raise OperatorError(
            f"{schedule.name}: {schedule.expression} is not understood; give another --schedule"
        )
    after = datetime.fromtimestamp(start.timestamp() - 1, UTC)
    while times := parsed.next_times(after, 100, created=schedule.created):
        for time in times:
            if time.astimezone(UTC) >= end:
                return
            if time.astimezone(UTC) >= start:
                yield time
        after = times[-1].astimezone(UTC)


def new_id(job: str, start: datetime, end: datetime, schedule: str) -> str:
    """Return the id of a backfill of which only this is known: the same for the same."""
    text = f"{job}|{start.astimezone(UTC).isoformat()}|{end.astimezone(UTC).isoformat()}|{schedule}"
    return f"b{hashlib.sha256(text.encode()).hexdigest()[:7]}"


@dataclass
class Backfill:
    """The runs of a backfill, started one after the other, at most ``max_active`` at once."""

    aws: Aws
    job: str
    id: str
    max_active: int
    keep_going: bool
    told: Callable[[Done], None]
    """Called once for each time that is done, in the order of their ends."""

    _active: dict[Due, tuple[str, bool]] = field(default_factory=dict)
    """The name of the run for a time, and whether it was there before."""
    _skips: dict[Due, int] = field(default_factory=dict)
    _failed: bool = False

    def run(self, times: Sequence[Due]) -> None:
        """Run for each time, in order; without ``keep_going`` until one fails."""
        left = list(reversed(times))
        while self._active or (left and self._goes_on):
            while left and len(self._active) < self.max_active and self._goes_on:
                self._start(left.pop())
            if not self._look():
                runs.pause(self.aws)

    @property
    def active(self) -> list[str]:
        """The runs under way."""
        return [f"{self.job}/{name}" for name, _ in self._active.values()]

    @property
    def _goes_on(self) -> bool:
        return self.keep_going or not self._failed

    def _name(self, due: Due) -> str:
        again = self._skips.get(due, 0)
        name = f"{self.job}-{self.id}-{due.time.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return f"{name}-{again + 1}" if again else name

    def _start(self, due: Due) -> None:
        name = self._name(due)
        asked = {
            "trigger": Trigger.BACKFILL.value,
            "backfill": self.id,
            "schedule": due.schedule,
            "scheduledTime": due.scheduled_time,
            "requestedBy": self.aws.identity[1],
        }
        there = runs.start_named(self.aws, self.job, asked, name=name)
        self._active[due] = name, there is not None

    def _look(self) -> bool:
        """Return whether one of the runs under way has ended."""
        ended = False
        for due, (name, before) in list(self._active.items()):
            run = runs.describe(self.aws, self.job, name)
            if run is None or run.outcome is None:
                continue
            del self._active[due]
            ended = True
            skips = self._skips.get(due, 0)
            if _did_nothing(run.outcome) and skips < TRIES:
                # Its name is used up, its time is not.
                self._skips[due] = skips + 1
                for _ in range(0 if before else min(LONGEST_PAUSE, 2**skips)):
                    runs.pause(self.aws)
                self._start(due)
                continue
            done = Done(due, run, before)
            self._failed = self._failed or not done.succeeded
            self.told(done)
        return ended


def _did_nothing(outcome: Outcome) -> bool:
    return outcome.skipped and outcome.skip != Skip.ALREADY_RAN
