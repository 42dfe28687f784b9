"""``batchctl backfill``: run a job for its scheduled times of the past."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchctl.backfilling import Done, Due
    from batchctl.deployed import DeployedSchedule

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,18}")
"""With a job's name and a time it stays within the 80 characters of a run's name."""


@click.command()
@click.argument("job", shell_complete=jobs)
@click.option(
    "--from",
    "start",
    metavar="TIME",
    required=True,
    help="The first scheduled time: a date or a time, in your time zone if it has none.",
)
@click.option("--to", "end", metavar="TIME", required=True, help="Times before this one.")
@click.option("--schedule", metavar="NAME", help="Of a job with several: the times of this one.")
@click.option(
    "--max-active",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Runs at once. With 1 each begins when the one before it has ended.",
)
@click.option("--keep-going", is_flag=True, help="Go on after a run that failed.")
@click.option("--dry-run", is_flag=True, help="Print the times, and run nothing.")
@click.option(
    "--id",
    "given_id",
    metavar="ID",
    help="Name of the backfill: another one runs the same times once more. "
    "Default: one that follows from the job and the times.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    help="Times at most; more of them are refused, for it would be a mistake.",
)
@yes_option
@target_options
@json_option
def backfill(
    job: str,
    start: str,
    end: str,
    schedule: str | None,
    max_active: int,
    keep_going: bool,
    dry_run: bool,
    given_id: str | None,
    limit: int,
    yes: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Run a job once for each of its scheduled times from --from to before --to.

    Each run has its time in BATCH_SCHEDULED_TIME. They start in order, and after a failure no
    further one, unless --keep-going. It can be interrupted: the same command goes on where it was,
    and runs no time twice. A time whose run failed is not run again: `batchctl rerun` does that.

    Example: batchctl backfill nightly-report --from 2026-11-01 --to 2026-11-08 --env prod
    """
    from batchctl import backfilling, deployed, moments, output, production
    from batchctl.aws import Aws

    # No durations: given again, the command would mean other times.
    since, until = moments.fixed(start, "--from"), moments.fixed(end, "--to")
    if since >= until:
        raise click.UsageError("--from: it is not before --to; give an earlier time")
    if given_id is not None and not _ID.fullmatch(given_id):
        raise click.UsageError(
            f"--id: {given_id!r} is none; use up to 19 small letters, digits and hyphens"
        )
    aws = Aws(target)
    deployed.known(aws, job)
    times = backfilling.due(
        _chosen(job, deployed.schedules(aws, job), schedule), since, until, most=limit
    )
    if len(times) > limit:
        raise click.UsageError(
            f"--from: more than {limit} times are due from there; give nearer times or --limit"
        )
    id_ = given_id or backfilling.new_id(job, since, until, schedule or "")
    if dry_run or not times:
        _print_times(job, id_, times, as_json=as_json)
        return
    production.confirm(aws, yes=yes)
    output.note(f"backfill {id_} of {job}: {_count(len(times))}")
    done: list[Done] = []

    def tell(one: Done) -> None:
        done.append(one)
        if not as_json:
            click.echo(_line(one))

    filling = backfilling.Backfill(aws, job, id_, max_active, keep_going, tell)
    try:
        filling.run(times)
    except KeyboardInterrupt:
        output.note(f"\nno more runs are started; {_count(len(times) - len(done))} left")
        for run in filling.active:
            output.note(f"{run} goes on")
        output.note("the same command goes on from here")
        raise SystemExit(130) from None
    finally:
        if as_json:
            output.write_json({"backfill": id_, "runs": [_data(one) for one in done]})
    _end(target.stack, times, done)


def _chosen(
    job: str, schedules: Sequence[DeployedSchedule], name: str | None
) -> Sequence[DeployedSchedule]:
    from batchctl.errors import NotFound, OperatorError

    if not schedules:
        raise OperatorError(
            f"{job}: it has no schedule, and so no scheduled times; start it with `batchctl run`"
        )
    if name is None:
        return schedules
    found = [schedule for schedule in schedules if schedule.name == name]
    if not found:
        known = ", ".join(schedule.name for schedule in schedules)
        raise NotFound(f"{name}: {job} has no schedule of that name; it has {known}")
    return found


def _print_times(job: str, id_: str, times: Sequence[Due], *, as_json: bool) -> None:
    from batchctl import output

    if as_json:
        output.write_json({"backfill": id_, "times": [due.time for due in times]})
        return
    for due in times:
        click.echo(output.fire_time(due.time))
    output.note(f"{job} was due {_count(len(times))}; nothing was started")


def _line(one: Done) -> str:
    from batchctl import output

    before = " before" if one.before else ""
    words = " ".join(one.outcome.in_words().split())
    return f"{output.fire_time(one.due.time)}  {words}{before}  {one.run.id}"


def _end(stack: str, times: Sequence[Due], done: Sequence[Done]) -> None:
    """Say how it ended, and end with 1 unless every time is done."""
    from batchctl import output

    failed = [one for one in done if not one.succeeded]
    before = sum(one.before for one in done)
    parts = {
        "succeeded": len(done) - len(failed),
        "failed": len(failed),
        "not run": len(times) - len(done),
    }
    told = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    already = f"; {before} of them before this call" if before else ""
    output.note(f"{_count(len(times))}: {told}{already}")
    for one in failed:
        output.note(f"see `batchctl why {one.run.id} --env {stack}`")
    if len(times) > len(done):
        output.note("the same command with --keep-going runs the rest")
    if failed:
        raise SystemExit(1)


def _count(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"


def _data(one: Done) -> dict[str, Any]:
    return {
        "scheduledTime": one.due.scheduled_time,
        "schedule": one.due.schedule,
        "run": one.run.id,
        "result": one.outcome.result,
        "before": one.before,
    }
