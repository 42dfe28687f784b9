"""The local mode's part of the bench, as rows and ratios."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

from bench import local, measure
from bench.report import Row, Target

OURS: Final = "batch-platform"

TITLES: Final = {OURS: "batchctl local run hello", "dagster": "Dagster", "metaflow": "Metaflow"}


def measured(rounds: int, say: Callable[[str], None]) -> tuple[list[Row], list[Target]]:
    """Measure the tools in turn; say why where one of them cannot be installed."""
    say(f"one line of shell on this machine, {rounds} rounds")
    try:
        found = local.measured(rounds)
    except (measure.Broken, OSError) as error:
        why = str(error).splitlines()[0]
        return [Row("local runs", remark=f"not measured: {why}")], []
    rows = [row for one in found for row in _rows(one)]
    cold = {one.tool: median(run.seconds for run in one.cold) for one in found}
    warm = {one.tool: median(one.warm_overhead) for one in found}
    return rows, [
        Target("local run, cold: ours / Dagster's", cold[OURS] / cold["dagster"], 1.0),
        Target("local run, warm overhead: ours / Metaflow's", warm[OURS] / warm["metaflow"], 0.2),
    ]


def _rows(one: local.Local) -> list[Row]:
    title = TITLES[one.tool]
    return [
        Row(
            f"{title}, cold",
            seconds=[run.seconds for run in one.cold],
            cpu_seconds=[run.cpu_seconds for run in one.cold],
            peak_bytes=[run.peak_bytes for run in one.cold],
        ),
        Row(f"{title}, warm overhead", seconds=one.warm_overhead, remark="over the bare command"),
    ]
