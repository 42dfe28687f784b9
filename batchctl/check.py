"""``batchctl check``: what the program would deploy, without AWS."""

from __future__ import annotations

import click


@click.command()
def check() -> None:
    """What the program would deploy, without AWS."""
