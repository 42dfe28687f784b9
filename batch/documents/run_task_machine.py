"""The state machine for arbitrary commands: a job without a command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batch.contract import RUN_TASK, Platform
from batch.documents import job_machine
from batch.job import Job


def definition(
    *,
    platform: Platform,
    container: str,
    subnets: Sequence[str],
    security_groups: Sequence[str],
    public_ip: bool,
    project: str,
    history_days: int = 400,
    success_messages: bool = True,
) -> dict[str, Any]:
    """Return the definition of ``P-run-task``, whose input must bring ``commands``."""
    return job_machine.definition(
        platform=platform,
        job=Job(RUN_TASK, description=f"Runs any command on {platform.prefix}"),
        family=platform.family(),
        container=container,
        subnets=subnets,
        security_groups=security_groups,
        public_ip=public_ip,
        project=project,
        history_days=history_days,
        success_messages=success_messages,
    )
