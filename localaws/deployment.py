"""Deploys the Pulumi program into an emulator: evaluates it, and makes what it registers.

The program, its configuration and its stacks are the ones that ``pulumi up`` deploys to AWS.
Not in here: how a resource is made, see :mod:`localaws.provision`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from batch import stackfile
from batch.errors import BatchError
from localaws import provision
from localaws.errors import DeploymentFailed
from localaws.evaluation import Evaluation, evaluate
from localaws.monitor import Answer, Made, Registration, Resource


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
    left_out: frozenset[str] = field(default_factory=frozenset)
    """The URNs of what was not made."""


def deploy(
    emulator: provision.Emulator,
    stack: str = "local",
    project_dir: str | Path = ".",
    *,
    config: Mapping[str, Any] | None = None,
    needed: Callable[[Registration], bool] = lambda _: True,
) -> Deployment:
    """Deploy ``stack`` of the program in ``project_dir``.

    Args:
        emulator: Where to.
        stack: Which stack.
        project_dir: Where the program is.
        config: Wins over the stack's file, like ``pulumi up --config``.
        needed: Whether a resource must be made. One that need not be is left out where all that
            it will be is known without it, unless another one that is made depends on it.

    Raises:
        DeploymentFailed: the program or a resource failed. The emulator is empty again.
        InvalidInput: the program refused its configuration or a job.
    """
    read, context = prepared(emulator, stack, Path(project_dir).resolve(), config)
    making = _Making(context, needed)
    try:
        evaluation = evaluate(
            stack, context.project_dir, make=making, answer=asked_of_aws(context), stack_file=read
        )
    except BaseException:
        context.processes.end()
        _take_back(context)
        raise
    return deployment_of(stack, context.provider.region, evaluation, left_out=making.left_out)


def prepared(
    emulator: provision.Emulator,
    stack: str,
    directory: Path,
    config: Mapping[str, Any] | None = None,
) -> tuple[stackfile.StackFile, provision.Context]:
    """Return a stack's configuration with the emulator in it, and what its resources share."""
    read = stackfile.read(stack, directory)
    read = replace(read, config=_here({**read.config, **(config or {})}, emulator.endpoint))
    return read, provision.Context(
        emulator=emulator,
        project_dir=str(directory),
        provider=provision.provider_of(
            read.region or emulator.region, read.config.get("aws:defaultTags")
        ),
    )


def deployment_of(
    stack: str, region: str, evaluation: Evaluation, *, left_out: Iterable[str] = ()
) -> Deployment:
    """Return the deployment of what a program registered."""
    return Deployment(
        stack=stack,
        region=region,
        resources=evaluation.resources,
        outputs=evaluation.outputs,
        secrets=evaluation.secrets,
        warnings=evaluation.warnings,
        left_out=frozenset(left_out),
    )


@dataclass
class _Making:
    """Makes what is needed, and leaves out the rest until something needs it."""

    context: provision.Context
    needed: Callable[[Registration], bool]
    left_out: dict[str, Registration] = field(default_factory=dict)
    """By URN."""

    def __call__(self, registration: Registration) -> Made:
        if provision.foreseeable(registration) and not self.needed(registration):
            self.left_out[registration.urn] = registration
            return made(self.context, registration, later=True)
        return self._make(registration)

    def _make(self, registration: Registration) -> Made:
        for urn in registration.dependencies:
            if (late := self.left_out.pop(urn, None)) is not None:
                self._make(late)
        return made(self.context, registration)


def _here(config: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return configuration that names this emulator wherever it names an AWS.

    A program may hand endpoint and profile on to commands that it runs.
    """
    here = {key: value for key, value in config.items() if key != "aws:profile"}
    if given := config.get("aws:endpoints"):
        here["aws:endpoints"] = [dict.fromkeys(services, endpoint) for services in given]
    return here


def made(
    context: provision.Context,
    registration: Registration,
    *,
    later: bool = False,
    there: Resource | None = None,
) -> Made:
    """Make a resource, or change what is there, with errors that name it.

    Args:
        later: Only check it and tell what it will be.
        there: What was made of it before.

    Raises:
        DeploymentFailed: AWS refused it, or the emulator has no such thing.
    """
    try:
        if there is not None:
            return provision.change(context, registration, there)
        return provision.make(context, registration, later=later)
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


def asked_of_aws(context: provision.Context) -> Answer:
    """Return what answers the program's invokes from the emulator."""

    def answer(token: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            return provision.answer(context, token, args)
        except BatchError:
            raise
        except Exception as error:
            raise DeploymentFailed(f"{token}: {error}; correct its arguments") from error

    return answer


def _take_back(context: provision.Context) -> None:
    """Leave nothing half-made. An emulator holds one deployment: all in it is this one's."""
    for name in context.channels:
        context.emulator.slack.remove(name)
    context.emulator.reset()
