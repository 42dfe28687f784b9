"""The options of commands that start a run and may wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def wait_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--wait`` and its kin; the command gets ``wait``, ``follow`` and ``skipped_ok``."""
    for option in (
        click.option("--skipped-ok", is_flag=True, help="A skipped run is no failure."),
        click.option(
            "--follow", is_flag=True, help="Show its log lines while waiting; implies --wait."
        ),
        click.option("--wait", is_flag=True, help="Wait for its end and exit as it did."),
    ):
        command = option(command)
    return command
