"""What a job is: a command, when it runs, what it needs and how often it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from batch.schedule import Schedule

DEFAULT_ATTEMPT_TIMEOUT: Final = 12 * 3600
DEFAULT_RUN_TIMEOUT: Final = 24 * 3600


@dataclass(frozen=True)
class Backoff:
    """How often something is tried, and how long is waited in between."""

    attempts: int
    """How often in all, the first time included, as AWS Batch counts."""

    interval_seconds: int
    backoff_rate: float
    max_delay_seconds: int
    jitter: bool


@dataclass(frozen=True)
class Retry(Backoff):
    """How often the command is tried."""

    exit_codes: tuple[int, ...] = ()
    """The only exit codes that are tried again; empty stands for any but 0."""


@dataclass(frozen=True)
class Volume:
    """An EFS file system in the container."""

    name: str
    file_system_id: str
    path: str
    """Where the container sees it."""

    root_directory: str = "/"
    access_point_id: str = ""
    read_only: bool = False


@dataclass(frozen=True)
class Permission:
    """A statement of the job's own task role: these actions are allowed on these resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One job, complete and checked."""

    name: str
    command: tuple[str, ...] = ()
    owner: str = ""
    description: str = ""
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    flexible_window_minutes: int = 0
    enabled: bool = True
    cpu: int | None = None
    memory: int | None = None
    ephemeral_storage_gib: int | None = None
    architecture: str | None = None
    spot: bool = False
    volumes: tuple[Volume, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    container: str | None = None
    permissions: tuple[Permission, ...] = ()
    attempt_timeout_seconds: int | None = DEFAULT_ATTEMPT_TIMEOUT
    run_timeout_seconds: int | None = DEFAULT_RUN_TIMEOUT
    retry: Retry = Retry(1, 30, 2.0, 3600, jitter=True)
    start_retry: Backoff = Backoff(5, 15, 2.0, 300, jitter=True)
    max_event_age_seconds: int = 3600

    @property
    def own_task_definition(self) -> bool:
        """Whether the platform's task definition does not fit, so that the job has its own."""
        return bool(
            self.image
            or self.container
            or self.secrets
            or self.volumes
            or self.permissions
            or self.architecture
        )

    @classmethod
    def parse(
        cls, name: str, raw: Mapping[str, Any], *, overrides: Mapping[str, Any] | None = None
    ) -> Job:
        """Return the job that ``raw`` describes.

        Raises:
            InvalidJob: with every problem.
        """
        raise NotImplementedError

    def warnings(self, now: datetime) -> list[str]:
        """Return what people should know: dates already past, clock changes ahead."""
        raise NotImplementedError
