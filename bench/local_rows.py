"""The local mode's part of the bench, as rows and ratios."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

from bench import local, measure
from bench.report import Row, Target

TITLES: Final = {local.OURS: "batchctl local run hello", **local.PEERS}

REMARKS: Final = {local.OURS: "makes what hello needs, not every job's machine"}


def measured(rounds: int, say: Callable[[str], None]) -> tuple[list[Row], list[Target]]:
    """Measure the tools in turn; say why where one of them cannot be installed."""
    why = {peer: local.missing(peer) for peer in local.PEERS}
    rows = [
        Row(f"{TITLES[peer]}, cold", remark=f"not measured: {told}")
        for peer, told in why.items()
        if told
    ]
    say(f"one line of shell on this machine, {rounds} rounds")
    try:
        found = local.measured(rounds, [peer for peer, told in why.items() if not told])
    except (measure.Broken, OSError) as error:
        told = error.why if isinstance(error, measure.Broken) else str(error)
        return [*rows, Row("local runs", remark=f"not measured: {told}")], targets([])
    return [row for one in found for row in _rows(one)] + rows, targets(found)


def targets(found: list[local.Local]) -> list[Target]:
    """Return the ratios, without a value where a peer was not measured."""
    cold = {one.tool: median(run.seconds for run in one.cold) for one in found}
    warm = {one.tool: median(one.warm_overhead) for one in found}
    return [
        Target("local run, cold: ours / Dagster's", _ratio(cold, "dagster"), 1.0),
        Target("local run, warm overhead: ours / Metaflow's", _ratio(warm, "metaflow"), 0.2),
    ]


def _ratio(took: dict[str, float], peer: str) -> float | None:
    return took[local.OURS] / took[peer] if peer in took else None


def _rows(one: local.Local) -> list[Row]:
    title = TITLES[one.tool]
    return [
        Row(
            f"{title}, cold",
            seconds=[run.seconds for run in one.cold],
            cpu_seconds=[run.cpu_seconds for run in one.cold],
            peak_bytes=[run.peak_bytes for run in one.cold if run.peak_bytes is not None],
            remark=REMARKS.get(one.tool, ""),
        ),
        Row(f"{title}, warm overhead", seconds=one.warm_overhead, remark="over the bare command"),
    ]
