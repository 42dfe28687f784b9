"""``batchctl doctor``: what would keep runs from running."""

from __future__ import annotations

import click


@click.command()
def doctor() -> None:
    """What would keep runs from running."""
