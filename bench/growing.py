"""The part of the bench that grows with the jobs: preview, program, ``cdk synth``, Terraform."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
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

STAND_IN_MEMORY: Final = "stand-in provider, MiB"


@cache
def resources_of_a_job() -> float:
    """Return how many resources of AWS each job adds to the program's, counted."""
    few, more = 10, 30
    told = [int(_alone(count).stdout) for count in (few, more)]
    return (told[1] - told[0]) / (more - few)


def measured(count: int, repeats: int, parts: set[str], say: Callable[[str], None]) -> list[Row]:
    """Measure each part so often, all of them in turn, so that they share the machine's moods."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory(prefix="bench-")))
        rows: list[Row] = []
        runs: list[tuple[Row, Callable[[], None]]] = []

        def add(
            what: str,
            run: Callable[[], measure.Measured],
            resources: Callable[[measure.Measured], float | None],
        ) -> None:
            row = Row(what, count)
            rows.append(row)

            def once() -> None:
                took = run()
                _note(row, took)
                row.resources_of_a_job = resources(took)

            runs.append((row, once))

        def add_preview(what: str, stack: preview.Previews) -> None:
            row = Row(what, count, resources_of_a_job=resources_of_a_job())
            rows.append(row)
            runs.append((row, lambda: _note_preview(row, stack.preview())))

        if "preview" in parts and preview.is_there():
            add_preview(FIRST, open_.enter_context(preview.stack(count)))
            made = open_.enter_context(preview.stack(count))
            say(f"{count} jobs: pulumi up, once, for the unchanged preview")
            made.update()
            add_preview(UNCHANGED, made)
        elif "preview" in parts:
            rows.append(Row(FIRST, count, remark="not measured: no Pulumi CLI; make engine"))
        if "program" in parts:
            add(ALONE, lambda: _alone(count), lambda _: resources_of_a_job())
        if "cdk" in parts and not synth.missing():
            app = synth.Synth(count, folder)
            add(CDK, app.synth, lambda _: app.resources() / count)
            add(APP, app.app, lambda _: app.resources() / count)
        elif "cdk" in parts:
            rows.append(Row(CDK, count, remark=f"not measured: {synth.missing()}"))
        if "terraform" in parts and not terraform.missing():
            plan = terraform.Plan(count, folder)
            add(TERRAFORM, plan.plan, lambda took: terraform.resources_of_a_job(took.stdout))
        elif "terraform" in parts:
            rows.append(Row(TERRAFORM, count, remark=f"not measured: {terraform.missing()}"))
        for turn in range(repeats):
            for row, run in runs:
                say(f"{count} jobs, {turn + 1} of {repeats}: {row.what}")
                try:
                    run()
                except measure.Broken as error:
                    row.remark = f"failed: {error.why}"
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
            f"{FIRST} / {TERRAFORM}, memory (Terraform's with its provider, Pulumi's without)",
            _ratio(rows, FIRST, TERRAFORM, most, of="peak_bytes"),
            0.25,
        ),
        Target(
            f"{FIRST} / {TERRAFORM}, memory (each with its provider, Pulumi's being the stand-in)",
            _quotient(_with_provider(rows, most), _median(rows, TERRAFORM, most, "peak_bytes")),
            0.25,
        ),
        *[
            Target(f"{what}, 1,000 jobs / 100", _growth(rows, what), 10.0)
            for what in (FIRST, UNCHANGED)
        ],
        Target(_titled(rows), _of_a_job(rows, FIRST, UNCHANGED, ALONE), 2),
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


def _of_a_job(rows: list[Row], *whats: str) -> float | None:
    found = [row.resources_of_a_job for row in rows if row.what in whats]
    return next((one for one in found if one is not None), None)


def _titled(rows: list[Row]) -> str:
    others = {tool: _of_a_job(rows, tool) for tool in (CDK, TERRAFORM)}
    counted = [f"{tool}: {count:g}" for tool, count in others.items() if count is not None]
    return "AWS resources a job" + (f" ({', '.join(counted)})" if counted else "")


def _with_provider(rows: list[Row], jobs: int) -> float | None:
    peak = _median(rows, FIRST, jobs, "peak_bytes")
    for row in rows:
        if (row.what, row.jobs) == (FIRST, jobs) and peak and row.parts:
            return peak + median(row.parts[STAND_IN_MEMORY]) * 2**20
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
    if run.peak_bytes is not None:
        row.peak_bytes.append(run.peak_bytes)


def _note_preview(row: Row, run: preview.Preview) -> None:
    _note(row, run.whole)
    took = {
        "program, CPU s": run.program_cpu,
        "engine, CPU s": run.engine_cpu,
        "both, CPU s": run.program_cpu + run.engine_cpu,
        "stand-in provider, CPU s": run.provider_cpu,
        STAND_IN_MEMORY: run.provider_peak / 2**20,
    }
    for part, value in took.items():
        row.parts.setdefault(part, []).append(value)
