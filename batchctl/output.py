"""How data is shown: a table for people, JSON for programs; both on standard output."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

PIPE_WIDTH = 400
"""Columns of a table that no terminal shows: wide enough that ``grep`` finds whole rows."""


_WORTH_A_BAR = 50
"""Calls below which a bar would only flicker."""


def json_option(command: Any) -> Any:
    """Add ``--json``; the command gets ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")(
        command
    )


def write_json(data: Any) -> None:
    """Write ``data`` as indented JSON; times in ISO 8601."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows below their headings, without borders, so that ``grep`` and ``awk`` work."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    # Rich takes a terminal that it calls dumb for 80 columns wide, unless told both.
    terminal = shutil.get_terminal_size().columns
    console = Console(width=terminal if sys.stdout.isatty() else PIPE_WIDTH, height=25)
    with console.capture() as captured:
        console.print(table)
    # Without the padding to the right edge, which a pipe would carry.
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def write_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], *, under: int) -> None:
    """Write rows as a table, or, in a terminal of fewer columns than ``under``, as blocks.

    A block has the first cell on a line of its own, and below it what the others hold.
    """
    if not narrow(under):
        write_table(columns, rows)
        return
    for first, *others in rows:
        click.echo(first)
        named = zip(columns[1:], others, strict=True)
        write_fields({f"  {name.lower()}": cell for name, cell in named if cell} or {"  -": ""})


def wrapped(text: str, *, indent: str) -> list[str]:
    """Return text as lines that the terminal holds, broken between words."""
    width = max(shutil.get_terminal_size().columns, 20)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent) or [indent]


def narrow(columns: int) -> bool:
    """Return whether a terminal shows it that has fewer columns. A pipe has room enough."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < columns


def write_fields(fields: Mapping[str, str]) -> None:
    """Write one thing as names and values."""
    width = max(map(len, fields))
    room = max(shutil.get_terminal_size().columns - width - 2, 20)
    for name, value in fields.items():
        lines = [
            line[at : at + room] if sys.stdout.isatty() else line
            for line in value.splitlines() or [""]
            for at in range(0, max(len(line), 1), room if sys.stdout.isatty() else len(line) or 1)
        ]
        for index, line in enumerate(lines):
            click.echo(f"{'' if index else name:<{width}}  {line}".rstrip())


def progress(answers: Iterable[Any], number: int) -> Iterator[Any]:
    """Yield answers, with a bar on a terminal while there are many to come."""
    if number < _WORTH_A_BAR or not sys.stderr.isatty():
        yield from answers
        return
    with click.progressbar(answers, length=number, label="reading", file=sys.stderr) as bar:
        yield from bar


def note(text: str) -> None:
    """Tell the person at the terminal, beside the data."""
    click.echo(text, err=True)


def moment(time: datetime | None) -> str:
    """Return a time for people: UTC, to the second; empty for None."""
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def moment_of(text: str) -> str:
    """Return a moment that AWS or a person wrote for people, or the text if it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment(time) if time.tzinfo else text


def fire_time(time: datetime) -> str:
    """Return a fire time for people, in the schedule's own zone and with its offset."""
    return f"{time:%a %Y-%m-%d %H:%M %z} {time.tzinfo}"
