"""The log streams of a run: from its record where that has all of them."""

from __future__ import annotations

from batchctl import runs
from batchctl.aws import Aws
from batchctl.records import RunRecord


def of_run(aws: Aws, record: RunRecord) -> list[str]:
    """Return the streams of a run's attempts so far, the oldest first.

    The record has the last attempt's. Those before it are in the run's own history, which Step
    Functions keeps for 90 days.
    """
    last = record.outcome.log_stream if record.outcome else ""
    if record.outcome and (record.skip or record.outcome.attempts == 0):
        return []
    if last and record.outcome and record.outcome.attempts == 1:
        return [last]
    try:
        found = runs.streams(aws, record.arn)
    except aws.machines.exceptions.ExecutionDoesNotExist:
        found = []
    return found or ([last] if last else [])
