"""The tasks that a run started, and how each ended, from its own history.

Step Functions keeps a history for 90 days. What it says of a task is the task itself, as
DescribeTasks has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from batch.contract import RunError
from batchctl.aws import Aws
from batchctl.records import RunRecord


@dataclass(frozen=True)
class Attempt:
    """A task of a run."""

    task_arn: str = ""
    """Empty of a start that gave no task."""

    ended: bool = False
    exit_code: int | None = None
    stop_code: str = ""
    reason: str = ""

    def in_words(self) -> str:
        """Return how it ended, or that it has not."""
        said = f": {self.reason}" if self.reason else ""
        if not self.ended:
            return "is under way"
        if self.exit_code is not None:
            # ECS says of every exit that the container exited.
            extra = "" if self.reason == _EXITED else said
            return f"exit code {self.exit_code}{extra}"
        return f"{self.stop_code or 'no task'}{said}"


_EXITED = "Essential container in task exited"


_PLAIN = ("SUCCEEDED", RunError.EXIT_CODE)
"""Results that say all there is to say of a run's only task."""


def of_record(aws: Aws, record: RunRecord) -> list[Attempt] | None:
    """Return the tasks of a run, the oldest first; None where its history is no longer kept.

    What the record says of an only task spares the look into the history.
    """
    outcome = record.outcome
    if outcome and (outcome.skipped or (outcome.attempts == 1 and outcome.result in _PLAIN)):
        own = Attempt(
            outcome.task_arn, ended=True, exit_code=outcome.exit_code, reason=outcome.reason
        )
        return [own] if outcome.task_arn else []
    found: list[Attempt] = []
    try:
        for kind, details in _events(aws, record.arn):
            _take(found, kind, details)
    except aws.machines.exceptions.ExecutionDoesNotExist:
        return None
    return found


def _events(aws: Aws, arn: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kind and the details of each event that is about an ECS task."""
    pages = aws.machines.get_paginator("get_execution_history").paginate(executionArn=arn)
    for page in pages:
        for event in page["events"]:
            kind = event["type"]
            details: Any = event.get(f"{kind[:1].lower()}{kind[1:]}EventDetails")
            if details and details.get("resourceType") == "ecs":
                yield kind, details


def _take(found: list[Attempt], kind: str, details: dict[str, Any]) -> None:
    match kind:
        case "TaskSubmitted":
            tasks = _object(details.get("output")).get("Tasks", [])
            found.extend(Attempt(task["TaskArn"]) for task in tasks)
        case "TaskSucceeded" | "TaskFailed":
            text = details.get("output") or details.get("cause")
            task = _object(text)
            if "TaskArn" in task:
                _end(found, _of_task(task))
            elif kind == "TaskFailed":
                _end(found, Attempt(ended=True, reason=str(text or details.get("error") or "")))
        case "TaskSubmitFailed" | "TaskStartFailed":
            reason = str(details.get("cause") or details.get("error") or "")
            found.append(Attempt(ended=True, reason=reason))
        case "TaskTimedOut":
            _end(found, Attempt(ended=True, stop_code="over its time limit"))


def _end(found: list[Attempt], ended: Attempt) -> None:
    """Put an end to the attempt that it is of: its own, or the last one that has none."""
    for index, attempt in enumerate(found):
        if not attempt.ended and ended.task_arn in ("", attempt.task_arn):
            found[index] = replace(ended, task_arn=attempt.task_arn)
            return
    if ended.task_arn not in [attempt.task_arn for attempt in found]:
        found.append(ended)


def _of_task(task: dict[str, Any]) -> Attempt:
    overrides = task.get("Overrides", {}).get("ContainerOverrides") or [{}]
    # The container that runs the command is the one that the machine overrides.
    name = overrides[0].get("Name")
    own: dict[str, Any] = next(
        (each for each in task.get("Containers", []) if each.get("Name") == name), {}
    )
    reasons = dict.fromkeys(filter(None, (task.get("StoppedReason"), own.get("Reason"))))
    return Attempt(
        task["TaskArn"],
        ended=True,
        exit_code=own.get("ExitCode"),
        stop_code=str(task.get("StopCode") or ""),
        reason="; ".join(reasons),
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        document = json.loads(text or "")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
