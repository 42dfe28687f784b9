"""Evaluates a Pulumi program in this process: what it registers, asks for and exports.

Pulumi's mock monitor stands in for the engine. It has no engine's manners, so they are here:
one registration at a time in the order of declaration, no two of one URN, secrets unwrapped.
Not in here: making anything, see :mod:`localaws.deployment`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.stack import run_in_stack
from pulumi.runtime.sync_await import _ensure_event_loop

from batch import stackfile
from localaws import program
from localaws.errors import DeploymentFailed

log = logging.getLogger(__name__)

_STACK = "pulumi:pulumi:Stack"

_one_at_a_time = threading.Lock()
"""A program has the process's modules, import path and working directory to itself."""


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


@dataclass(frozen=True)
class Evaluation:
    """A program that ran to its end."""

    project: str
    stack: str
    resources: tuple[Resource, ...]
    """In the order of declaration."""
    outputs: dict[str, Any]
    secrets: frozenset[str] = frozenset()
    """The names of the outputs that are not to be shown."""
    warnings: tuple[str, ...] = ()


Make = Callable[[Registration], Made]
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


def evaluate(
    stack: str,
    project_dir: str | Path = ".",
    *,
    make: Make,
    answer: Answer,
    stack_file: stackfile.StackFile | None = None,
) -> Evaluation:
    """Run the program of ``project_dir`` for ``stack`` and return what it registered.

    ``make`` is called once a resource, one at a time; ``answer`` once an invoke.
    Pulumi keeps its settings in context variables and its event loop in the thread: a thread
    of its own leaves nothing behind for the next evaluation, and works below any caller.
    """
    directory = Path(project_dir).resolve()
    read = stack_file if stack_file is not None else stackfile.read(stack, directory)
    if not (directory / "__main__.py").is_file():
        raise DeploymentFailed(f"{directory}: no __main__.py; name the project's directory")
    run = _Run(read, directory, make, answer)
    thread = threading.Thread(target=run, name="pulumi-program", daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:
        # Ctrl-C reaches the caller's thread: the program's must not go on making things.
        run.monitor.failure = DeploymentFailed("the deployment was interrupted; start it again")
        raise
    if run.error is not None:
        raise run.error
    return run.evaluation()


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


@dataclass
class _Run:
    """One evaluation, on its own thread."""

    stack_file: stackfile.StackFile
    directory: Path
    make: Make
    answer: Answer
    error: BaseException | None = None
    monitor: _Monitor = field(init=False)
    engine: _Engine = field(init=False)

    def __post_init__(self) -> None:
        self.monitor = _Monitor(self.make, self.answer)
        self.engine = _Engine(log)

    def __call__(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            cause = self.monitor.failure or error
            self.error = program.failure(self.directory, cause)
            if self.error is not cause:
                self.error.__cause__ = cause

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        # What failed is raised to the caller. Each task that waited for it would complain again,
        # whenever it happens to be collected.
        loop.set_exception_handler(lambda _loop, _context: None)
        # One thread: registrations reach the monitor one by one, in the order of declaration.
        executor = ThreadPoolExecutor(1, thread_name_prefix="pulumi-rpc")
        loop.set_default_executor(executor)
        try:
            self._configure()
            with _one_at_a_time, program.surroundings(self.directory):
                loop.run_until_complete(run_in_stack(lambda: program.run(self.directory)))
        finally:
            _cancel_all(loop)
            # The monitor makes a loop in the executor's thread; unclosed, it complains at exit.
            executor.submit(_close_loop_of_thread).result()
            executor.shutdown()
            asyncio.set_event_loop(None)
            loop.close()

    def _configure(self) -> None:
        read = self.stack_file
        settings.configure(
            mocks.MockSettings(  # type: ignore[no-untyped-call]
                monitor=self.monitor,
                monitor_features=self.monitor.features(),
                engine=self.engine,
                project=read.project,
                stack=read.stack,
                organization="organization",
                root_directory=str(self.directory),
                dry_run=False,
                legacy_apply_enabled=False,
                parallel=None,
                callbacks=None,
                outputs=set(),
                lock=threading.Lock(),
                package_refs={},
                base_providers_by_ref={},
            )
        )
        pulumi_config.set_all_config(config_text(read.config), sorted(read.secrets))

    def evaluation(self) -> Evaluation:
        exported = self.monitor.exported
        return Evaluation(
            project=self.stack_file.project,
            stack=self.stack_file.stack,
            resources=tuple(self.monitor.made),
            outputs={name: plain(value) for name, value in exported.items()},
            secrets=frozenset(name for name, value in exported.items() if rpc.is_rpc_secret(value)),
            warnings=tuple(self.engine.warnings),
        )


class _Monitor(mocks.MockMonitor):
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
        # As the engine does: the types of all ancestors, without the stack's.
        ancestors = parent.split("::")[2] if parent else _STACK
        chain = type_ if ancestors == _STACK else f"{ancestors}${type_}"
        urn = (settings.get_stack(), settings.get_project(), chain, name)
        return "urn:pulumi:" + "::".join(map(str, urn))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self.pending = request
        return self._or_fail(super().RegisterResource, request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        self.pending = request
        return self._or_fail(super().ReadResource, request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        return self._or_fail(super().Invoke, request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
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
    def __init__(self, monitor: _Monitor) -> None:
        self._monitor = monitor

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return self._monitor.new_resource(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> Any:
        return self._monitor.answer(args.token, plain(args.args))


class _Engine(mocks.MockEngine):
    """Keeps what the program logs for people."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger)
        self.warnings: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: N802
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self.warnings.append(request.message)
        super().Log(request)  # type: ignore[no-untyped-call]


def config_text(config: Mapping[str, Any]) -> dict[str, str]:
    """Return configuration as the engine hands it over: text, and JSON where it is not text."""
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End what a failed program left waiting; an un-awaited task complains when collected."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _close_loop_of_thread() -> None:
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        return
    asyncio.set_event_loop(None)
    loop.close()
