"""A task as DescribeTasks and the "ECS Task State Change" events show it.

It is moto's own object, with the attributes that ECS has and moto leaves out.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import botocore.session
from botocore.model import Shape

from localaws.executors import Ended
from localaws.feed import TaskStateChange
from localaws.tasks.environment import Run

DEFAULT_STORAGE_GIB: Final = 20
"""Of a Fargate task that asks for none."""

_NOT_IN_EVENTS: Final = {"tags"}


class StopCode(StrEnum):
    """Values of ``stopCode`` that ECS gives to tasks like ours."""

    FAILED_TO_START = "TaskFailedToStart"
    EXITED = "EssentialContainerExited"
    USER = "UserInitiated"
    SPOT = "SpotInterruption"


class Record:
    """What is known of a task. Every change is an event."""

    def __init__(
        self, task: Any, definition: Any, run: Run, publish: Callable[[TaskStateChange], None]
    ) -> None:
        self._task = task
        self.run = run
        self._publish = publish
        self._lock = threading.RLock()
        # How a new Fargate task looks is localaws.fidelity.containers.
        _set(
            task,
            ephemeral_storage=(task.overrides or {}).get("ephemeralStorage")
            or definition.ephemeral_storage
            or {"sizeInGiB": DEFAULT_STORAGE_GIB},
            availability_zone=f"{task.region_name}a",
            enable_execute_command=False,
            updated_at=_now(),
            stopped_reason=None,
        )
        for container in task.containers:
            memory = None if container.memory is None else str(container.memory)
            _set(container, health_status="UNKNOWN", cpu=str(container.cpu), memory=memory)

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return str(self._task.task_arn)

    @property
    def cluster_arn(self) -> str:
        """The ARN of the cluster that it runs on."""
        return str(self._task.cluster_arn)

    @property
    def is_stopped(self) -> bool:
        """Whether it is over."""
        return bool(self._task.last_status == "STOPPED")

    def snapshot(self) -> Any:
        """Return the task as it is now, for an answer of the API.

        moto writes an answer from the objects that it is given, attribute by attribute: a task
        that ends meanwhile would be stopped and its containers would still run.
        """
        with self._lock:
            task = copy.copy(self._task)
            task.containers = [copy.copy(container) for container in task.containers]
        return task

    def move(self, status: str | None = None, **attributes: Any) -> None:
        """Change attributes, and the status last: whoever sees it sees the rest too."""
        with self._lock:
            now = _now()
            _set(self._task, **attributes, updated_at=now, version=self._task.version + 1)
            if status:
                self._task.last_status = status
            event = TaskStateChange(
                time=now,
                account=self._task._account_id,
                region=self._task.region_name,
                detail=_shown(self._task, _task_shape()),
                job=self.run.job,
                run=self.run.run,
                attempt=self.run.attempt,
            )
        self._publish(event)

    def started(self) -> None:
        """Note that its containers run."""
        now = _now()
        self.move("RUNNING", started_at=now)

    def made(self) -> None:
        """Note that it is there, which is the first event of it."""
        self.move("PROVISIONING")

    def pulled(self) -> None:
        """Note that its images are there and its network is up."""
        now = _now()
        self.move(
            "PENDING",
            connectivity="CONNECTED",
            connectivity_at=now,
            pull_started_at=now,
            pull_stopped_at=now,
        )

    def why(self, code: StopCode, reason: str) -> None:
        """Note why it is to stop, unless a reason was there first."""
        with self._lock:
            if getattr(self._task, "stop_code", None) is None:
                _set(self._task, stop_code=str(code), stopped_reason=reason)
                self._task.desired_status = "STOPPED"

    def stopping(self) -> None:
        """Note that its containers are told to end."""
        self.move("STOPPING", stopping_at=_now())

    def ended(self) -> None:
        """Note that none of its containers runs any more."""
        now = _now()
        with self._lock:
            for container in self._task.containers:
                container.last_status = "STOPPED"
        stopping_at = getattr(self._task, "stopping_at", None) or now
        self.move("DEPROVISIONING", stopping_at=stopping_at, execution_stopped_at=now)

    def stopped(self) -> None:
        """Note that it is over."""
        self.move("STOPPED", stopped_at=_now(), connectivity=None, connectivity_at=None)

    def container_runs(self, name: str) -> None:
        """Note that a container runs."""
        with self._lock:
            _set(self._of(name), last_status="RUNNING", runtime_id=f"{uuid4().hex}-0")

    def container_ended(self, name: str, ended: Ended) -> None:
        """Note how a container ended."""
        with self._lock:
            _set(
                self._of(name),
                last_status="STOPPED",
                exitCode=ended.exit_code,
                reason=ended.reason or None,
            )

    def _of(self, name: str) -> Any:
        return next(container for container in self._task.containers if container.name == name)


def _set(target: Any, **attributes: Any) -> None:
    for name, value in attributes.items():
        setattr(target, name, value)


def _now() -> datetime:
    return datetime.now(UTC)


@functools.cache
def _task_shape() -> Shape:
    return botocore.session.get_session().get_service_model("ecs").shape_for("Task")


def _shown(value: Any, shape: Any) -> Any:
    """Return ``value`` as its event has it: the API's names, and times as text."""
    if shape.type_name == "structure":
        shown = {}
        for name, member in shape.members.items():
            found = _attribute(value, name)
            if found is not None and name not in _NOT_IN_EVENTS:
                shown[name] = _shown(found, member)
        if shape.name == "Task":
            shown["updatedAt"] = _text(value.updated_at)
        return shown
    if shape.type_name == "list":
        return [_shown(item, shape.member) for item in value]
    if shape.type_name == "timestamp":
        return _text(value)
    return value


def _attribute(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, getattr(value, botocore.xform_name(name), None))


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
