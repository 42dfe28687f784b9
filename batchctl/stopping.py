"""Ending a run: Step Functions stops its task, and the recorder writes down who asked."""

from __future__ import annotations

from batchctl.aws import Aws

CAUSE_LIMIT = 1000
"""Characters that are kept; StopExecution takes 32,768, and a message in a channel far fewer."""


def stop(aws: Aws, job: str, name: str, *, reason: str) -> None:
    """Ask Step Functions to stop a run. It ends ABORTED, some moments later.

    Args:
        reason: why, for whoever reads its record.
    """
    why = f": {reason}" if reason else ""
    aws.machines.stop_execution(
        executionArn=aws.platform.execution_arn(job, name),
        error="Stopped",
        cause=f"stopped by {aws.caller}{why}"[:CAUSE_LIMIT],
    )
