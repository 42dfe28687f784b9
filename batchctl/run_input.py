"""What one run does other than its job says: the options for it, checked before anything starts."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import click

OVERRIDES_LIMIT = 8192
"""Bytes that RunTask takes in all; the machine counts them with the job's own, and exactly."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def override_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--environment``, ``--cpu`` and ``--memory``; the command gets ``overrides``.

    ``overrides`` is a part of the execution input of the contract.
    """

    @click.option(
        "-e",
        "--environment",
        metavar="NAME=VALUE",
        multiple=True,
        help="Variable for this run; repeatable.",
    )
    @click.option("--cpu", metavar="UNITS", help="CPU units for this run, for instance 1024.")
    @click.option("--memory", metavar="MIB", help="Memory in MiB for this run, for instance 2048.")
    @functools.wraps(command)
    def with_overrides(
        *args: Any, environment: tuple[str, ...], cpu: str | None, memory: str | None, **kwargs: Any
    ) -> Any:
        return command(*args, overrides=_overrides(environment, cpu, memory), **kwargs)

    return with_overrides


command_option = click.option(
    "--command",
    metavar="TEXT",
    help="What to run: a line for bash -c, or a JSON list of words. Without JOB, any command.",
)


def commands_of(text: str) -> list[str]:
    """Return the words of ``--command``: a JSON list as it is, anything else as a bash line.

    Raises:
        click.UsageError: It is empty, or a list that is none.
    """
    if text.lstrip().startswith("["):
        try:
            words = json.loads(text)
        except ValueError as error:
            words = None
            # A word in quotes is no bash: it was to be a list.
            if re.match(r'\s*\[\s*("|\d)', text):
                raise click.UsageError(
                    f"--command: it begins as a JSON list and is none ({error}); "
                    'write ["program", "argument"], or a line for bash'
                ) from None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return words
        if words is not None:
            raise click.UsageError("--command: a JSON list must hold words and not be empty")
    if not text.strip():
        raise click.UsageError("--command: it is empty; say what to run")
    return ["bash", "-c", text]


def _overrides(environment: tuple[str, ...], cpu: str | None, memory: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if environment:
        given["environment"] = [_variable(assignment) for assignment in environment]
        _unlike([variable["Name"] for variable in given["environment"]])
    if cpu:
        given["cpu"] = _number("--cpu", cpu)
    if memory:
        given["memory"] = _number("--memory", memory)
    _check_size(given)
    if len(json.dumps(given, ensure_ascii=False).encode()) > OVERRIDES_LIMIT:
        raise click.UsageError(
            f"--environment: ECS takes {OVERRIDES_LIMIT:,} bytes of overrides; "
            "put what is larger into a file or a parameter that the job reads"
        )
    return given


def _variable(assignment: str) -> dict[str, str]:
    name, equals, value = assignment.partition("=")
    if not equals or not name:
        raise click.UsageError(
            f"--environment: {shlex.quote(assignment)} is not NAME=VALUE; write -e NAME=VALUE"
        )
    if not _VARIABLE.match(name):
        raise click.UsageError(
            f"--environment: {name!r} is no name of a variable; use letters, digits and _"
        )
    if name.startswith("BATCH_"):
        raise click.UsageError(
            f"--environment: {name} is the platform's, which would overwrite it; use another name"
        )
    return {"Name": name, "Value": value}


def _unlike(names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise click.UsageError(f"--environment: {twice[0]} is given twice; give it once")


def _number(option: str, text: str) -> str:
    if not re.fullmatch(r"[0-9]+", text):
        raise click.UsageError(f"{option}: {text!r} is not a whole number; see docs/jobs.md")
    return text


def _check_size(given: dict[str, Any]) -> None:
    """Refuse a size that Fargate has not, as far as the options tell it.

    With one of the two the other is the job's, which ECS compares.
    """
    from batch import fargate

    cpu, memory = (int(given[key]) if key in given else None for key in ("cpu", "memory"))
    if cpu is not None and cpu not in fargate.MEMORY:
        raise click.UsageError(str(fargate.bad_cpu(cpu, "--cpu")))
    if memory is not None and fargate.cpu_for(memory) is None:
        raise click.UsageError(str(fargate.bad_memory(memory, "--memory")))
    if cpu is not None and memory is not None:
        for problem in fargate.check(cpu, memory):
            raise click.UsageError(f"--{problem}")
