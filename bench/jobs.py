"""The jobs that every tool is given: the same command, size, limits and retries to each."""

from __future__ import annotations

from typing import Any, Final

COMMAND: Final = ["bash", "-c", "bundle exec rake report:nightly"]
ATTEMPTS: Final = 3
RETRY_SECONDS: Final = 60
ATTEMPT_SECONDS: Final = 2 * 60 * 60
RUN_SECONDS: Final = 8 * 60 * 60

RETENTION_DAYS: Final = 30
IMAGE: Final = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"
ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
SUBNETS: Final = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
SECURITY_GROUPS: Final = ["sg-0123456789abcdef0"]


def inputs(job: dict[str, Any]) -> dict[str, Any]:
    """Return what a job's YAML, or a component of it, would say of one of these."""
    return {
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
    }


def of(count: int) -> list[dict[str, Any]]:
    """Return ``count`` jobs as plain data."""
    return [
        {
            "name": f"report-{number:04}",
            "description": f"Report number {number}",
            "owner": f"team-{number % 20}",
            "schedule": f"cron({number % 60} {number // 60 % 24} * * ? *)",
            "timezone": "Asia/Tokyo",
            "command": COMMAND,
            "environment": {"REPORT": str(number), "RAILS_ENV": "production"},
            "cpu": 512,
            "memory": 1024,
            "attemptSeconds": ATTEMPT_SECONDS,
            "runSeconds": RUN_SECONDS,
            "attempts": ATTEMPTS,
            "retrySeconds": RETRY_SECONDS,
        }
        for number in range(count)
    ]
