"""``batchctl import``: jobs from what a team comes from."""

from __future__ import annotations

import click


@click.group("import")
def importing() -> None:
    """Jobs from what a team comes from."""
