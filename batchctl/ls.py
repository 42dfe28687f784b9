"""``batchctl ls``: every job of the platform."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from batchctl.deployed import DeployedJob
    from batchctl.records import JobState, Pause, RunRecord

STATES = ("failing", "ok", "never", "running", "paused", "disabled")

NARROW = 110
"""Columns under which a table of jobs would be all folds."""


@click.command()
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option("--owner", metavar="NAME", help="Only jobs of this owner.")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="Only jobs in this state, or in one of several: failing, ok and never are of the last "
    "run; running, paused and disabled are what they are now.",
)
@target_options
@json_option
def ls(
    patterns: tuple[str, ...],
    owner: str | None,
    states: tuple[str, ...],
    target: Target,
    *,
    as_json: bool,
) -> None:
    """List the jobs with schedule, next fire time and last run, and what is paused.

    PATTERN is a name, or one with * and ?: in quotes, or the shell takes it for files.

    Example: batchctl ls "nightly-*" --state failing --env prod
    """
    from datetime import UTC, datetime

    from batch.control import EVERY_JOB
    from batchctl import deployed, output, pausing
    from batchctl.aws import Aws
    from batchctl.table import Table

    def wanted(name: str, of: str) -> bool:
        named = not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
        return named and owner in (None, of)

    aws = Aws(target)
    table = Table(aws)
    last, pauses = table.jobs(), table.pauses()
    running: dict[str, list[RunRecord]] = {}
    for run in table.open_runs():
        running.setdefault(run.job, []).append(run)
    now = datetime.now(UTC)
    rows = [
        _Row(
            job,
            last.get(job.name),
            running.get(job.name, []),
            [pauses[which] for which in (job.name, EVERY_JOB) if which in pauses],
            now,
        )
        for job in deployed.jobs(aws, wanted, progress=output.progress)
    ]
    if states:
        rows = [row for row in rows if row.states & set(states)]
    if as_json:
        output.write_json([row.data(pauses) for row in rows])
        return
    if not rows:
        filtered = patterns or owner or states
        output.note(f"{target.prefix} has no {'such ' if filtered else ''}jobs")
    else:
        columns = ("JOB", "OWNER", "SCHEDULE", "NEXT", "LAST RUN")
        output.write_rows(columns, [row.cells() for row in rows], under=NARROW)
    names = {row.job.name for row in rows}
    shown = [pause for name, pause in pauses.items() if name == EVERY_JOB or name in names]
    if shown:
        click.echo()
        output.write_rows(pausing.COLUMNS, pausing.rows(shown, target.prefix), under=80)


class _Row:
    """What is known of a job: as deployed, as it last ran, as it is now."""

    def __init__(
        self,
        job: DeployedJob,
        last: JobState | None,
        running: Sequence[RunRecord],
        pauses: Sequence[Pause],
        now: datetime,
    ) -> None:
        from batchctl.records import JobState

        self.job = job
        self._last = last or JobState(job.name)
        self._running = running
        self._pauses = pauses
        self._now = now

    @property
    def states(self) -> set[str]:
        """Which of :data:`STATES` it is in."""
        outcome = self._last.outcome
        states = {"never" if outcome is None else "failing" if self._last.failures else "ok"}
        if any(not run.waiting for run in self._running):
            states.add("running")
        if self._pauses:
            states.add("paused")
        if not self.job.enabled:
            states.add("disabled")
        return states

    def cells(self) -> tuple[str, ...]:
        """Return it for people."""
        return self.job.name, self.job.owner, self._schedule(), self._when(), self._results()

    def data(self, pauses: dict[str, Pause]) -> dict[str, Any]:
        """Return it for JSON."""
        from batch.control import EVERY_JOB

        job, last = self.job, self._last
        return {
            "job": job.name,
            "owner": job.owner,
            "enabled": job.enabled,
            "schedules": {
                schedule.name: {
                    "expression": schedule.expression,
                    "timezone": schedule.timezone,
                    "words": schedule.in_words(),
                    "enabled": schedule.enabled,
                }
                for schedule in job.schedules
            },
            "running": [run.id for run in self._running],
            "waiting": [run.id for run in self._running if run.waiting],
            "lastRun": f"{job.name}/{last.run}" if last.run else None,
            "lastResult": last.outcome.result if last.outcome else None,
            "lastStart": last.started,
            "lastEnd": last.ended,
            "lastExitCode": last.outcome.exit_code if last.outcome else None,
            "failures": last.failures,
            "failingSince": last.failing_since,
            "lastSuccess": last.last_success,
            "next": self._next_time(),
            "paused": _pause_data(pauses.get(job.name)),
            "platformPaused": _pause_data(pauses.get(EVERY_JOB)),
        }

    def _schedule(self) -> str:
        words = "; ".join(schedule.in_words() for schedule in self.job.schedules) or "on demand"
        return words if self.job.enabled else f"{words} (disabled in code)"

    def _next_time(self) -> datetime | None:
        """Return when a schedule next starts a run: the first fire time after every pause."""
        if not self.job.enabled or any(pause.until is None for pause in self._pauses):
            return None
        return self.job.next_time(
            max([self._now, *(pause.until for pause in self._pauses if pause.until)])
        )

    def _when(self) -> str:
        from batchctl import output

        if upcoming := self._next_time():
            return output.fire_time(upcoming)
        return "paused" if self._pauses and self.job.schedules and self.job.enabled else ""

    def _results(self) -> str:
        from dataclasses import replace

        from batchctl import output

        last, state = "", self._last
        if state.outcome:
            # Why is for `batchctl why`: here it would fill the screen.
            words = replace(state.outcome, reason="").in_words()
            last = f"{words}, {output.moment(state.started)}"
            if state.failures > 1:
                last += f", {state.failures} failures in a row"
        if not self._running:
            return last or "never ran"
        now = "; ".join(
            f"{_count(what, runs)} since {output.moment(runs[-1].started)}"
            for what, runs in (
                ("running", [run for run in self._running if not run.waiting]),
                ("waiting", [run for run in self._running if run.waiting]),
            )
            if runs
        )
        return f"{now}; before: {last}" if last else now


def _count(what: str, runs: Sequence[RunRecord]) -> str:
    return f"{len(runs)} {what}, the first" if len(runs) > 1 else what


def _pause_data(pause: Pause | None) -> dict[str, Any] | None:
    return pause.data() if pause else None
