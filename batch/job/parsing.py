"""From what a team wrote to a :class:`Job`, every problem told at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from batch import contract, fargate
from batch.errors import InvalidJob, Problem
from batch.job import limits, overrides, promises, shapes, surroundings, timing
from batch.job.model import (
    DEFAULT_MAX_EVENT_AGE,
    DEFAULT_RETRY,
    DEFAULT_START_RETRY,
    Backoff,
    Job,
    Retry,
)
from batch.reading import Reader

OVERRIDES_LIMIT: Final = 8192
"""Bytes of the overrides of one RunTask call, JSON included."""

ARCHITECTURES: Final = ("X86_64", "ARM64")

_OF_THE_PLATFORM: Final = {
    "BATCH_RUN": "x" * 80,  # the longest name of an execution
    "BATCH_ATTEMPT": "10",
    "BATCH_TRIGGER": "schedule",
    "BATCH_SCHEDULED_TIME": "2026-11-23T18:00:00Z",
}


def job(name: str, raw: Mapping[str, Any], stack: Mapping[str, Any]) -> Job:
    """Return the job that ``raw`` describes, with what ``stack`` says about it in its place."""
    problems = overrides.override_problems(f"jobs.{name}", stack)
    spelling = overrides.spelt(stack)
    reader = Reader(
        overrides.merged(raw, stack),
        problems=problems,
        where=f"jobs.{name}",
        spelling=lambda key: spelling.get(key, key),
    )
    reader.refuse_unknown(overrides.KEYS)
    _check_name(name, problems)
    retry = _retry(reader)
    attempt_timeout, run_timeout = limits.read(reader, retry)
    cpu, memory = _size(reader)
    promised = promises.read(reader)
    result = Job(
        name=name,
        command=_command(reader),
        owner=reader.text("owner", pattern=shapes.OWNER, example="'team-reporting'"),
        description=reader.text("description", limit=shapes.DESCRIPTION_LIMIT),
        schedules=timing.schedules(name, reader),
        flexible_window_minutes=reader.integer("flexible_window_minutes", minimum=0, maximum=1440)
        or 0,
        enabled=reader.flag("enabled", default=True),
        cpu=cpu,
        memory=memory,
        ephemeral_storage_gib=reader.integer("ephemeral_storage_gib", minimum=21, maximum=200),
        architecture=reader.choice("architecture", "", ARCHITECTURES) or None,
        spot=reader.flag("spot", default=False),
        volumes=surroundings.volumes(reader),
        environment=surroundings.environment(reader),
        secrets=surroundings.secrets(reader),
        image=reader.text("image", pattern=shapes.IMAGE, example="'<registry>/report:1.2'") or None,
        container=reader.text("container", pattern=shapes.CONTAINER, example="'rails'") or None,
        permissions=surroundings.permissions(reader),
        attempt_timeout_seconds=attempt_timeout,
        run_timeout_seconds=run_timeout,
        retry=retry,
        start_retry=_backoff(
            reader.section("start_retry", overrides.BACKOFF_KEYS), DEFAULT_START_RETRY
        ),
        max_event_age_seconds=_max_event_age(reader, promised["start_deadline_seconds"]),
        **promised,
    )
    _check_together(result, reader)
    if problems:
        raise InvalidJob(problems)
    return result


def _check_name(name: str, problems: list[Problem]) -> None:
    where = f"jobs.{name}"
    if not shapes.matches(shapes.JOB_NAME, name):
        what = "a job's name has small letters, digits and hyphens and begins with a letter"
        problems.append(Problem(where, what, "rename it, for instance 'nightly-report'"))
    if len(name) > shapes.JOB_NAME_LIMIT:
        what = f"the name has {len(name)} characters"
        problems.append(Problem(where, what, f"use at most {shapes.JOB_NAME_LIMIT}"))
    if name == contract.RUN_TASK:
        what = "the name belongs to the machine that runs arbitrary commands"
        problems.append(Problem(where, what, "give the job another name"))


def _command(reader: Reader) -> tuple[str, ...]:
    if reader.given("command") and reader.given("shell"):
        fix = "keep command (a list) or shell (one string for bash -c)"
        reader.problem("command", "both command and shell are given", fix)
        return ()
    if reader.given("shell"):
        shell = reader.text("shell")
        if shell.strip():
            return ("bash", "-c", shell)
    if isinstance(reader.raw.get("command"), str) and reader.given("command"):
        fix = "write a list of the program and its arguments, or use shell"
        reader.problem("command", "is one string", fix)
        return ()
    command = reader.strings("command")
    if not command or not command[0]:
        key = "shell" if "shell" in reader.raw else "command"
        reader.problem(key, "there is no command", "give command (a list) or shell (one string)")
    return command


def _size(reader: Reader) -> tuple[int | None, int | None]:
    cpu = reader.integer("cpu", minimum=1, maximum=10**6)
    memory = reader.integer("memory", minimum=1, maximum=10**6)
    if cpu is not None and memory is not None:
        reader.problems.extend(
            Problem(reader.at(problem.where), problem.what, problem.fix)
            for problem in fargate.check(cpu, memory)
        )
    elif cpu is not None:
        memory = fargate.memory_for(cpu)
        if memory is None:
            reader.problems.append(fargate.bad_cpu(cpu, reader.at("cpu")))
    elif memory is not None:
        cpu = fargate.cpu_for(memory)
        if cpu is None:
            reader.problems.append(fargate.bad_memory(memory, reader.at("memory")))
    return cpu, memory


def _retry(reader: Reader) -> Retry:
    section = reader.section("retry", overrides.RETRY_KEYS)
    backoff = _backoff(section, DEFAULT_RETRY)
    return Retry(
        attempts=backoff.attempts,
        interval_seconds=backoff.interval_seconds,
        backoff_rate=backoff.backoff_rate,
        max_delay_seconds=backoff.max_delay_seconds,
        jitter=backoff.jitter,
        exit_codes=section.integers("exit_codes", minimum=1, maximum=255),
    )


def _backoff(reader: Reader, default: Backoff) -> Backoff:
    interval = limits.duration(reader, "interval", minimum=1, maximum=86400)
    max_delay = limits.duration(reader, "max_delay", minimum=1, maximum=86400)
    if interval is not None and max_delay is not None and interval > max_delay:
        reader.problem("max_delay", "is shorter than interval", "make it the longer one")
    return Backoff(
        attempts=reader.integer("attempts", minimum=1, maximum=10) or default.attempts,
        interval_seconds=interval
        or min(default.interval_seconds, max_delay or default.interval_seconds),
        backoff_rate=reader.number("backoff_rate", minimum=1, maximum=10) or default.backoff_rate,
        max_delay_seconds=max_delay or max(default.max_delay_seconds, interval or 0),
        jitter=reader.flag("jitter", default=default.jitter),
    )


def _max_event_age(reader: Reader, deadline: int | None) -> int:
    age = limits.duration(reader, "max_event_age", minimum=60, maximum=86400)
    # Scheduler must not give up a start that the job would still take.
    return max(age or DEFAULT_MAX_EVENT_AGE, deadline or 0)


def _check_together(job: Job, reader: Reader) -> None:
    for name in sorted(job.environment.keys() & job.secrets.keys()):
        what = "is also the name of a secret"
        reader.problem(f"environment.{name}", what, "keep it in environment or in secrets")
    size = overrides_size(job)
    if size > OVERRIDES_LIMIT:
        what = f"command and environment take {size} bytes of RunTask's {OVERRIDES_LIMIT:,}"
        fix = "move what is long into the image, a file or a secret"
        reader.problem("environment", what, fix)


def overrides_size(job: Job) -> int:
    """Return the bytes of the overrides that a run of ``job`` sends to RunTask at most."""
    variables = {**job.environment, "BATCH_JOB": job.name, **_OF_THE_PLATFORM}
    container = {
        "Name": job.container or contract.DEFAULT_CONTAINER,
        "Command": list(job.command),
        "Environment": [{"Name": name, "Value": value} for name, value in variables.items()],
    }
    document = {
        "Cpu": str(job.cpu or 256),
        "Memory": str(job.memory or 512),
        "ContainerOverrides": [container],
    }
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
