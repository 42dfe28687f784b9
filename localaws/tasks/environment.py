"""What a container runs and sees: its definition, the overrides of RunTask, and the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws import clients
from localaws.executors import Container
from localaws.tasks.secrets import Client, resolve


@dataclass(frozen=True)
class Run:
    """Which run of a job a task belongs to, as its variables say; empty for any other task."""

    job: str = ""
    run: str = ""
    attempt: int = 0

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Run:
        """Read the ``BATCH_*`` variables."""
        attempt = variables.get("BATCH_ATTEMPT", "")
        return cls(
            job=variables.get("BATCH_JOB", ""),
            run=variables.get("BATCH_RUN", ""),
            attempt=int(attempt) if attempt.isdecimal() else 0,
        )


def override_of(overrides: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what RunTask overrides of a container."""
    for override in overrides.get("containerOverrides") or []:
        if override.get("name") == name:
            found: Mapping[str, Any] = override
            return found
    return {}


def variables(definition: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a container without its secrets."""
    pairs = [*(definition.get("environment") or []), *(override.get("environment") or [])]
    return {pair["name"]: pair["value"] for pair in pairs}


def command_of(definition: Mapping[str, Any], override: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the override's command, else the definition's, else nothing."""
    return tuple(override.get("command") or definition.get("command") or ())


def container(
    definition: Mapping[str, Any],
    overrides: Mapping[str, Any],
    *,
    task_arn: str,
    region: str,
    endpoint: str,
    client: Client,
) -> Container:
    """Return what is to run for a container definition.

    Raises:
        CannotStart: If one of its secrets cannot be read.
    """
    override = override_of(overrides, definition["name"])
    return Container(
        name=definition["name"],
        task_arn=task_arn,
        image=definition.get("image", ""),
        command=command_of(definition, override),
        entry_point=tuple(definition.get("entryPoint") or ()),
        environment={
            **clients.environment(endpoint=endpoint, region=region),
            **resolve(definition.get("secrets") or [], client, region),
            **variables(definition, override),
        },
        definition=definition,
    )
