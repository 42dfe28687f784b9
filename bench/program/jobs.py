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
            {"platform": platform.connection, **jobs.inputs(job)},  # type: ignore[typeddict-item]
        )
