"""The tree of commands, and the one place where a failure becomes text and an exit status.

Nothing heavy is imported here: ``batchctl --help`` needs click alone. Each command imports what it
needs when it runs.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from batch.errors import BatchError
from batchctl import (
    backfill,
    check,
    completion,
    doctor,
    history,
    importing,
    local,
    logs,
    ls,
    next_times,
    notify,
    pausing,
    rerun,
    run,
    schedule,
    show,
    stop,
    why,
)

CONTEXT = {"help_option_names": ["-h", "--help"]}


class Tree(click.Group):
    """A group whose commands' foreseeable failures end with their text and status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # As a shell says of Ctrl-C. A command that can be come back to has said how.
            click.echo("interrupted", err=True)
            raise SystemExit(130) from None
        except BatchError as error:
            raise Failure(str(error)) from error
        except Exception as error:
            # Only what a command has imported can have been raised.
            if "botocore.exceptions" not in sys.modules:
                raise
            from batchctl.refusals import explain
            from batchctl.target import PROFILE

            if (explained := explain(error, profile=ctx.meta.get(PROFILE, ""))) is None:
                raise
            raise Failure(str(explained)) from error


class Failure(click.ClickException):
    """A foreseeable failure, a line a problem."""


def _version(context: click.Context) -> None:
    from importlib import metadata

    try:
        version = metadata.version("batch-platform")
    except metadata.PackageNotFoundError:
        version = "of a checkout"
    click.echo(f"batchctl {version}")
    context.exit()


@click.group(cls=Tree, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, wanted: _version(context) if wanted else None,
    help="Show the version and exit.",
)
def batchctl() -> None:
    """Operate the scheduled jobs of a batch platform.

    Data goes to standard output, everything else to standard error. Exit status: 0, 1 for a
    failure that the text explains, 2 for wrong usage; `run --wait` ends with the job's own.
    """


for command in (
    ls.ls,
    show.show,
    next_times.next_times,
    history.history,
    why.why,
    logs.logs,
    run.run,
    stop.stop,
    rerun.rerun,
    backfill.backfill,
    schedule.schedule,
    pausing.pause,
    pausing.resume,
    notify.notify,
    check.check,
    doctor.doctor,
    importing.importing,
    local.local,
    completion.completion,
):
    batchctl.add_command(command)


def main() -> None:
    """Run the command line."""
    batchctl(prog_name="batchctl")
