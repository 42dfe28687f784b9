"""``batchctl local``: the whole platform on this machine."""

from __future__ import annotations

import gc
import os
from importlib import util

import click

from batchctl.errors import OperatorError
from batchctl.local.run_jobs import run
from batchctl.local.serving import serve, up


@click.group()
@click.pass_context
def local(context: click.Context) -> None:
    """Run the platform on this machine, in an embedded AWS.

    Example: batchctl local run hello
    """
    _check_installed()
    # moto makes sessions of its own, which would ask for the shell's profile. Nothing here may.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    # A start makes a million objects that stay: to look for garbage among them again and again
    # takes a fifth of it. The commands begin to look again when they have started.
    gc.disable()
    context.call_on_close(gc.enable)


def _check_installed() -> None:
    """Raise unless the parts of the embedded AWS are there, which only the extra brings.

    Raises:
        OperatorError: naming what is missing.
    """
    missing = [name for name in ("cryptography", "jsonata", "moto") if not util.find_spec(name)]
    if missing:
        what = f"it needs {', '.join(missing)}, which the operator's tool alone does not"
        raise OperatorError(f"batchctl local: {what}; install batch-platform[local]")


for command in (up, serve, run):
    local.add_command(command)
