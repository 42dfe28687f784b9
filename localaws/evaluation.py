"""Evaluates a Pulumi program in this process: what it registers, asks for and exports.

Pulumi's mock monitor stands in for the engine. Registrations come one at a time, in the order of
declaration. Not in here: making anything, see :mod:`localaws.deployment`.
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
from typing import Any

from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_in_stack

from batch import stackfile
from localaws import program
from localaws.errors import DeploymentFailed
from localaws.monitor import Answer, Engine, Make, Monitor, Resource, plain

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()
"""A program has the process's modules, import path and working directory to itself."""


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


def evaluate(
    stack: str,
    project_dir: str | Path = ".",
    *,
    make: Make,
    answer: Answer,
    stack_file: stackfile.StackFile | None = None,
    prepare: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Run the program of ``project_dir`` for ``stack`` and return what it registered.

    ``make`` is called once a resource, one at a time; ``answer`` once an invoke; ``prepare`` before
    the program, where it would import what it imports.
    Pulumi keeps its settings in context variables and its event loop in the thread: a thread
    of its own leaves nothing behind for the next evaluation, and works below any caller.
    """
    directory = Path(project_dir).resolve()
    read = stack_file if stack_file is not None else stackfile.read(stack, directory)
    if not (directory / "__main__.py").is_file():
        raise DeploymentFailed(f"{directory}: no __main__.py; name the project's directory")
    run = _Run(read, directory, make, answer, prepare)
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


@dataclass
class _Run:
    """One evaluation, on its own thread."""

    stack_file: stackfile.StackFile
    directory: Path
    make: Make
    answer: Answer
    prepare: Callable[[], None]
    error: BaseException | None = None
    monitor: Monitor = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.monitor = Monitor(self.make, self.answer)
        self.engine = Engine(log)

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
                loop.run_until_complete(run_in_stack(self._program))
        finally:
            _cancel_all(loop)
            # The monitor makes a loop in the executor's thread; unclosed, it complains at exit.
            executor.submit(_close_loop_of_thread).result()
            executor.shutdown()
            asyncio.set_event_loop(None)
            loop.close()

    def _program(self) -> None:
        self.prepare()
        program.run(self.directory)

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
