"""``batchctl ls``: every job of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from datetime import datetime

    from batchctl.deployed import DeployedJob
    from batchctl.records import JobState, Pause, RunRecord


@click.command()
@target_options
@json_option
def ls(target: Target, *, as_json: bool) -> None:
    """List the jobs with schedule, next fire time and last run, and what is paused.

    Example: batchctl ls --env prod
    """
    from datetime import UTC, datetime

    from batch.control import EVERY_JOB
    from batchctl import deployed, output, pausing
    from batchctl.aws import Aws
    from batchctl.records import JobState
    from batchctl.table import Table

    aws = Aws(target)
    table = Table(aws)
    states, pauses = table.jobs(), table.pauses()
    running: dict[str, list[RunRecord]] = {}
    for run in table.open_runs():
        running.setdefault(run.job, []).append(run)
    jobs = deployed.jobs(aws)
    now = datetime.now(UTC)

    def of_job(job: str) -> list[Pause]:
        return [pauses[which] for which in (job, EVERY_JOB) if which in pauses]

    if as_json:
        output.write_json(
            [
                _data(
                    job,
                    states.get(job.name, JobState(job.name)),
                    running.get(job.name, []),
                )
                | {
                    "next": _next_time(job, of_job(job.name), now),
                    "paused": _pause_data(pauses.get(job.name)),
                    "platformPaused": _pause_data(pauses.get(EVERY_JOB)),
                }
                for job in jobs
            ]
        )
        return
    if not jobs:
        output.note(f"{target.prefix} has no jobs")
    else:
        output.write_table(
            ("JOB", "OWNER", "SCHEDULE", "NEXT", "LAST RUN"),
            [
                (
                    job.name,
                    job.owner,
                    _schedule(job),
                    _next(job, of_job(job.name), now),
                    _last(states.get(job.name, JobState(job.name)), running.get(job.name, [])),
                )
                for job in jobs
            ],
        )
    if pauses:
        click.echo()
        output.write_table(pausing.COLUMNS, pausing.rows(pauses.values(), target.prefix))


def _schedule(job: DeployedJob) -> str:
    words = "; ".join(schedule.in_words() for schedule in job.schedules) or "on demand"
    return words if job.enabled else f"{words} (disabled in code)"


def _next_time(job: DeployedJob, pauses: list[Pause], now: datetime) -> datetime | None:
    """Return when a schedule next starts a run: the first fire time after every pause."""
    if not job.enabled or any(pause.until is None for pause in pauses):
        return None
    return job.next_time(max([now, *(pause.until for pause in pauses if pause.until)]))


def _next(job: DeployedJob, pauses: list[Pause], now: datetime) -> str:
    from batchctl import output

    upcoming = _next_time(job, pauses, now)
    if upcoming:
        return output.fire_time(upcoming)
    return "paused" if pauses and job.schedules and job.enabled else ""


def _last(state: JobState, running: list[RunRecord]) -> str:
    from dataclasses import replace

    from batchctl import output

    last = ""
    if state.outcome:
        # Why is for `batchctl why`: here it would fill the screen.
        words = replace(state.outcome, reason="").in_words()
        last = f"{words}, {output.moment(state.started)}"
        if state.failures > 1:
            last += f", {state.failures} failures in a row"
    if running:
        count = f"{len(running)} running, the first" if len(running) > 1 else "running"
        now = f"{count} since {output.moment(running[-1].started)}"
        return f"{now}; before: {last}" if last else now
    return last or "never ran"


def _data(job: DeployedJob, state: JobState, running: list[RunRecord]) -> dict[str, Any]:
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
        "running": [run.id for run in running],
        "lastRun": f"{job.name}/{state.run}" if state.run else None,
        "lastResult": state.outcome.result if state.outcome else None,
        "lastStart": state.started,
        "lastEnd": state.ended,
        "lastExitCode": state.outcome.exit_code if state.outcome else None,
        "failures": state.failures,
        "failingSince": state.failing_since,
        "lastSuccess": state.last_success,
    }


def _pause_data(pause: Pause | None) -> dict[str, Any] | None:
    return pause.data() if pause else None
