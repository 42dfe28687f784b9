"""The jobs of a program, as its state machines and schedules say. Pure.

They are read from what the program registers, from a file that was saved before, or from what
``pulumi stack export`` prints: the same inputs stand in all three.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from batch.contract import DEFAULT_SCHEDULE, RUN_TASK, Tag
from batch.documents import job_machine
from batch.errors import InvalidInput, Problem
from batch.schedule import Schedule

VERSION = 1
"""Of a saved file."""

_MACHINE = "aws:sfn/stateMachine:StateMachine"
_SCHEDULE = "aws:scheduler/schedule:Schedule"

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class JobSchedule:
    """A schedule of a job."""

    expression: str
    timezone: str = "UTC"
    enabled: bool = True
    start: str | None = None
    end: str | None = None
    window_minutes: int = 0

    def parsed(self) -> Schedule:
        """Return it, able to tell its fire times."""
        start, end = (datetime.fromisoformat(t) if t else None for t in (self.start, self.end))
        return Schedule(self.expression, self.timezone, start, end)

    def next_times(self, after: datetime, count: int) -> list[datetime]:
        """Return its next fire times; none while it is disabled."""
        return self.parsed().next_times(after, count, created=after) if self.enabled else []


@dataclass(frozen=True)
class DeclaredJob:
    """A job, as far as a deployment of it says."""

    owner: str = ""
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    cpu: str = ""
    memory: str = ""
    attempt_seconds: int | None = None
    run_seconds: int | None = None
    task_definition: str = ""
    schedules: dict[str, JobSchedule] = field(default_factory=dict)
    rest: str = ""
    """A digest of all else in its state machine."""


Jobs = dict[str, DeclaredJob]


def of_resources(resources: Iterable[tuple[str, Inputs]]) -> Jobs:
    """Return the jobs of resources, which are types and inputs."""
    machines: dict[str, Inputs] = {}
    schedules: dict[str, dict[str, JobSchedule]] = {}
    for type_, inputs in resources:
        if type_ == _MACHINE and (job := (inputs.get("tags") or {}).get(Tag.JOB)):
            machines[job] = inputs
        elif type_ == _SCHEDULE and isinstance(inputs.get("name"), str):
            job, _, further = inputs["name"].partition(".")
            schedules.setdefault(job, {})[further or DEFAULT_SCHEDULE] = _schedule(inputs)
    machines.pop(RUN_TASK, None)
    return {job: _job(machines[job], schedules.get(job, {})) for job in sorted(machines)}


def _schedule(inputs: Inputs) -> JobSchedule:
    window = inputs.get("flexibleTimeWindow") or {}
    return JobSchedule(
        inputs["scheduleExpression"],
        inputs.get("scheduleExpressionTimezone") or "UTC",
        inputs.get("state") != "DISABLED",
        inputs.get("startDate"),
        inputs.get("endDate"),
        int(window.get("maximumWindowInMinutes") or 0),
    )


def _job(machine: Inputs, schedules: dict[str, JobSchedule]) -> DeclaredJob:
    definition = _object(machine.get("definition"))
    told = job_machine.told(definition)
    rest = json.loads(json.dumps(definition))
    if told:
        rest["States"]["Job"].pop("Output")
        # The owner is one of the tags.
        for told_already in ("Tags", "TaskDefinition"):
            rest["States"][job_machine.RUN]["Arguments"].pop(told_already, None)
    return DeclaredJob(
        owner=(machine.get("tags") or {}).get(Tag.OWNER, ""),
        command=list(told.get("commands", [])),
        environment={one["Name"]: one["Value"] for one in told.get("environment", [])},
        secrets=list(told.get("secrets", [])),
        cpu=str(told.get("cpu", "")),
        memory=str(told.get("memory", "")),
        attempt_seconds=told.get("attemptSeconds"),
        run_seconds=told.get("runSeconds"),
        task_definition=str(told.get("taskDefinition", "")),
        schedules=schedules,
        rest=hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16],
    )


def _object(text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# Files


def saved(jobs: Jobs, *, project: str, stack: str) -> str:
    """Return the text of a file that :func:`read` reads."""
    told = {name: asdict(job) for name, job in jobs.items()}
    content = {"batchctl": VERSION, "project": project, "stack": stack, "jobs": told}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read(text: str, name: str) -> Jobs:
    """Return the jobs in a saved file, or in what ``pulumi stack export`` printed.

    Args:
        name: the file's, for the error.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        content = json.loads(text)
        if isinstance(content, dict) and content.get("batchctl") == VERSION:
            return {job: _of_saved(one) for job, one in content["jobs"].items()}
        if isinstance(content, dict) and "deployment" in content:
            found = (content["deployment"] or {}).get("resources") or []
            return of_resources((one["type"], one.get("inputs") or {}) for one in found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"cannot be read ({type(error).__name__}: {error})"
    else:
        what = "is neither a saved state nor an exported stack"
    fix = "give a file of `batchctl check --save`, or of `pulumi stack export`"
    raise InvalidInput([Problem(name, what, fix)])


def _of_saved(job: Mapping[str, Any]) -> DeclaredJob:
    schedules = {name: JobSchedule(**one) for name, one in job["schedules"].items()}
    return DeclaredJob(**{**job, "schedules": schedules})
