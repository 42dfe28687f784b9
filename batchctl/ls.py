"""``batchctl ls``: every job of the platform."""

from __future__ import annotations

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options


@click.command()
@target_options
@json_option
def ls(target: Target, *, as_json: bool) -> None:
    """List the jobs with schedule, next fire time and last run.

    Example: batchctl ls --env prod
    """
    from datetime import UTC, datetime

    from batchctl import deployed, output
    from batchctl.aws import Aws

    jobs = deployed.jobs(Aws(target), with_last_run=True)
    now = datetime.now(UTC)
    if as_json:
        output.write_json(
            [
                {
                    "job": job.name,
                    "owner": job.owner,
                    "enabled": job.enabled,
                    "schedules": {
                        schedule.name: {
                            "expression": schedule.expression,
                            "timezone": schedule.timezone,
                            "words": schedule.in_words(),
                            "enabled": schedule.enabled,
                        }
                        for schedule in job.schedules
                    },
                    "next": job.next_time(now),
                    "lastStatus": job.last_run["status"] if job.last_run else None,
                    "lastStart": job.last_run["startDate"] if job.last_run else None,
                }
                for job in jobs
            ]
        )
        return
    if not jobs:
        output.note(f"{target.prefix} has no jobs")
        return
    rows = []
    for job in jobs:
        words = "; ".join(schedule.in_words() for schedule in job.schedules) or "on demand"
        upcoming = job.next_time(now)
        last = (
            f"{job.last_run['status']} {output.moment(job.last_run['startDate'])}"
            if job.last_run
            else "never ran"
        )
        rows.append(
            (
                job.name,
                job.owner,
                words if job.enabled else f"{words} (disabled in code)",
                output.fire_time(upcoming) if upcoming else "",
                last,
            )
        )
    output.write_table(("JOB", "OWNER", "SCHEDULE", "NEXT", "LAST RUN"), rows)
