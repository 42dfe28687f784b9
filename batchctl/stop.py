"""``batchctl stop``: end a run."""

from __future__ import annotations

import click


@click.command()
def stop() -> None:
    """End a run."""
