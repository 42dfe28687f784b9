"""``batchctl next``: when jobs fire, and which clock changes they meet."""

from __future__ import annotations

import click

from batchctl.completion import jobs
from batchctl.output import json_option
from batchctl.target import Target, target_options


@click.command("next")
@click.argument("job", required=False, shell_complete=jobs)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Fire times for each schedule.",
)
@target_options
@json_option
def next_times(job: str | None, count: int, target: Target, *, as_json: bool) -> None:
    """Show the next fire times of a job, or of all, with warnings of clock changes and pauses.

    Times are in the schedule's own zone. A local time that a clock change leaves out is skipped,
    one that it repeats fires once. A pause changes no fire time: the runs are skipped.

    Example: batchctl next hello --env local -n 10
    """
    from datetime import UTC, datetime, timedelta

    from batchctl import deployed, output, pausing
    from batchctl.aws import Aws
    from batchctl.table import Table

    aws = Aws(target)
    jobs = [deployed.job(aws, job)] if job else deployed.jobs(aws)
    now = datetime.now(UTC)
    found = [
        (one.name, schedule, schedule.next_times(now, count))
        for one in jobs
        for schedule in one.schedules
    ]
    pauses = Table(aws).pauses()
    warnings = [
        f"{aws.platform.prefix if pause.of_platform else pause.job}: "
        f"paused {pausing.in_words(pause)}; what is due meanwhile does not run"
        for pause in pauses.values()
        if pause.of_platform or pause.job in {one.name for one in jobs}
    ]
    for name, schedule, _ in found:
        parsed = schedule.parsed() if schedule.enabled else None
        warnings += [
            f"{name}: {change.in_words(schedule.timezone)}"
            for change in (parsed.clock_changes(now, now + timedelta(days=366)) if parsed else ())
        ]
    if as_json:
        output.write_json(
            {
                "times": [
                    {
                        "job": name,
                        "schedule": schedule.name,
                        "timezone": schedule.timezone,
                        "times": times,
                    }
                    for name, schedule, times in found
                ],
                "warnings": warnings,
            }
        )
        return
    rows = sorted(
        ((time, name, schedule.name) for name, schedule, times in found for time in times),
        key=lambda row: (row[0].astimezone(UTC), *row[1:]),
    )
    if rows:
        output.write_table(
            ("NEXT", "JOB", "SCHEDULE"),
            [(output.fire_time(t), name, schedule) for t, name, schedule in rows],
        )
    for one in jobs:
        # Of all jobs `ls` says it; of one it is the answer.
        if job and not one.schedules:
            output.note(f"{one.name} has no schedule: it runs on demand")
        elif job and not one.enabled:
            output.note(f"{one.name} is disabled in code: no schedule of it fires")
        elif job and not rows:
            output.note(f"{one.name}: its schedules never fire any more")
    for warning in warnings:
        output.note(f"warning: {warning}")
