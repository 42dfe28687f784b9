"""What was measured, as tables: on the terminal, in results.json and in README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

HERE: Final = Path(__file__).parent

HEADINGS: Final = (
    *("what", "jobs", "seconds", "CPU s", "memory"),
    *("AWS resources a job", "remark"),
)


@dataclass
class Row:
    """One thing that was measured, and each time that it was."""

    what: str
    jobs: int | None = None
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)
    resources_of_a_job: float | None = None
    """How many resources of AWS, counted."""
    parts: dict[str, list[float]] = field(default_factory=dict)
    """What of it is whose, each time."""
    remark: str = ""

    def cells(self) -> list[str]:
        """Return the row as text: medians, and how far apart the times were."""
        return [
            self.what,
            f"{self.jobs:,}" if self.jobs else "",
            _times(self.seconds),
            f"{median(self.cpu_seconds):.1f}" if self.cpu_seconds else "",
            f"{median(self.peak_bytes) / 2**20:.0f} MiB" if self.peak_bytes else "",
            "" if self.resources_of_a_job is None else f"{self.resources_of_a_job:g}",
            self.remark,
        ]

    def part_cells(self) -> list[str]:
        """Return the medians of its parts as text."""
        jobs = f"{self.jobs:,}" if self.jobs else ""
        return [self.what, jobs, *(f"{median(each):.1f}" for each in self.parts.values())]


@dataclass(frozen=True)
class Target:
    """Where a ratio must get to."""

    what: str
    measured: float | None
    """None where one side could not be measured."""
    limit: float

    def cells(self) -> list[str]:
        """Return the target as text."""
        if self.measured is None:
            return [self.what, f"{self.limit:g}", "not measured", ""]
        reached = "yes" if self.measured <= self.limit else "no"
        return [self.what, f"{self.limit:g}", f"{self.measured:.2f}", reached]


@dataclass
class Results:
    """Everything of one run."""

    machine: dict[str, str]
    rows: list[Row]
    targets: list[Target]

    def show(self, console: Console) -> None:
        """Print it."""
        for title, headings, rows in self._tables():
            table = Table(*headings, title=title, title_justify="left")
            for row in rows:
                table.add_row(*row)
            console.print(table)

    def record(self) -> None:
        """Write it to results.json and between the marks of README.md."""
        plain: dict[str, Any] = asdict(self)
        (HERE / "results.json").write_text(json.dumps(plain, indent=1) + "\n")
        readme = HERE / "README.md"
        tables = "\n\n".join(
            f"{title}\n\n{_markdown(headings, rows)}" for title, headings, rows in self._tables()
        )
        marks = re.compile(r"(<!-- results -->\n).*(<!-- end -->)", re.DOTALL)
        text = marks.sub(lambda found: f"{found[1]}\n{tables}\n\n{found[2]}", readme.read_text())
        readme.write_text(text)

    def _tables(self) -> Iterable[tuple[str, Sequence[str], list[list[str]]]]:
        yield "The machine", ("", ""), [list(pair) for pair in self.machine.items()]
        yield "What was measured", HEADINGS, [row.cells() for row in self.rows]
        split = [row for row in self.rows if row.parts]
        if split:
            headings = ("what", "jobs", *split[0].parts)
            yield "What of it is whose, medians", headings, [row.part_cells() for row in split]
        targets = [target.cells() for target in self.targets]
        yield "Where it must get to", ("ratio", "at most", "measured", "reached"), targets


def _times(seconds: Sequence[float]) -> str:
    if not seconds:
        return ""
    digits = 1 if median(seconds) >= 10 else 2 if median(seconds) >= 1 else 3
    text = f"{median(seconds):.{digits}f}"
    if len(seconds) > 1:
        text += f" ({min(seconds):.{digits}f} to {max(seconds):.{digits}f})"
    return text


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
