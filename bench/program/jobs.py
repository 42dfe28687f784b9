"""The jobs of the measured program: it stands where the repository's own ``jobs`` would."""

from __future__ import annotations

import os

from bench import jobs
from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register as many jobs as the environment says."""
    for job in jobs.of(int(os.environ["BENCH_JOBS"])):
        ScheduledJob(
            job["name"],
            {
                "platform": platform.connection,
                "description": job["description"],
                "owner": job["owner"],
                "schedule": job["schedule"],
                "timezone": job["timezone"],
                "command": job["command"],
                "environment": job["environment"],
                "cpu": job["cpu"],
                "memory": job["memory"],
                "attempt_timeout": f"{job['attemptSeconds']}s",
                "run_timeout": f"{job['runSeconds']}s",
                "retry": {"attempts": job["attempts"], "interval": f"{job['retrySeconds']}s"},
            },
        )
