"""The part of the bench that grows with the jobs: preview, program, ``cdk synth``, Terraform."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench import alone, measure, preview, program, synth, terraform
from bench.report import Row, Target

FIRST: Final = "pulumi preview, first"
UNCHANGED: Final = "pulumi preview, unchanged"
ALONE: Final = "the program alone"
CDK: Final = "cdk synth"
APP: Final = "the CDK app alone"
TERRAFORM: Final = "terraform plan"


def resources_of_a_job() -> float:
    """Return how many resources of AWS each job adds to the program's."""
    few, more = 10, 30
    told = [int(_alone(count).stdout) for count in (few, more)]
    return (told[1] - told[0]) / (more - few)


def measured(count: int, repeats: int, parts: set[str], say: Callable[[str], None]) -> list[Row]:
    """Measure each part so often, all of them in turn, so that they share the machine's moods."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory(prefix="bench-")))
        rows: list[Row] = []
        runs: list[tuple[str, Callable[[], None]]] = []

        def add(what: str, run: Callable[[], measure.Measured]) -> None:
            row = Row(what, count)
            rows.append(row)
            runs.append((what, lambda: _note(row, run())))

        def add_preview(what: str, stack: preview.Previews) -> None:
            row = Row(what, count)
            rows.append(row)
            runs.append((what, lambda: _note_preview(row, stack.preview())))

        if "preview" in parts and preview.is_there():
            add_preview(FIRST, open_.enter_context(preview.stack(count)))
            made = open_.enter_context(preview.stack(count))
            say(f"{count} jobs: pulumi up, once, for the unchanged preview")
            made.update()
            add_preview(UNCHANGED, made)
        elif "preview" in parts:
            rows.append(Row(FIRST, count, remark="not measured: no Pulumi CLI; make engine"))
        if "program" in parts:
            add(ALONE, lambda: _alone(count))
        if "cdk" in parts and not synth.missing():
            app = synth.Synth(count, folder)
            add(CDK, app.synth)
            add(APP, app.app)
        elif "cdk" in parts:
            rows.append(Row(CDK, count, remark=f"not measured: {synth.missing()}"))
        if "terraform" in parts and not terraform.missing():
            add(TERRAFORM, terraform.Plan(count, folder).plan)
        elif "terraform" in parts:
            rows.append(Row(TERRAFORM, count, remark=f"not measured: {terraform.missing()}"))
        for turn in range(repeats):
            for what, run in runs:
                say(f"{count} jobs, {turn + 1} of {repeats}: {what}")
                run()
        for row in rows:
            if row.what == CDK and row.seconds:
                row.remark = f"{app.resources() / count:g} resources a job"
        return rows


def targets(rows: list[Row]) -> list[Target]:
    """Return the ratios at the largest size, and the growth to it."""
    most = max((row.jobs or 0 for row in rows), default=0)
    return [
        *[
            Target(f"{what} / {CDK}, time at {most:,} jobs", _ratio(rows, what, CDK, most), 0.75)
            for what in (FIRST, UNCHANGED)
        ],
        Target(f"{FIRST} / {TERRAFORM}, time", _ratio(rows, FIRST, TERRAFORM, most), 0.25),
        Target(
            f"{FIRST} / {TERRAFORM}, memory",
            _ratio(rows, FIRST, TERRAFORM, most, of="peak_bytes"),
            0.25,
        ),
        *[
            Target(f"{what}, 1,000 jobs / 100", _growth(rows, what), 10.0)
            for what in (FIRST, UNCHANGED)
        ],
    ]


def _ratio(rows: list[Row], one: str, other: str, jobs: int, of: str = "seconds") -> float | None:
    return _quotient(_median(rows, one, jobs, of), _median(rows, other, jobs, of))


def _growth(rows: list[Row], what: str) -> float | None:
    return _quotient(_median(rows, what, 1000), _median(rows, what, 100))


def _quotient(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def _median(rows: list[Row], what: str, jobs: int, of: str = "seconds") -> float | None:
    for row in rows:
        values = getattr(row, of)
        if (row.what, row.jobs) == (what, jobs) and values:
            return float(median(values))
    return None


def _alone(count: int) -> measure.Measured:
    return measure.run(
        [sys.executable, "-W", "ignore", "-m", alone.__name__],
        cwd=program.ROOT,
        environment={"BENCH_JOBS": str(count)},
    )


def _note(row: Row, run: measure.Measured) -> None:
    row.seconds.append(run.seconds)
    row.cpu_seconds.append(run.cpu_seconds)
    row.peak_bytes.append(run.peak_bytes)


def _note_preview(row: Row, run: preview.Preview) -> None:
    _note(row, run.whole)
    row.remark = (
        f"CPU: program {run.program_cpu:.1f} s, engine {run.engine_cpu:.1f} s; beside it the"
        f" stand-in provider {run.provider_cpu:.1f} s, {run.provider_peak / 2**20:.0f} MiB"
    )
