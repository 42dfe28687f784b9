"""Where the AWS console shows a run. Pure."""

from __future__ import annotations

from batch import console
from batch.contract import Platform


def execution(platform: Platform, arn: str) -> str:
    """Return the address of an execution."""
    return console.executions(platform) + arn


def log(platform: Platform, stream: str) -> str:
    """Return the address of a log stream."""
    return console.task_logs(platform) + stream.replace("/", console.SLASH)
