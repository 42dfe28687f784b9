"""One task, from its start to its end, in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from localaws.executors import STDERR, STDOUT, CannotStart, Container, Ended, Executor, Running
from localaws.executors.process import Idle, ProcessExecutor
from localaws.tasks.logs import Lines, Stream
from localaws.tasks.record import Record, StopCode

log = logging.getLogger(__name__)

DEFAULT_STOP_SECONDS: Final = 30.0
LONGEST_STOP_SECONDS: Final = 120.0
"""ECS's default and limit of a container's ``stopTimeout`` on Fargate."""

_KILL_SECONDS: Final = 30.0
"""How long a killed container may take to be gone before its guard is told to end it."""


@dataclass(frozen=True)
class Plan:
    """A container of a task, and everything that it needs."""

    container: Container
    essential: bool
    stream: Stream
    executor: Executor

    @property
    def has_command(self) -> bool:
        """Whether it can run; only a process cannot take the command from its image."""
        named = self.container.command or self.container.entry_point
        return bool(named) or not isinstance(self.executor, ProcessExecutor)


def stop_seconds(definition: Mapping[str, Any]) -> float:
    """Return how long a container has between SIGTERM and SIGKILL."""
    wanted = definition.get("stopTimeout")
    return min(DEFAULT_STOP_SECONDS if wanted is None else float(wanted), LONGEST_STOP_SECONDS)


class Life:
    """Runs a task's containers, and records what becomes of them.

    Args:
        record: What others see of the task.
        plan: Makes what is to run ready; may fail as ECS's preparations do.
        written: Is told the texts that a container wrote, after they are in its log stream.
        stop_seconds: Between SIGTERM and SIGKILL, instead of what the definitions say.
    """

    def __init__(
        self,
        record: Record,
        plan: Callable[[], list[Plan]],
        *,
        written: Callable[[Stream, datetime, list[str]], None],
        stop_seconds: float | None = None,
    ) -> None:
        self.record = record
        self._plan = plan
        self._written = written
        self._stop_seconds = stop_seconds
        self._plans: dict[str, Plan] = {}
        self._running: dict[str, Running] = {}
        self._happened: queue.Queue[tuple[str, Ended] | None] = queue.Queue()
        """A container that ended, or None: the task is to stop."""
        self._abandoned = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._live, name=f"task {record.arn.rsplit('/', 1)[-1]}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, code: StopCode, reason: str) -> None:
        """Have the task stopped; what comes first counts."""
        self.record.why(code, reason)
        self._happened.put(None)

    def abandon(self) -> None:
        """End everything at once: the emulator ends."""
        with self._lock:
            self._abandoned.set()
            for running in self._running.values():
                running.abandon()
        self._happened.put(None)

    @property
    def is_abandoned(self) -> bool:
        """Whether its emulator ended: what becomes of it concerns nobody."""
        return self._abandoned.is_set()

    def join(self, seconds: float) -> None:
        """Wait until the task is over."""
        self._thread.join(seconds)

    def _live(self) -> None:
        try:
            self.record.made()
            self.record.pulled()
            if self._started():
                self.record.started()
                self._wait()
        except CannotStart as error:
            self.record.why(StopCode.FAILED_TO_START, str(error))
        except Exception as error:
            log.exception("task %s failed in the emulator itself", self.record.arn)
            self.record.why(StopCode.FAILED_TO_START, f"InternalError: {error!r}")
        self._end()
        self.record.ended()
        self.record.stopped()

    def _started(self) -> bool:
        """Start every container; False if the task was stopped before."""
        self._plans = {plan.container.name: plan for plan in self._plan()}
        able = any(plan.essential and plan.has_command for plan in self._plans.values())
        for name, plan in self._plans.items():
            if not self._happened.empty() and self._happened.queue[0] is None:
                return False
            try:
                self._start(name, plan, idle=able and not plan.has_command)
            except CannotStart as error:
                self.record.container_ended(name, Ended(None, str(error)))
                if plan.essential:
                    raise
        return True

    def _start(self, name: str, plan: Plan, *, idle: bool) -> None:
        streams = {STDOUT: Lines(), STDERR: Lines()}

        def output(stream: int, block: bytes) -> None:
            self._write(plan.stream, streams[stream].feed(block))

        def ended(how: Ended) -> None:
            for lines in streams.values():
                self._write(plan.stream, lines.finish())
            self._happened.put((name, how))

        running = (
            Idle(ended) if idle else plan.executor.start(plan.container, output=output, ended=ended)
        )
        with self._lock:
            self._running[name] = running
            if self._abandoned.is_set():
                running.abandon()
        self.record.container_runs(name)

    def _write(self, stream: Stream, texts: list[str]) -> None:
        if texts and not self.is_abandoned:
            self._written(stream, stream.write(texts), texts)

    def _wait(self) -> None:
        """Return when the task is to end: it was stopped, or an essential container ended."""
        while self._running:
            if (happened := self._happened.get()) is None:
                return
            self._note(*happened)
            if self._plans[happened[0]].essential:
                self.record.why(StopCode.EXITED, "Essential container in task exited")
                return

    def _end(self) -> None:
        """Stop what still runs: SIGTERM, and SIGKILL when its time is over."""
        if not self._running:
            return
        self.record.stopping()
        for running in list(self._running.values()):
            running.terminate()
        begun = time.monotonic()
        self._await({name: begun + self._patience(name) for name in self._running})
        for running in list(self._running.values()):
            running.abandon()
        for name in list(self._running):
            self._note(name, Ended(137, "the container runtime did not end it"))

    def _await(self, kill_at: dict[str, float]) -> None:
        killed: dict[str, float] = {}
        while self._running:
            now = time.monotonic()
            for name in [name for name in self._running if name not in killed]:
                if now >= kill_at[name]:
                    killed[name] = now
                    self._running[name].kill()
            due = [
                killed[name] + _KILL_SECONDS if name in killed else kill_at[name]
                for name in self._running
            ]
            if all(killed.get(name, now) + _KILL_SECONDS <= now for name in self._running):
                return
            try:
                happened = self._happened.get(timeout=max(0.001, min(due) - time.monotonic()))
            except queue.Empty:
                continue
            if happened:
                self._note(*happened)

    def _patience(self, name: str) -> float:
        if self._stop_seconds is not None:
            return self._stop_seconds
        return stop_seconds(self._plans[name].container.definition)

    def _note(self, name: str, how: Ended) -> None:
        with self._lock:
            self._running.pop(name, None)
        self.record.container_ended(name, how)
