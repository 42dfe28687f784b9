"""Deploys a program that has changed into the emulator that holds what it was before.

What is there as the program wants it stays, with its runs and their history. The rest is changed,
made or removed once the program has run to its end: one that fails changes nothing. What jobs are
made of can be changed; any other change takes a fresh emulator, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws import provision
from localaws.deployment import Deployment, asked_of_aws, deployment_of, made, prepared
from localaws.errors import DeploymentFailed
from localaws.evaluation import evaluate
from localaws.monitor import Made, Registration, Resource

_AT_ONCE = frozenset({"aws:ecs/taskDefinition:TaskDefinition", "command:local:Command"})
"""What cannot wait for the program's end: what comes of the change is not known before."""


@dataclass(frozen=True)
class Redeployment:
    """What is deployed now, and what that took."""

    deployment: Deployment
    made: tuple[Registration, ...]
    changed: tuple[Registration, ...]
    removed: tuple[Registration, ...]


def deploy_again(
    emulator: provision.Emulator,
    before: Deployment,
    project_dir: str | Path = ".",
    *,
    config: Mapping[str, Any] | None = None,
) -> Redeployment:
    """Deploy the program in ``project_dir`` as it is now.

    Args:
        emulator: Holds what ``before`` made.
        before: The deployment before; with nothing left out.
        project_dir: Where the program is.
        config: Wins over the stack's file, as in the deployment before.

    Raises:
        DeploymentFailed: the program failed, or a change cannot be made. Nothing is changed.
        InvalidInput: the program refused its configuration or a job. Nothing is changed.
    """
    read, context = prepared(emulator, before.stack, Path(project_dir).resolve(), config)
    changing = _Changing(
        context, {resource.registration.urn: resource for resource in before.resources}
    )
    try:
        evaluation = evaluate(
            before.stack,
            context.project_dir,
            make=changing,
            answer=asked_of_aws(context),
            stack_file=read,
        )
        gone = changing.gone()
    except BaseException:
        context.processes.end()
        changing.take_back()
        raise
    changing.finish()
    for resource in gone:
        provision.remove(context, resource)
    return Redeployment(
        deployment_of(before.stack, before.region, evaluation),
        made=tuple(changing.made),
        changed=tuple(changing.changed),
        removed=tuple(resource.registration for resource in gone),
    )


@dataclass
class _Changing:
    """Decides of each registration what it takes, and puts it off while it can."""

    context: provision.Context
    there: dict[str, Resource]
    """What was made before, by URN."""

    made: list[Registration] = field(default_factory=list)
    changed: list[Registration] = field(default_factory=list)
    _put_off: dict[str, Registration] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _done: list[Resource] = field(default_factory=list)

    def __call__(self, registration: Registration) -> Made:
        self._seen.add(registration.urn)
        there = self.there.get(registration.urn)
        if there is None:
            self.made.append(registration)
            if not provision.foreseeable(registration):
                return self._do(registration)
            self._put_off[registration.urn] = registration
            return made(self.context, registration, later=True)
        # A provider is the context's, which is new.
        if registration.type.startswith("pulumi:") and registration.custom:
            return made(self.context, registration)
        if registration.inputs == there.registration.inputs:
            self.context.keep(registration, there.id)
            return _as_before(registration, there)
        if not provision.changeable(registration):
            keys = ", ".join(_differing(registration.inputs, there.registration.inputs))
            raise DeploymentFailed(
                f"{registration.where}: {keys} changed, which an emulator that runs cannot follow; "
                "end it and start it again"
            )
        if registration.custom:
            self.changed.append(registration)
        if registration.type in _AT_ONCE:
            return self._do(registration)
        self._put_off[registration.urn] = registration
        return _as_before(registration, there)

    def gone(self) -> list[Resource]:
        """Return what the program has no longer, the last that was made first.

        Raises:
            DeploymentFailed: Some of it cannot be removed.
        """
        gone = [self.there[urn] for urn in reversed(self.there) if urn not in self._seen]
        for resource in gone:
            if not provision.removable(resource.registration):
                raise DeploymentFailed(
                    f"{resource.registration.where}: an emulator that runs cannot remove it; "
                    "end it and start it again"
                )
        return [resource for resource in gone if resource.registration.custom]

    def finish(self) -> None:
        """Do all that was put off."""
        for urn in list(self._put_off):
            if (registration := self._put_off.pop(urn, None)) is not None:
                self._do(registration)

    def take_back(self) -> None:
        """Remove what was made before the program failed."""
        for resource in reversed(self._done):
            if provision.removable(resource.registration):
                provision.remove(self.context, resource)

    def _do(self, registration: Registration) -> Made:
        for urn in registration.dependencies:
            if (late := self._put_off.pop(urn, None)) is not None:
                self._do(late)
        there = self.there.get(registration.urn)
        result = made(self.context, registration, there=there)
        if there is None and registration.custom:
            self._done.append(Resource(registration, result.id, result.outputs))
        return result


def _as_before(registration: Registration, there: Resource) -> Made:
    """Return what was made before, without what the program says itself."""
    said = registration.inputs.keys() | there.registration.inputs.keys()
    return Made(
        there.id, {name: value for name, value in there.outputs.items() if name not in said}
    )


def _differing(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(now.keys() | before.keys()):
        if now.get(key) != before.get(key):
            yield key
