"""``batchctl pause`` and ``batchctl resume``: whether schedules start runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batchctl.records import Pause


@click.command()
@click.argument("job", required=False, shell_complete=jobs)
@click.option("--all", "every_job", is_flag=True, help="Pause the whole platform.")
@click.option("--reason", metavar="TEXT", required=True, help="Why: others will ask.")
@click.option(
    "--until",
    metavar="TIME",
    help="When it ends by itself: 2026-11-26T08:00, in your time zone if it has none, or a "
    "duration such as 2h or 3d. Without it, at `batchctl resume`.",
)
@yes_option
@target_options
@json_option
def pause(
    job: str | None,
    every_job: bool,
    reason: str,
    until: str | None,
    yes: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Keep schedules from starting runs of a job, or of all jobs.

    Holds over any deployment. Runs under way go on, and runs by hand still start. A pause takes the
    place of the one before.

    Example: batchctl pause hello --reason "database migration" --until 2h --env prod
    """
    from datetime import UTC, datetime

    from batchctl import deployed, moments, output, production
    from batchctl.aws import Aws
    from batchctl.records import Pause
    from batchctl.table import Table

    _one_of(job, every_job)
    why = " ".join(reason.split())
    if not why:
        raise click.UsageError("--reason: it is empty; say why, others will ask")
    now = datetime.now(UTC)
    end = moments.later(until, "--until", now) if until else None
    aws = Aws(target)
    which = _which(deployed.known(aws, job) if job else None)
    production.confirm(aws, yes=yes)
    made = Pause(which, aws.caller, now, why, end)
    before = Table(aws).pause(made)
    if as_json:
        replaced = before.data() if before else None
        output.write_json({"job": job, "paused": made.data(), "replaced": replaced})
        return
    click.echo(f"{_what(job, target)}: paused {_until(made)}")
    if before:
        output.note(f"this takes the place of: paused {in_words(before)}")


@click.command()
@click.argument("job", required=False, shell_complete=jobs)
@click.option("--all", "every_job", is_flag=True, help="End the pause of the platform.")
@yes_option
@target_options
@json_option
def resume(job: str | None, every_job: bool, yes: bool, target: Target, *, as_json: bool) -> None:
    """Let schedules start runs again.

    What was due meanwhile is not caught up. With --all the pause of the platform ends, and those of
    single jobs stay. What was not paused stays as it is, and that is no failure.

    Example: batchctl resume hello --env prod
    """
    from batch.control import EVERY_JOB
    from batchctl import deployed, output, production
    from batchctl.aws import Aws
    from batchctl.table import Table

    _one_of(job, every_job)
    aws = Aws(target)
    production.confirm(aws, yes=yes)
    table = Table(aws)
    ended = table.resume(_which(job))
    if job and ended is None:
        deployed.known(aws, job)
    left = table.pauses()
    if as_json:
        output.write_json({"job": job, "resumed": ended.data() if ended else None})
    elif ended:
        click.echo(f"{_what(job, target)}: resumed; it was paused {in_words(ended)}")
    else:
        click.echo(f"{_what(job, target)}: was not paused")
    if job and (whole := left.get(EVERY_JOB)):
        output.note(
            f"{target.prefix} is paused {in_words(whole)}: "
            "no schedule starts a run before `batchctl resume --all`"
        )
    if every_job and left:
        output.note(f"still paused: {', '.join(sorted(left))}")


def in_words(pause: Pause) -> str:
    """Return a pause for people: by whom, since when, until when, why."""
    from batchctl import output

    until = f" until {output.moment(pause.until)}" if pause.until else ""
    return f"by {pause.by} since {output.moment(pause.since)}{until}: {pause.reason}"


def rows(pauses: Iterable[Pause], platform: str) -> list[tuple[str, ...]]:
    """Return the rows of pauses, the platform's first."""
    from batchctl import output

    return [
        (
            f"every job of {platform}" if pause.of_platform else pause.job,
            pause.by,
            output.moment(pause.since),
            output.moment(pause.until) or "batchctl resume",
            pause.reason,
        )
        for pause in sorted(pauses, key=lambda pause: (not pause.of_platform, pause.job))
    ]


COLUMNS = ("PAUSED", "BY", "SINCE", "UNTIL", "REASON")


def _until(pause: Pause) -> str:
    """Return until when, in the operator's own time and in UTC, so that neither is guessed."""
    from batchctl import output

    if pause.until is None:
        return "until `batchctl resume`"
    local = pause.until.astimezone()
    utc = output.moment(pause.until)
    own = f"{local:%a %Y-%m-%d %H:%M:%S %Z}"
    return f"until {own} ({utc})" if local.utcoffset() else f"until {utc}"


def _one_of(job: str | None, every_job: bool) -> None:
    if bool(job) == every_job:
        raise click.UsageError("which job? give a JOB, or --all for the whole platform")


def _which(job: str | None) -> str:
    from batch.control import EVERY_JOB

    return job or EVERY_JOB


def _what(job: str | None, target: Target) -> str:
    return job or target.prefix
