"""Where the AWS console shows a run. Pure."""

from __future__ import annotations

from batch.contract import Platform
from batch.documents.message import console


def execution(platform: Platform, arn: str) -> str:
    """Return the address of an execution."""
    return f"{console(platform)}/states/home?region={platform.region}#/v2/executions/details/{arn}"


def log(platform: Platform, stream: str) -> str:
    """Return the address of a log stream.

    The console wants ``/`` encoded twice, with ``$`` for ``%``.
    """
    group, name = (text.replace("/", "$252F") for text in (platform.task_log_group, stream))
    return (
        f"{console(platform)}/cloudwatch/home?region={platform.region}"
        f"#logsV2:log-groups/log-group/{group}/log-events/{name}"
    )
