"""``batchctl completion``: complete commands in a shell."""

from __future__ import annotations

import click


@click.command()
def completion() -> None:
    """Complete commands in a shell."""
