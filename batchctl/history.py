"""``batchctl history``: the runs that the platform remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from datetime import datetime

    from batchctl.records import RunRecord

DEFAULT_DAYS = 7
"""How far back the runs of all jobs are looked for; those of one job are, however old."""

NARROW = 110
"""Columns under which a table of runs would be all folds."""


@click.command()
@click.argument("job", required=False, shell_complete=jobs)
@click.option(
    "--since",
    metavar="TIME",
    help="Runs that started from then on: a date, a time, or how long ago, such as 7d. "
    "Default: 7d, or any time of one JOB.",
)
@click.option("--until", metavar="TIME", help="Runs that started up to then. Default: now.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most."
)
@click.option(
    "--result",
    metavar="RESULT",
    help="Only these: SUCCEEDED, SKIPPED, RUNNING, TIMED_OUT, ABORTED, Job.ExitCode, "
    "Job.NotStarted, Job.TimedOut, Job.Stopped; FAILED is every failure.",
)
@click.option("--failed", is_flag=True, help="Only failures: as --result FAILED.")
@target_options
@json_option
def history(
    job: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    result: str | None,
    failed: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """List past runs, the newest first: of one job, or of all.

    Example: batchctl history hello --since 30d --failed --env prod
    """
    from datetime import UTC, datetime, timedelta

    from batchctl import deployed, moments, output
    from batchctl.aws import Aws
    from batchctl.queries import FAILED, Runs
    from batchctl.table import Table

    now = datetime.now(UTC)
    start = moments.earlier(since, "--since", now) if since else None
    end = moments.earlier(until, "--until", now) if until else now
    if start is None and job is None:
        start = end - timedelta(days=DEFAULT_DAYS)
    if start and start >= end:
        raise click.UsageError("--since: it is not before --until; give an earlier time")
    if failed and result:
        raise click.UsageError("--failed and --result: one contradicts the other; give one")
    which = Runs(start, end, FAILED if failed else _result(result))
    aws = Aws(target)
    table = Table(aws)
    if job:
        found = table.of_job(job, which, most=limit + 1)
        if not found and not table.of_job(job, Runs(), most=1):
            # One that is no longer deployed has its history all the same.
            deployed.known(aws, job)
    else:
        found = table.of_days(which, most=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    if as_json:
        output.write_json([data(run, now) for run in found])
        return
    if not found:
        output.note(f"{job or target.prefix}: no such run{_within(start)}")
        return
    if output.narrow(NARROW):
        for run in found:
            click.echo("\n".join(_block(run, now)))
    else:
        output.write_table(
            ("STARTED", "RUN", "BY", "SCHEDULED", "TOOK", "RESULT", "EXIT"),
            [
                (
                    output.moment(run.started),
                    run.id,
                    run.started_by,
                    output.moment_of(run.scheduled_time),
                    took(run, now),
                    run.words,
                    exit_code(run),
                )
                for run in found
            ],
        )
    if more:
        output.note(f"the newest {limit}; see more with --limit")


def _block(run: RunRecord, now: datetime) -> list[str]:
    """Return a run in lines of its own: columns would break its times and names."""
    from batchctl import output

    scheduled = output.moment_of(run.scheduled_time)
    code = exit_code(run)
    facts = [
        f"took {took(run, now)}",
        f"exit {code}" if code else "",
        run.started_by,
        f"for {scheduled}" if scheduled else "",
    ]
    told = [run.words, ", ".join(fact for fact in facts if fact)]
    return [
        # On one line, however long: it is what other commands take.
        f"{output.moment(run.started)}  {run.id}",
        *(line for text in told for line in output.wrapped(text, indent="  ")),
    ]


def _within(start: datetime | None) -> str:
    from batchctl import output

    return f" since {output.moment(start)}" if start else ""


def _result(text: str | None) -> str:
    from batchctl.queries import result_of

    if text is None:
        return ""
    found = result_of(text)
    if found is None:
        raise click.UsageError(
            f"--result: {text!r} is none; use FAILED, SUCCEEDED, SKIPPED, RUNNING, TIMED_OUT, "
            "ABORTED, or an error such as Job.ExitCode"
        )
    return found


def took(run: RunRecord, now: datetime) -> str:
    """Return how long a run took, or has run, for people."""
    from batch import durations

    return durations.in_words(max(0, round(run.took(now).total_seconds())))


def exit_code(run: RunRecord) -> str:
    """Return the exit code of a run; empty where there is none, which is not 0."""
    code = run.outcome.exit_code if run.outcome else None
    return "" if code is None else str(code)


def data(run: RunRecord, now: datetime) -> dict[str, Any]:
    """Return what a list shows of a run, for JSON."""
    outcome = run.outcome
    return {
        "run": run.id,
        "job": run.job,
        "name": run.name,
        "arn": run.arn,
        "start": run.started,
        "end": run.ended,
        "seconds": round(run.took(now).total_seconds(), 3),
        "trigger": run.trigger,
        "requestedBy": run.requested_by or None,
        "schedule": run.schedule or None,
        "scheduledTime": run.scheduled_time or None,
        "result": run.result,
        "words": run.words,
        "exitCode": outcome.exit_code if outcome else None,
        "attempts": outcome.attempts if outcome else None,
        "reason": (outcome.reason if outcome else "") or None,
        "skip": run.skip or None,
        "logStream": (outcome.log_stream if outcome else "") or None,
    }
