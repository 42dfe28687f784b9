"""``batchctl local run``: provision, run jobs side by side, and say how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.local.options import executor_option, stack_option
from batchctl.output import json_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from batchctl.aws import Aws
    from batchctl.deployed import DeployedJob
    from batchctl.runs import Run
    from localaws.emulator import Emulator

SUCCEEDED = "SUCCEEDED"


@click.command()
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--all", "every", is_flag=True, help="Run every job that is not disabled in code.")
@stack_option
@executor_option
@json_option
def run(jobs: tuple[str, ...], every: bool, stack: str, executor: str, *, as_json: bool) -> None:
    """Provision a fresh embedded AWS and run jobs side by side to their ends.

    Exit status 0 when each job ended as the stack's configuration expects (`expected`, by default
    SUCCEEDED), else 1.

    Example: batchctl local run --all
    """
    if bool(jobs) == every:
        raise click.UsageError("which jobs? name them, or give --all")
    from batchctl.local import platform, screen

    console = screen.console()
    with platform.provisioned(
        stack, console=console, executor=executor, fires=False, only=jobs
    ) as local:
        _show_schedules(console, local.jobs)
        chosen = [job.name for job in local.jobs if (job.enabled if every else job.name in jobs)]
        ended = _run_side_by_side(local.emulator, local.aws, chosen, console)
        idle = [job.name for job in local.jobs if every and not job.enabled]
    _report(ended, idle, local.settings.expected, as_json=as_json)
    met = all(_met(run, local.settings.expected) for run in ended)
    raise SystemExit(0 if met else 1)


def _show_schedules(console: Console, jobs: Sequence[DeployedJob]) -> None:
    from datetime import UTC, datetime

    from rich.table import Table

    from batchctl import output

    now = datetime.now(UTC)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for job in jobs:
        if not job.schedules:
            table.add_row(job.name, "on demand")
        for index, schedule in enumerate(job.schedules):
            upcoming = schedule.next_times(now, 1)
            when = f"next {output.fire_time(upcoming[0])}" if upcoming else "disabled in code"
            table.add_row("" if index else job.name, schedule.in_words(), f"[dim]{when}[/]")
    console.print("\n[bold]Schedules[/]")
    console.print(table)
    console.print()


def _run_side_by_side(
    emulator: Emulator, aws: Aws, jobs: Sequence[str], console: Console
) -> list[Run]:
    """Start every job at once and return their runs when all have ended and been told of."""
    import threading

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from batchctl import runs
    from batchctl.local.screen import Screen
    from batchctl.outcome import of_execution
    from localaws.feed import ExecutionStatusChange, Happening

    names: dict[str, str] = {}
    ended: set[str] = set()
    recording: set[str] = set()
    changed = threading.Condition()
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    )  # fmt: skip
    bar = progress.add_task("jobs", total=len(jobs))

    def watch(happening: Happening) -> None:
        if not isinstance(happening, ExecutionStatusChange):
            return
        arn, is_over = happening.detail["executionArn"], of_execution(happening.detail)
        with changed:
            if aws.platform.job_of(happening.detail["stateMachineArn"]) is None:
                (recording.discard if is_over else recording.add)(arn)
            elif is_over:
                ended.add(arn)
                progress.update(bar, completed=len(ended))
            changed.notify_all()

    leave = [
        emulator.feed.subscribe(Screen(console, aws.platform, names=list(jobs))),
        emulator.feed.subscribe(watch),
    ]
    console.print("[bold]Runs[/]")
    try:
        with progress:
            for job in jobs:
                names[job] = runs.start(aws, job, {"trigger": "manual"})
            waited = {aws.platform.execution_arn(job, name) for job, name in names.items()}
            with changed:
                while not waited <= ended:
                    changed.wait(1)
            emulator.drain()  # whoever records these ends has been started then
            with changed:
                while recording:
                    changed.wait(1)
    finally:
        for unsubscribe in leave:
            unsubscribe()
    described = [runs.describe(aws, job, name) for job, name in names.items()]
    return [run for run in described if run is not None]


def _met(run: Run, expected: Mapping[str, str]) -> bool:
    return run.outcome is not None and run.outcome.result == expected.get(run.job, SUCCEEDED)


def _report(
    ended: Iterable[Run], idle: Iterable[str], expected: Mapping[str, str], *, as_json: bool
) -> None:
    from batchctl import output

    rows: list[dict[str, Any]] = []
    for run in ended:
        outcome = run.outcome
        assert outcome is not None  # noqa: S101 - only ended runs are reported
        seconds = (run.ended - run.started).total_seconds() if run.ended else 0.0
        rows.append(
            {
                "job": run.job,
                "run": run.id,
                "result": outcome.result,
                "words": outcome.in_words(),
                "exitCode": outcome.exit_code,
                "attempts": outcome.attempts,
                "seconds": round(seconds, 1),
                "expected": expected.get(run.job, SUCCEEDED),
                "met": _met(run, expected),
            }
        )
    if as_json:
        output.write_json(rows)
    else:
        output.note("")
        output.write_table(
            ("JOB", "RESULT", "ATTEMPTS", "SECONDS", "AS EXPECTED", "HOW IT ENDED"),
            [
                (
                    row["job"],
                    row["result"],
                    str(row["attempts"] or ""),
                    f"{row['seconds']:.1f}",
                    "yes" if row["met"] else f"no, {row['expected']}",
                    row["words"],
                )
                for row in rows
            ]
            + [(name, "-", "", "", "", "not run: disabled in code") for name in idle],
        )
    unmet = sum(not row["met"] for row in rows)
    total = f"{len(rows)} job" + ("" if len(rows) == 1 else "s")
    output.note(
        f"\n{total} ended as expected"
        if not unmet
        else f"\n{unmet} of {total} did not end as expected"
    )
