"""Runs of a deployed platform: started, found, waited for."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from batch.contract import log_stream
from batchctl.aws import Aws
from batchctl.errors import NotDeployed, NotFound, OperatorError
from batchctl.outcome import Outcome, of_execution

POLL_SECONDS = 2.0
"""DescribeExecution refills at 15 calls a second and more; a run is waited for by one caller."""


@dataclass(frozen=True)
class Run:
    """A run, as DescribeExecution tells it."""

    job: str
    name: str
    arn: str
    started: datetime
    ended: datetime | None
    input: Any
    """The execution input: an object, unless somebody gave what the machine refuses."""

    outcome: Outcome | None
    """None while it runs."""

    @property
    def id(self) -> str:
        """``JOB/RUN``: what every command takes to find it again."""
        return f"{self.job}/{self.name}"


def new_name(job: str) -> str:
    """Return a name for a run that sorts by time and tells its job: at most 80 characters."""
    return f"{job}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
"""StartExecution's ``name``, without what CloudWatch Logs would not log, or a shell take for an
option."""


def start(aws: Aws, job: str, run_input: dict[str, Any]) -> str:
    """Start a run of ``job`` under a new name, and return that."""
    name = new_name(job)
    start_named(aws, job, run_input, name=name)
    return name


def start_named(aws: Aws, job: str, run_input: dict[str, Any], *, name: str) -> Run | None:
    """Start a run of ``job`` under a name, unless there is one that does the same.

    Step Functions knows a name for 90 days after the run's end. Who asked may differ: a second call
    is often made by somebody else, or by the next attempt of a pipeline.

    Returns:
        The run that has the name already, or None if this call started it.

    Raises:
        OperatorError: The name is taken by a run with other input, or is none.
    """
    if not _NAME.fullmatch(name):
        raise OperatorError(
            f"{name}: no name for a run; use up to 80 letters, digits, hyphens, underscores and "
            "periods"
        )
    try:
        aws.machines.start_execution(
            stateMachineArn=aws.platform.state_machine_arn(job),
            name=name,
            input=json.dumps(run_input, sort_keys=True),
        )
    except aws.machines.exceptions.StateMachineDoesNotExist:
        raise NotDeployed(aws.platform) from None
    except aws.machines.exceptions.ExecutionAlreadyExists:
        there = describe(aws, job, name)
        if there is None or _asked(there.input) != _asked(run_input):
            raise OperatorError(
                f"{job}/{name}: another run has this name, with other input; "
                f"see it with `batchctl why {job}/{name}`, and choose another --name"
            ) from None
        return there
    return None


def _asked(run_input: Any) -> Any:
    if not isinstance(run_input, dict):
        return run_input
    return {key: value for key, value in run_input.items() if key != "requestedBy"}


def describe(aws: Aws, job: str, name: str) -> Run | None:
    """Return a run, or None where Step Functions does not know it (yet, or any more)."""
    arn = aws.platform.execution_arn(job, name)
    try:
        answer = aws.machines.describe_execution(executionArn=arn)
    except aws.machines.exceptions.ExecutionDoesNotExist:
        return None
    return Run(
        job,
        name,
        arn,
        answer["startDate"],
        answer.get("stopDate"),
        json.loads(answer.get("input") or "{}"),
        of_execution(dict(answer)),
    )


def wait(aws: Aws, job: str, name: str, *, each: Callable[[], None] = lambda: None) -> Run:
    """Return the run once it has ended, however long it takes; call ``each`` at every look."""
    while True:
        run = describe(aws, job, name)
        each()
        if run is not None and run.outcome is not None:
            return run
        pause(aws)


def pause(aws: Aws) -> None:
    """Let the time between two looks pass; an emulator may be asked more often."""
    time.sleep(POLL_SECONDS if aws.target.endpoint is None else POLL_SECONDS / 10)


def split(aws: Aws, text: str) -> tuple[str, str]:
    """Return job and name of a run: of its ARN, or of ``JOB/RUN``. The job may be unknown."""
    if text.startswith("arn:"):
        *_, machine, name = text.split(":")
        job = aws.platform.job_of(machine)
        if job is None:
            raise NotFound(
                f"{text}: not a run of {aws.platform.prefix}; check --env, --platform and --stack"
            )
        return job, name
    job, _, name = text.rpartition("/")
    return job, name


def streams(aws: Aws, arn: str) -> list[str]:
    """Return the log streams of a run's tasks so far, the oldest first, from its own history."""
    return [log_stream(_container(task), task["TaskArn"]) for task in _tasks(aws, arn)]


def _tasks(aws: Aws, arn: str) -> Iterator[dict[str, Any]]:
    """Yield the tasks that the run started, from its own history."""
    pages = aws.machines.get_paginator("get_execution_history").paginate(executionArn=arn)
    for page in pages:
        for event in page["events"]:
            submitted = event.get("taskSubmittedEventDetails")
            if submitted and submitted.get("resourceType") == "ecs":
                yield from json.loads(submitted.get("output") or "{}").get("Tasks", [])


def _container(task: dict[str, Any]) -> str:
    """Return the container that runs the command: the one that the machine overrides."""
    return str(task["Overrides"]["ContainerOverrides"][0]["Name"])
