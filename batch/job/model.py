"""What a job is: a command, when it runs, what it needs and how often it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from batch.schedule import Schedule

DEFAULT_ATTEMPT_TIMEOUT: Final = 12 * 3600
DEFAULT_RUN_TIMEOUT: Final = 24 * 3600
DEFAULT_MAX_EVENT_AGE: Final = 3600
DEFAULT_QUEUE: Final = 6 * 3600

ADMISSION_SECONDS: Final = 30 * 60
"""What an admission takes at most without a queue: DynamoDB that refuses for a while, and a run
that is replaced and has to be seen to stop."""


class Overlap(StrEnum):
    """What a run does while another one of its job is not over.

    Kubernetes' ``concurrencyPolicy`` knows the first, ``skip`` as ``Forbid``, and the last.
    """

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"


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


DEFAULT_RETRY: Final = Retry(1, 30, 2.0, 3600, jitter=True)
DEFAULT_START_RETRY: Final = Backoff(5, 15, 2.0, 300, jitter=True)


@dataclass(frozen=True)
class Job:
    """One job, complete and checked. ``docs/jobs.md`` says what each key does."""

    name: str
    command: tuple[str, ...] = ()
    """The program and its arguments; empty only for arbitrary commands, which a run brings."""

    owner: str = ""
    description: str = ""
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    """By name; the only one of a job is called ``default``."""

    flexible_window_minutes: int = 0
    """0 is off."""

    enabled: bool = True
    cpu: int | None = None
    """CPU units; None, and then memory too, stands for the platform's."""

    memory: int | None = None
    """MiB."""

    ephemeral_storage_gib: int | None = None
    architecture: str | None = None
    spot: bool = False
    volumes: tuple[Volume, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variable to the ARN of an SSM parameter or of a Secrets Manager secret."""

    image: str | None = None
    container: str | None = None
    permissions: tuple[Permission, ...] = ()
    attempt_timeout_seconds: int | None = DEFAULT_ATTEMPT_TIMEOUT
    """None is no limit."""

    run_timeout_seconds: int | None = DEFAULT_RUN_TIMEOUT
    """None is no limit."""

    retry: Retry = DEFAULT_RETRY
    start_retry: Backoff = DEFAULT_START_RETRY
    """Of starts that failed before the command ran."""

    max_event_age_seconds: int = DEFAULT_MAX_EVENT_AGE
    """How late EventBridge Scheduler may still start a run."""

    overlap: Overlap = Overlap.ALLOW
    queue_seconds: int = DEFAULT_QUEUE
    """How long a run waits for its place, where it waits."""

    concurrency_group: str | None = None
    """Jobs that share a number of places, which the platform sets."""

    start_deadline_seconds: int | None = None
    """How late after its scheduled time a run still starts."""

    pause_after_failures: int | None = None
    """Failed runs in a row after which the job is paused."""

    expect_success_within_seconds: int | None = None
    """How long it may be without a success before somebody is told."""

    success_messages: bool | None = None
    """None stands for the platform's."""

    topic_arn: str | None = None
    """The SNS topic of this job's messages; None stands for the platform's two."""

    @property
    def longest_wait_seconds(self) -> int:
        """How long the admission of a run may take, from its start on."""
        if self.overlap is Overlap.QUEUE or self.concurrency_group:
            return self.queue_seconds + ADMISSION_SECONDS
        return ADMISSION_SECONDS

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
        from batch.job import parsing

        return parsing.job(name, raw, overrides or {})

    def warnings(self, now: datetime) -> list[str]:
        """Return what people should know: dates already past, clock changes ahead."""
        from batch.job import timing

        return timing.warnings(self, now)
