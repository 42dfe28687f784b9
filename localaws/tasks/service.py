"""The part of ECS's API that makes moto's tasks real."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from moto.ecs.exceptions import EcsClientException, TaskDefinitionNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend

from localaws.clients import make_client
from localaws.errors import EmulatorError
from localaws.executors import Executor
from localaws.executors.container import ContainerExecutor, Engine, find_engine
from localaws.executors.process import ProcessExecutor
from localaws.feed import ExecutionStatusChange, Feed, Happening, LogLine
from localaws.hooks import Hooks
from localaws.tasks.environment import Run, container, override_of, variables
from localaws.tasks.life import Life, Plan
from localaws.tasks.logs import Stream, open_stream
from localaws.tasks.record import Record, StopCode
from localaws.tasks.rights import Rights

EXECUTORS: Final = ("auto", "process", "container")

STOPPED_BY_USER: Final = "Task stopped by user"
"""The reason where StopTask names none."""

ABORTED: Final = "Stopped by AWS Step Functions: the execution was stopped"

_CLOSE_SECONDS: Final = 20.0

_installed: Tasks | None = None


class Tasks:
    """Runs the tasks that RunTask starts on Fargate.

    Args:
        feed: Is told what they write and how they fare.
        endpoint: Where the emulator's API is; what runs talks to it.
        executor: ``process``, ``container``, or ``auto``: a process, unless the task's image is
            one that a responding engine already has.
        stop_seconds: Between SIGTERM and SIGKILL, instead of what container definitions say.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        endpoint: str,
        executor: str = "auto",
        stop_seconds: float | None = None,
    ) -> None:
        if executor not in EXECUTORS:
            raise EmulatorError(
                f"executor: there is no {executor!r}; use {', '.join(EXECUTORS[:-1])} "
                f"or {EXECUTORS[-1]}"
            )
        self.stop_seconds = stop_seconds
        self._feed = feed
        self._endpoint = endpoint
        self._kind = executor
        self._id = uuid4().hex
        self._lives: dict[str, Life] = {}
        self._lock = threading.Lock()
        self._api_lock = threading.RLock()
        self._hooks = Hooks()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._closed = False

    def install(self) -> None:
        """Make the ECS of this process start and stop real tasks; twice is once.

        Raises:
            EmulatorError: If containers are asked for and no engine responds.
        """
        # moto's ECS is one a process as well.
        global _installed
        if self._kind == "container" and self._engine is None:
            raise EmulatorError(
                "executor: neither docker nor podman responds; start one, or use process"
            )
        if _installed:
            _installed._remove()
        _installed = self
        self._closed = False
        self._unsubscribe = self._feed.subscribe(self._hear)
        self._hooks.answer(EC2ContainerServiceBackend, "run_task", self._run_task)
        self._hooks.answer(EC2ContainerServiceBackend, "stop_task", self._stop_task)
        # moto goes over its tasks while other threads add some, and then it fails.
        self._hooks.answer(EC2ContainerServiceBackend, "list_tasks", self._alone)
        self._hooks.answer(EC2ContainerServiceBackend, "describe_tasks", self._describe_tasks)

    def close(self) -> None:
        """End every task, as :meth:`forget` does, and let moto's ECS be."""
        if _installed is self:
            self._remove()
        with self._lock:
            self._closed = True
        self.forget()

    def forget(self) -> None:
        """End every task at once, and tell nobody: the emulator is reset."""
        with self._lock:
            lives, self._lives = list(self._lives.values()), {}
        for life in lives:
            life.abandon()
        for life in lives:
            life.join(_CLOSE_SECONDS)

    def stop(self, task_arn: str, *, reason: str, code: StopCode = StopCode.USER) -> bool:
        """Stop a task, as ECS would for ``code``. Return whether it was not over yet."""
        with self._lock:
            life = self._lives.get(task_arn)
        if life is None or life.record.is_stopped:
            return False
        life.stop(code, reason)
        return True

    def _remove(self) -> None:
        global _installed
        _installed = None
        self._hooks.remove()
        self._unsubscribe()

    def _run_task(
        self, original: Callable[..., Any], backend: Any, *args: Any, **named: Any
    ) -> Any:
        wanted = args[1] if len(args) > 1 else named["task_definition_str"]
        backend._get_cluster(args[0] if args else named["cluster_str"])
        try:
            definition = backend.describe_task_definition(wanted)
        except TaskDefinitionNotFoundException as error:
            raise EcsClientException("TaskDefinition not found.") from error
        if definition.status != "ACTIVE":
            raise EcsClientException("TaskDefinition is inactive")
        tasks = self._alone(original, backend, *args, **named)
        for task in tasks:
            # A task on an EC2 instance stays moto's.
            if task.container_instance_arn is None:
                self._start(task, definition)
        return tasks

    def _describe_tasks(self, original: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return [self._snapshot(task) for task in self._alone(original, *args, **named)]

    def _snapshot(self, task: Any) -> Any:
        with self._lock:
            life = self._lives.get(task.task_arn)
        return life.record.snapshot() if life else task

    def _alone(self, original: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self._api_lock:
            return original(*args, **named)

    def _stop_task(
        self,
        original: Callable[..., Any],
        backend: Any,
        cluster: str,
        task: str,
        reason: str | None,
    ) -> Any:
        tasks = dict(backend.tasks.get(backend._get_cluster(cluster).name, {}))
        found = tasks.get(task) or next(
            (each for arn, each in tasks.items() if arn.rsplit("/", 1)[-1] == task), None
        )
        if found is None or found.task_arn not in self._lives:
            # Not ours, or not there: that refusal is localaws.fidelity.missing_tasks.
            return original(backend, cluster, task, reason)
        self.stop(found.task_arn, reason=reason or STOPPED_BY_USER)
        return self._snapshot(found)

    def _start(self, task: Any, definition: Any) -> None:
        overrides = task.overrides or {}
        run = _run_of(definition.container_definitions, overrides)

        def publish(happening: Happening) -> None:
            if not life.is_abandoned:
                self._feed.publish(happening)

        def written(stream: Stream, time: datetime, texts: list[str]) -> None:
            for text in texts:
                publish(
                    LogLine(
                        time=time,
                        log_group=stream.group,
                        log_stream=stream.name,
                        text=text,
                        task_arn=task.task_arn,
                        job=run.job,
                        run=run.run,
                        attempt=run.attempt,
                    )
                )

        life = Life(
            Record(task, definition, run, publish),
            functools.partial(self._plan, task, definition, overrides),
            written=written,
            stop_seconds=self.stop_seconds,
        )
        with self._lock:
            if self._closed:
                return
            self._lives[task.task_arn] = life
        life.start()

    def _plan(self, task: Any, definition: Any, overrides: dict[str, Any]) -> list[Plan]:
        region = task.region_name
        rights = Rights.of(task.task_arn, definition, overrides)
        rights.require_roles()
        rights.require_volumes(definition)

        def client(service: str, region: str) -> Any:
            return rights.client(make_client(service, region=region, endpoint=self._endpoint))

        plans = []
        for each in definition.container_definitions:
            rights.require_image(each.get("image", ""))
            made = container(
                each,
                overrides,
                task_arn=task.task_arn,
                region=region,
                endpoint=self._endpoint,
                client=client,
            )
            stream = open_stream(
                each,
                task_arn=task.task_arn,
                account=task._account_id,
                region=region,
                rights=rights,
            )
            executor = self._executor_for(each.get("image", ""))
            plans.append(Plan(made, each.get("essential", True), stream, executor))
        return plans

    def _executor_for(self, image: str) -> Executor:
        if self._kind == "process" or self._engine is None:
            return ProcessExecutor()
        if self._kind == "container" or self._engine.has_image(image):
            return ContainerExecutor(self._engine, self._id)
        return ProcessExecutor()

    @functools.cached_property
    def _engine(self) -> Engine | None:
        return find_engine()

    def _hear(self, happening: Happening) -> None:
        """Stop what an aborted run of a job runs; a run that timed out leaves its task."""
        if not isinstance(happening, ExecutionStatusChange):
            return
        detail = happening.detail
        if detail.get("status") != "ABORTED":
            return
        machine = detail["stateMachineArn"].rsplit(":", 1)[-1]
        with self._lock:
            lives = list(self._lives.values())
        for life in lives:
            run = life.record.run
            # Two jobs may have runs of the same name.
            if run.run and run.run == detail["name"] and machine.endswith(f"-{run.job}"):
                life.stop(StopCode.USER, ABORTED)


def _run_of(definitions: list[dict[str, Any]], overrides: dict[str, Any]) -> Run:
    seen: dict[str, str] = {}
    for definition in definitions:
        seen |= variables(definition, override_of(overrides, definition["name"]))
    return Run.of(seen)
