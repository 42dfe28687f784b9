"""Where the AWS console shows things: the addresses that messages and commands link to."""

from __future__ import annotations

from typing import Final

from batch.contract import Platform

_HOSTS: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}

SLASH: Final = "$252F"
"""How the address of a log has a slash: encoded twice, with ``$`` for ``%``."""


def executions(platform: Platform) -> str:
    """Return the start of the address of an execution, which ends with its ARN."""
    return f"{_start(platform)}/states/home?region={platform.region}#/v2/executions/details/"


def task_logs(platform: Platform) -> str:
    """Return the start of the address of a task's log, which ends with its stream.

    The stream has :data:`SLASH` for each slash.
    """
    return f"{task_log_group(platform)}/log-events/"


def state_machine(platform: Platform, arn: str) -> str:
    """Return the address of a state machine."""
    return f"{_start(platform)}/states/home?region={platform.region}#/statemachines/view/{arn}"


def schedule(platform: Platform, group: str, name: str) -> str:
    """Return the address of a schedule."""
    return f"{_start(platform)}/scheduler/home?region={platform.region}#schedules/{group}/{name}"


def task_log_group(platform: Platform) -> str:
    """Return the address of the log group of the tasks."""
    group = platform.task_log_group.replace("/", SLASH)
    return (
        f"{_start(platform)}/cloudwatch/home?region={platform.region}"
        f"#logsV2:log-groups/log-group/{group}"
    )


def _start(platform: Platform) -> str:
    host = _HOSTS.get(platform.partition, _HOSTS["aws"])
    return f"https://{platform.region}.{host}"
