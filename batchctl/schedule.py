"""``batchctl schedule``: schedules made by hand."""

from __future__ import annotations

import click


@click.group()
def schedule() -> None:
    """Schedules made by hand."""
