"""The options of commands that start a run and may wait for its end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True)
class Waiting:
    """How a run that was started is waited for."""

    wait: bool = False
    follow: bool = False
    skipped_ok: bool = False
    stop_on_interrupt: bool = False

    @property
    def until_end(self) -> bool:
        """Whether it is waited for at all."""
        return self.wait or self.follow or self.stop_on_interrupt


def wait_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--wait`` and its kin; the command gets ``waiting``."""

    @click.option("--wait", is_flag=True, help="Wait for its end and exit as it did.")
    @click.option(
        "--follow", is_flag=True, help="Show its log lines while waiting; implies --wait."
    )
    @click.option("--skipped-ok", is_flag=True, help="A skipped run is no failure.")
    @click.option(
        "--stop-on-interrupt",
        is_flag=True,
        help="Ctrl-C stops the run too, not the waiting alone; implies --wait.",
    )
    @functools.wraps(command)
    def with_waiting(
        *args: Any,
        wait: bool,
        follow: bool,
        skipped_ok: bool,
        stop_on_interrupt: bool,
        **kwargs: Any,
    ) -> Any:
        how = Waiting(wait, follow, skipped_ok, stop_on_interrupt)
        return command(*args, waiting=how, **kwargs)

    return with_waiting
