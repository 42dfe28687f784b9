"""Deploys the Pulumi program into an emulator: evaluates it, and makes what it registers.

The program, its configuration and its stacks are the ones that ``pulumi up`` deploys to AWS.
Not in here: how a resource is made, see :mod:`localaws.provision`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from batch import stackfile
from batch.errors import BatchError
from localaws import provision
from localaws.errors import DeploymentFailed
from localaws.evaluation import evaluate
from localaws.monitor import Made, Registration, Resource


@dataclass(frozen=True)
class Deployment:
    """What was deployed."""

    stack: str
    region: str
    resources: tuple[Resource, ...]
    """In the order of declaration."""
    outputs: dict[str, Any]
    """The stack's outputs."""
    secrets: frozenset[str] = field(default_factory=frozenset)
    """The names of the outputs that are not to be shown."""
    warnings: tuple[str, ...] = ()
    """What the program warned of."""


def deploy(
    emulator: provision.Emulator,
    stack: str = "local",
    project_dir: str | Path = ".",
    *,
    config: Mapping[str, Any] | None = None,
) -> Deployment:
    """Deploy ``stack`` of the program in ``project_dir``.

    ``config`` wins over the stack's file, like ``pulumi up --config``.

    Raises:
        DeploymentFailed: the program or a resource failed. The emulator is empty again.
        InvalidInput: the program refused its configuration or a job.
    """
    directory = Path(project_dir).resolve()
    read = stackfile.read(stack, directory)
    read = replace(read, config=_here({**read.config, **(config or {})}, emulator.endpoint))
    region = read.region or emulator.region
    context = provision.Context(
        emulator=emulator,
        project_dir=str(directory),
        provider=provision.provider_of(region, read.config.get("aws:defaultTags")),
    )

    def make(registration: Registration) -> Made:
        return _made(context, registration)

    def answer(token: str, args: dict[str, Any]) -> dict[str, Any]:
        return _answered(context, token, args)

    try:
        evaluation = evaluate(stack, directory, make=make, answer=answer, stack_file=read)
    except BaseException:
        context.processes.end()
        _take_back(context)
        raise
    return Deployment(
        stack=stack,
        region=region,
        resources=evaluation.resources,
        outputs=evaluation.outputs,
        secrets=evaluation.secrets,
        warnings=evaluation.warnings,
    )


def _here(config: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return configuration that names this emulator wherever it names an AWS.

    A program may hand endpoint and profile on to commands that it runs.
    """
    here = {key: value for key, value in config.items() if key != "aws:profile"}
    if given := config.get("aws:endpoints"):
        here["aws:endpoints"] = [dict.fromkeys(services, endpoint) for services in given]
    return here


def _made(context: provision.Context, registration: Registration) -> Made:
    try:
        return provision.make(context, registration)
    except BatchError:
        raise
    except (ClientError, BotoCoreError) as error:
        raise DeploymentFailed(
            f"{registration.where}: {error}; correct the resource's properties"
        ) from error
    except Exception as error:
        raise DeploymentFailed(
            f"{registration.where}: {type(error).__name__}: {error}; "
            "the emulator could not make it from these properties"
        ) from error


def _answered(context: provision.Context, token: str, args: dict[str, Any]) -> dict[str, Any]:
    try:
        return provision.answer(context, token, args)
    except BatchError:
        raise
    except Exception as error:
        raise DeploymentFailed(f"{token}: {error}; correct its arguments") from error


def _take_back(context: provision.Context) -> None:
    """Leave nothing half-made. An emulator holds one deployment: all in it is this one's."""
    for name in context.channels:
        context.emulator.slack.remove(name)
    context.emulator.reset()
