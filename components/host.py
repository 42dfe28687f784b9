"""The provider behind the package: programs in other languages make the components through it.

It is Pulumi's own component provider, and as strict and as readable as it is for a program in
Python: whatever is wrong is told at once, by property and without a trace.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.output import Unknown
from pulumi.provider import main, server
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.runtime import proto

from batch.errors import InvalidInput
from batch.job.overrides import camel
from components import BatchPlatform, GithubActionsAccess, RunOnDeploy, ScheduledJob, prose
from components.shape import Shape, problem

NAME: Final = "batch"
"""What the package is called, in type tokens and SDKs."""

COMPONENTS: Final[list[type[pulumi.ComponentResource]]] = [
    BatchPlatform,
    GithubActionsAccess,
    RunOnDeploy,
    ScheduledJob,
]


class Package(ComponentProvider):
    """The components and their schema."""

    def __init__(self, release: str) -> None:
        """Infer the schema of ``release``, a version."""
        super().__init__(COMPONENTS, NAME, None, release)
        # A generated SDK adds `Args` itself: with its own, a type would be `VolumeArgsArgs`.
        unsuffixed = re.sub(r'("(?:#/types/)?batch:index:\w+)Args"', r'\1"', self.schema or "{}")
        inferred = json.loads(unsuffixed)
        for component in inferred["resources"].values():
            _allow_lists_in_go(component["inputProperties"])
        inferred["description"] = "Scheduled jobs on AWS without a batch server"
        inferred["license"] = "Apache-2.0"
        self.schema = json.dumps(prose.told(inferred, {*self._python_names(), "depends_on"}))

    def _python_names(self) -> Iterator[str]:
        for component in self._component_defs.values():
            yield from component.inputs_mapping.values()
            yield from component.outputs_mapping.values()
        for type_ in self._type_defs.values():
            yield from type_.properties_mapping.values()

    def map_inputs(self, inputs: Any, component_def: ComponentDefinition) -> Any:
        """Return the arguments as Python spells them.

        Raises:
            InputPropertiesError: with everything that has not the schema's shape.
        """
        awaited = {name: _awaited(value) for name, value in inputs.items()}
        problems = list(Shape(self._type_defs).problems(awaited, component_def.inputs))
        if problems:
            raise InputPropertiesError("the arguments are wrong", problems)
        return super().map_inputs(awaited, component_def)


def _allow_lists_in_go(properties: dict[str, Any]) -> None:
    """Take `plain` from lists of objects: for these a generated Go SDK names types it lacks.

    An Output in their place is still refused, when it arrives.
    """
    for value in properties.values():
        if "$ref" in value.get("items", {}):
            value.pop("plain", None)
            value["items"].pop("plain", None)


class Servicer(server.ProviderServicer):
    """The provider on the wire."""

    async def _construct(
        self, request: proto.ConstructRequest, context: Any
    ) -> proto.ConstructResponse:
        try:
            return await super()._construct(request, context)
        except server.ComponentInitError as error:
            if isinstance(error.inner, InvalidInput):
                raise refusal(error.inner, request.name) from None
            raise
        except InvalidInput as error:  # what only the value of an Output shows
            raise refusal(error, request.name) from None


class _Told(logging.Filter):
    """What is left of an error on its way is no news: the engine has it by property."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], InvalidInput))


def refusal(error: InvalidInput, name: str) -> InputPropertiesError:
    """Return ``error`` by property. What is about no property is in its message."""
    problems, rest = [], []
    for one in error.problems:
        if path := _property(one.where, name):
            problems.append(problem(path, f"{one.what}; {one.fix}"))
        else:
            rest.append(str(one))
    return InputPropertiesError("\n".join(rest) or "the arguments are wrong", problems)


def _property(where: str, name: str) -> str:
    """Return the property of a place; empty if it is the resource ``name`` or a whole job."""
    path = "" if where == name else re.sub(r"^jobs\.[^.]+\.?", "", where)
    people = re.search(r"\b(?:environment|secrets|schedules)\.", path)  # who name what is below
    spelt = path[: people.end()] if people else path
    return re.sub(r"[a-z_]+", lambda word: camel(word[0]), spelt) + path[len(spelt) :]


def _awaited(value: Any) -> Any:
    """Return ``value`` with an Output for each mark of an engine that sends no Outputs."""
    if isinstance(value, Unknown):
        return pulumi.Output.from_input(value)
    if isinstance(value, dict):
        return {name: _awaited(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_awaited(item) for item in value]
    return value


def serve() -> None:
    """Serve the components until the engine ends this process."""
    logging.getLogger("asyncio").addFilter(_Told())
    # `main` makes its own: there is no other way to hand it one.
    server.ProviderServicer = Servicer  # type: ignore[misc]
    main(Package(version("batch-platform")), sys.argv[1:])
