"""``batchctl backfill``: run a job for scheduled times of the past."""

from __future__ import annotations

import click


@click.command()
def backfill() -> None:
    """Run a job for scheduled times of the past."""
