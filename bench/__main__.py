"""``make bench``: everything side by side in one run."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click
from rich.console import Console

from bench import growing, listing, local_rows, report, surroundings

PARTS = ("preview", "program", "cdk", "terraform", "local", "ls")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option(
    "--jobs", "sizes", default="10,100,1000", show_default=True, help="How many, by comma."
)
@click.option("--repeats", default=3, show_default=True, help="How often each is measured.")
@click.option("--record/--no-record", default=None, help="Write results.json and README.md.")
def main(parts: tuple[str, ...], sizes: str, repeats: int, *, record: bool | None) -> None:
    """Measure PARTS, all of them by default, which then also writes the results down."""
    # As by Ctrl-C, everything on the way out is cleaned up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    chosen = set(parts or PARTS)
    counts = [int(size) for size in sizes.split(",")]
    console = Console()
    say = Console(stderr=True, style="dim").print
    rows: list[report.Row] = []
    targets: list[report.Target] = []
    if chosen - {"local", "ls"}:
        for count in counts:
            rows += growing.measured(count, repeats, chosen, say)
        targets += growing.targets(rows)
    if "local" in chosen:
        local = local_rows.measured(repeats, say)
        rows += local[0]
        targets += local[1]
    if "ls" in chosen:
        for count in counts:
            rows += listing.measured(count, repeats, say)
    results = report.Results(surroundings.found(), rows, targets)
    results.show(console)
    if record or (record is None and not parts and sizes == "10,100,1000"):
        results.record()


def _stop(number: int, _: Any) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
