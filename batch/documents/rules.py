"""Which ends of runs are told, and the message that Amazon Q shows in a channel.

One pair of rules serves every job of the platform. Only the machines of jobs are named ``P-...``,
so that no other machine of the account is heard.
"""

from __future__ import annotations

import json
from typing import Any, Final

from batch.contract import Platform

_FAILURES: Final = ("FAILED", "TIMED_OUT", "ABORTED")

_CONSOLES: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def success(platform: Platform) -> dict[str, Any]:
    """Return the pattern of the runs that did their work.

    A skipped run succeeds too, but has done nothing. The event has the output as text, in which
    only ``"result": "SUCCEEDED"`` holds that word in quotes.
    """
    return _pattern(platform, status=["SUCCEEDED"], output=[{"wildcard": '*"SUCCEEDED"*'}])


def failure(platform: Platform) -> dict[str, Any]:
    """Return the pattern of the runs that failed, took too long or were aborted."""
    return _pattern(platform, status=list(_FAILURES))


def message(*, platform: Platform, succeeded: bool) -> dict[str, Any]:
    """Return the input transformer that makes an event a custom notification of Amazon Q.

    Its values are put into the JSON as they are, so only those are used that can hold neither
    quotes nor line breaks: ARNs, names, states. The cause is none of them, and shown by the
    command that the message ends with. The job is the end of the machine's ARN; a template can
    not cut it out.

    Returns:
        ``input_paths`` and ``input_template``, as a rule's target takes them.
    """
    executions = (
        f"https://{platform.region}.{_console(platform)}/states/home"
        f"?region={platform.region}#/v2/executions/details"
    )
    ended = "a run succeeded" if succeeded else "a run did not succeed: <status>"
    notification = {
        "version": "1.0",
        "source": "custom",
        "id": "<id>",
        "content": {
            "textType": "client-markdown",
            "title": f"{platform.prefix}: {ended}",
            "description": f"*<machine>*\nRun `<name>`\n{executions}/<execution>",
            "nextSteps": [f"`batchctl logs <execution> --env {platform.stack}`"],
        },
        "metadata": {
            # One thread a job.
            "threadId": "<machine>",
            "summary": f"<status>: <name> on {platform.prefix}",
            "eventType": "batch-run-succeeded" if succeeded else "batch-run-failed",
            "relatedResources": ["<machine>", "<execution>"],
        },
    }
    return {
        "input_paths": {
            "id": "$.id",
            "execution": "$.detail.executionArn",
            "machine": "$.detail.stateMachineArn",
            "name": "$.detail.name",
            "status": "$.detail.status",
        },
        "input_template": json.dumps(notification, indent=1),
    }


def _pattern(platform: Platform, **detail: Any) -> dict[str, Any]:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "account": [platform.account],
        "detail": {
            "stateMachineArn": [{"prefix": platform.state_machine_arn("")}],
            **detail,
        },
    }


def _console(platform: Platform) -> str:
    return _CONSOLES.get(platform.partition, _CONSOLES["aws"])
