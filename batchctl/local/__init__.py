"""``batchctl local``: the whole platform on this machine."""

from __future__ import annotations

import os

import click

from batchctl.local.run_jobs import run
from batchctl.local.serving import serve, up


@click.group()
def local() -> None:
    """Run the platform on this machine, in an embedded AWS.

    Example: batchctl local run hello
    """
    # moto makes sessions of its own, which would ask for the shell's profile. Nothing here may.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)


for command in (up, serve, run):
    local.add_command(command)
