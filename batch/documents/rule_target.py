"""What EventBridge calls when a run has ended: the recorder."""

from __future__ import annotations

from batch.contract import Platform
from batch.documents.statements import Statement, allow


def permissions(*, platform: Platform) -> list[Statement]:
    """Return what the role of the rules' targets needs."""
    return [allow(["states:StartExecution"], [platform.own_machine_arn(platform.recorder)])]
