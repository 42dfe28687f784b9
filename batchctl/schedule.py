"""``batchctl schedule``: schedules made by hand, for any command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.run_input import commands_of, override_options
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from datetime import datetime

    from batch.schedule import Schedule
    from batchctl.manual import ManualSchedule

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
"""CreateSchedule's ``Name``; none that a shell would take for an option."""


@click.group()
def schedule() -> None:
    """Make schedules by hand, for any command: no deployment touches them.

    A job belongs into code. This is for what is wanted once, or for some days.

    Example: batchctl schedule ls --env prod
    """


@schedule.command(context_settings={"ignore_unknown_options": False})
@click.argument("name")
@click.option(
    "--cron",
    metavar="FIELDS",
    help='Six fields as EventBridge Scheduler has them ("0 3 * * ? *"), or the five of a crontab.',
)
@click.option("--rate", metavar="RATE", help='For instance "15 minutes".')
@click.option("--at", metavar="TIME", help="Once: 2026-12-01T03:00. It is removed afterwards.")
@click.option("--timezone", metavar="ZONE", default="UTC", show_default=True, help="IANA zone.")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@override_options
@click.argument("command", nargs=-1, required=True)
@yes_option
@target_options
@json_option
def add(
    name: str,
    cron: str | None,
    rate: str | None,
    at: str | None,
    timezone: str,
    description: str,
    overrides: dict[str, Any],
    command: tuple[str, ...],
    yes: bool,
    target: Target,
    *,
    as_json: bool,
) -> None:
    """Run a command by a schedule of its own.

    Its words stand after --; one word alone is a line for bash -c. It runs on the platform as
    `batchctl run --command` does: `history run-task` and `why` know its runs.

    Example: batchctl schedule add cleanup --cron "0 3 * * *" --env prod -- rake tmp:clear
    """
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"NAME: {name!r} is none; use up to 64 letters, digits, hyphens, underscores, periods"
        )
    words = commands_of(command[0]) if len(command) == 1 else list(command)
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    parsed = _schedule(cron, rate, at, timezone, now)
    from batchctl import manual, output, production
    from batchctl.aws import Aws

    aws = Aws(target)
    production.confirm(aws, yes=yes)
    manual.add(
        aws, name, expression=parsed.expression, timezone=parsed.timezone,
        run={"commands": words, **overrides}, description=description,
    )  # fmt: skip
    times = parsed.next_times(now, 3, created=now)
    if as_json:
        output.write_json(
            {
                "name": name, "expression": parsed.expression, "timezone": parsed.timezone,
                "commands": words, "next": times,
            }
        )  # fmt: skip
        return
    click.echo(f"{name}: {parsed.in_words()}")
    for time in times:
        click.echo(f"next {output.fire_time(time)}")


@schedule.command()
@target_options
@json_option
def ls(target: Target, *, as_json: bool) -> None:
    """List the schedules that were made by hand.

    Example: batchctl schedule ls --env prod
    """
    from datetime import UTC, datetime

    from batchctl import manual, output
    from batchctl.aws import Aws

    found = manual.every(Aws(target))
    now = datetime.now(UTC)
    if as_json:
        output.write_json([_data(one, now) for one in found])
        return
    if not found:
        output.note(f"{target.prefix} has no schedules made by hand")
        return
    columns = ("NAME", "SCHEDULE", "NEXT", "COMMAND", "BY")
    output.write_rows(columns, [_row(one, now) for one in found], under=100)


@schedule.command()
@click.argument("name")
@yes_option
@target_options
@json_option
def rm(name: str, yes: bool, target: Target, *, as_json: bool) -> None:
    """Remove a schedule that was made by hand. Runs under way go on.

    Example: batchctl schedule rm cleanup --env prod
    """
    from batchctl import manual, output, production
    from batchctl.aws import Aws

    aws = Aws(target)
    production.confirm(aws, yes=yes)
    manual.remove(aws, name)
    if as_json:
        output.write_json({"name": name, "removed": True})
    else:
        click.echo(f"{name}: removed")


@schedule.command()
@click.argument("name")
@yes_option
@target_options
@json_option
def enable(name: str, yes: bool, target: Target, *, as_json: bool) -> None:
    """Let a schedule that was made by hand fire again.

    Example: batchctl schedule enable cleanup --env prod
    """
    _switch(target, name, enabled=True, yes=yes, as_json=as_json)


@schedule.command()
@click.argument("name")
@yes_option
@target_options
@json_option
def disable(name: str, yes: bool, target: Target, *, as_json: bool) -> None:
    """Keep a schedule that was made by hand from firing.

    Example: batchctl schedule disable cleanup --env prod
    """
    _switch(target, name, enabled=False, yes=yes, as_json=as_json)


def _switch(target: Target, name: str, *, enabled: bool, yes: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    from batchctl import manual, output, production
    from batchctl.aws import Aws

    aws = Aws(target)
    production.confirm(aws, yes=yes)
    switched = manual.switch(aws, name, enabled=enabled)
    now = datetime.now(UTC)
    if as_json:
        output.write_json(_data(switched, now))
        return
    times = switched.schedule.next_times(now, 1)
    when = f", next {output.fire_time(times[0])}" if times else ""
    click.echo(f"{name}: {'enabled' if enabled else 'disabled'}{when}")


def _schedule(
    cron: str | None, rate: str | None, at: str | None, timezone: str, now: datetime
) -> Schedule:
    """Return the schedule that the options name.

    Raises:
        click.UsageError: They name none or several, or one that can never fire.
    """
    from batch.errors import InvalidSchedule
    from batch.schedule import Schedule, unix_cron

    given = {"cron": cron, "rate": rate, "at": at}
    chosen = [(kind, text.strip()) for kind, text in given.items() if text is not None]
    if len(chosen) != 1:
        raise click.UsageError("when? give one of --cron, --rate and --at")
    ((kind, text),) = chosen
    try:
        if kind == "cron" and (len(text.split()) == 5 or text.startswith("@")):
            text = unix_cron(text)
        if kind == "at" and re.fullmatch(r"[0-9T:-]{16}", text):
            text = f"{text}:00"
        parsed = Schedule(text if text.startswith(f"{kind}(") else f"{kind}({text})", timezone)
    except InvalidSchedule as error:
        raise click.UsageError(f"--{kind}: {error}") from None
    if parsed.is_past(now):
        raise click.UsageError(f"--{kind}: {text} never comes any more; give a time to come")
    return parsed


def _row(one: ManualSchedule, now: datetime) -> tuple[str, ...]:
    import shlex

    from batchctl import output

    times = one.schedule.next_times(now, 1)
    return (
        one.name,
        one.schedule.in_words(),
        output.fire_time(times[0]) if times else "" if one.schedule.enabled else "disabled",
        shlex.join(one.commands),
        str(one.input.get("requestedBy") or "").rpartition("/")[2],
    )


def _data(one: ManualSchedule, now: datetime) -> dict[str, Any]:
    return {
        "name": one.name,
        "expression": one.schedule.expression,
        "timezone": one.schedule.timezone,
        "words": one.schedule.in_words(),
        "enabled": one.schedule.enabled,
        "next": one.schedule.next_times(now, 3),
        "commands": one.commands,
        "description": one.description or None,
        "requestedBy": one.input.get("requestedBy"),
    }
