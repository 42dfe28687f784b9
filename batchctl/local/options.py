"""Options that the local commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

EXECUTORS = ("auto", "process", "container")

executor_option = click.option(
    "--executor",
    type=click.Choice(EXECUTORS),
    default="auto",
    show_default=True,
    help="How tasks run; auto takes a container where an engine already has the image.",
)
stack_option = click.option(
    "--stack", default="local", show_default=True, help="Stack whose configuration is used."
)


class Moment(click.ParamType[datetime]):
    """A time in ISO 8601; UTC unless it says otherwise."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return ``value`` as an aware time."""
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is no time; write for instance 2026-11-24T02:55:00+09:00", param, ctx
            )
        return time if time.tzinfo else time.replace(tzinfo=UTC)


def clock_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--at`` and ``--fast``."""
    command = click.option(
        "--fast", is_flag=True, help="Jump from one fire time to the next while nothing runs."
    )(command)
    return click.option(
        "--at", type=Moment(), metavar="TIME", help="Start the clock at this time instead of now."
    )(command)
