"""``batchctl local``: the whole platform on this machine."""

from __future__ import annotations

import gc
import os
from typing import Any

import click

from batchctl.errors import OperatorError
from batchctl.local.run_jobs import run
from batchctl.local.serving import serve, up

EXTRA = ("cryptography", "jsonata", "moto")
"""What only the extra brings: the operator's tool alone does not need it."""


class Extra(click.Group):
    """Commands that need more than the others, and say what."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command.

        Raises:
            OperatorError: what it needs is not installed.
        """
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in EXTRA:
                raise
            what, fix = f"{error.name} is not installed", "install batch-platform[local]"
            raise OperatorError(f"{ctx.command_path}: {what}; {fix}") from error


@click.group(cls=Extra)
@click.pass_context
def local(context: click.Context) -> None:
    """Run the platform on this machine, in an embedded AWS.

    Example: batchctl local run hello
    """
    # moto makes sessions of its own, which would ask for the shell's profile. Nothing here may.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    # A start makes a million objects that stay: to look for garbage among them again and again
    # takes a fifth of it. The commands begin to look again when they have started.
    gc.disable()
    context.call_on_close(gc.enable)


for command in (up, serve, run):
    local.add_command(command)
