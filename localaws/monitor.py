"""The engine's side of a program's registrations: Pulumi's mock monitor, with an engine's manners.

The mock monitor takes two resources of one URN, knows only a resource's direct parent, and hands
secrets over as they are on the wire. Not in here: running a program, see
:mod:`localaws.evaluation`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.sync_await import _ensure_event_loop

from localaws.errors import DeploymentFailed

_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Registration:
    """What a program asks the engine to make."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    """Plain values: secrets unwrapped, whole numbers as int."""
    custom: bool = True
    """False for a component, which nobody makes."""
    read: str = ""
    """The id of what exists already and is only looked up (``Resource.get``)."""
    provider: str = ""
    """``URN::id`` of an explicit provider."""
    parent: str = ""
    dependencies: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The type and name, as errors name it."""
        return f"{self.type} {self.name!r}"


class Made(NamedTuple):
    """What making a resource gave."""

    id: str
    outputs: dict[str, Any] = {}
    """Added to the inputs; names as the provider has them (camelCase)."""


@dataclass(frozen=True)
class Resource:
    """A registration and what became of it."""

    registration: Registration
    id: str
    outputs: dict[str, Any]


Make = Callable[[Registration], Made]
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


def plain(value: Any) -> Any:
    """Return a wire value without its marks of secrecy; Pulumi sends every number as a float."""
    if rpc.is_rpc_secret(value):
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


class Monitor(mocks.MockMonitor):
    """The engine's side of a registration."""

    def __init__(self, make: Make, answer: Answer) -> None:
        super().__init__(_Mocks(self))
        self.make, self.answer = make, answer
        self.made: list[Resource] = []
        self.exported: dict[str, Any] = {}
        self.failure: BaseException | None = None
        self.pending: Any = None

    def features(self) -> set[int]:
        """Return what Pulumi's SDK may ask of this engine."""
        info = self.GetDeploymentInfo(None)  # type: ignore[no-untyped-call]
        return set(info.supportedFeatures)

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the engine's URN: with the types of all ancestors, without the stack's."""
        ancestors = parent.split("::")[2] if parent else _STACK
        chain = type_ if ancestors == _STACK else f"{ancestors}${type_}"
        urn = (settings.get_stack(), settings.get_project(), chain, name)
        return "urn:pulumi:" + "::".join(map(str, urn))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Make a resource, or note a component."""
        self.pending = request
        return self._or_fail(super().RegisterResource, request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Look up what exists already."""
        self.pending = request
        return self._or_fail(super().ReadResource, request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a question of the program."""
        return self._or_fail(super().Invoke, request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep what the stack exports."""
        if request.urn.split("::")[2] == _STACK:
            _ensure_event_loop()  # type: ignore[no-untyped-call]
            self.exported = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def _or_fail(self, handle: Callable[[Any], Any], request: Any) -> Any:
        # What was declared after a failure may depend on it: nothing more is made.
        if self.failure is not None:
            raise self.failure
        try:
            return handle(request)
        except BaseException as error:
            self.failure = error
            raise

    def new_resource(self, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Have the pending request's resource made, unless its URN is taken."""
        request = self.pending
        urn = self.make_urn(request.parent, request.type, request.name)
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=plain(dict(inputs)),
            # Only what is read has an id in its request, and only resources can be read.
            custom=getattr(request, "custom", True),
            read=getattr(request, "id", ""),
            provider=request.provider,
            parent=request.parent,
            dependencies=tuple(request.dependencies),
        )
        if urn in self.resources:
            raise DeploymentFailed(
                f"{registration.where}: registered twice, its URN is {urn}; "
                "give one of the two another name"
            )
        made = self.make(registration)
        outputs = {**inputs, **made.outputs}
        self.made.append(Resource(registration, made.id, plain(outputs)))
        return made.id, outputs


class _Mocks(mocks.Mocks):
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return self._monitor.new_resource(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> Any:
        return self._monitor.answer(args.token, plain(args.args))


class Engine(mocks.MockEngine):
    """Keeps what the program logs for people."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger)
        self.warnings: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: N802
        """Keep a warning, and log everything."""
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self.warnings.append(request.message)
        super().Log(request)  # type: ignore[no-untyped-call]
