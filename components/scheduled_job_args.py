"""What a job is told. ``docs/jobs.md`` says the same with more words."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

from components.choices import Architecture, Overlap


class RetryArgs(TypedDict):
    """How often the command of a job is tried."""

    attempts: NotRequired[int]
    """How often in all, the first time included, 1 to 10. Defaults to 1: no second try."""

    interval: NotRequired[str]
    """The wait before the second attempt, such as 30s or 5m. Defaults to 30s."""

    backoff_rate: NotRequired[float]
    """What each further wait is multiplied with, 1 to 10. Defaults to 2."""

    max_delay: NotRequired[str]
    """The longest wait. Defaults to 1h."""

    jitter: NotRequired[bool]
    """Whether a wait is a random part of what it would be. Defaults to true, so that jobs that
    failed together are not tried together."""

    exit_codes: NotRequired[list[int]]
    """The only exit codes that are tried again. Defaults to any but 0, time-outs too."""


class StartRetryArgs(TypedDict):
    """How often a start is tried that failed before the command ran."""

    attempts: NotRequired[int]
    """How often in all, the first time included, 1 to 10. Defaults to 5."""

    interval: NotRequired[str]
    """The wait before the second start. Defaults to 15s."""

    backoff_rate: NotRequired[float]
    """What each further wait is multiplied with, 1 to 10. Defaults to 2."""

    max_delay: NotRequired[str]
    """The longest wait. Defaults to 5m."""

    jitter: NotRequired[bool]
    """Whether a wait is a random part of what it would be. Defaults to true."""


class VolumeArgs(TypedDict):
    """An EFS file system in the container."""

    name: str
    """What the volume is called in the task definition."""

    file_system_id: pulumi.Input[str]
    """The file system."""

    path: str
    """Where the container sees it."""

    root_directory: NotRequired[str]
    """The directory of the file system that is seen. Defaults to all of it."""

    access_point_id: NotRequired[pulumi.Input[str]]
    """The access point, which sets the root directory itself. Defaults to none."""

    read_only: NotRequired[bool]
    """Whether the container can only read. Defaults to false."""


class PermissionArgs(TypedDict):
    """Something that the command may do on AWS."""

    actions: list[str]
    """IAM actions, such as s3:GetObject."""

    resources: list[pulumi.Input[str]]
    """ARNs of what they may be done to."""


class ScheduledJobArgs(TypedDict):
    """Arguments of :class:`ScheduledJob`."""

    platform: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """The connection of the BatchPlatform that the job runs on."""

    name: NotRequired[str]
    """What the job is called. Defaults to the name of the resource; the same job on a second
    platform of the stack needs another resource name, not another job name."""

    command: NotRequired[list[str]]
    """The program and its arguments, without a shell. Either this or shell is needed."""

    shell: NotRequired[str]
    """One string that bash -c runs, in place of command."""

    owner: NotRequired[str]
    """Whose job it is: a tag, so that costs can be told apart. Defaults to no tag."""

    description: NotRequired[str]
    """What it does, for the console. Defaults to its name and platform."""

    schedule: NotRequired[str]
    """When it runs: cron(...), rate(...) or at(...) of EventBridge Scheduler. Defaults to never:
    people, CI and deployments can start it."""

    schedules: NotRequired[dict[str, str]]
    """In place of schedule: several, by name. Defaults to none."""

    timezone: NotRequired[str]
    """The IANA time zone of the schedules and of dates without one. Defaults to UTC."""

    start_date: NotRequired[str]
    """ISO 8601: nothing runs before. Defaults to no limit. Once past it is left out."""

    end_date: NotRequired[str]
    """ISO 8601: nothing runs after. Defaults to no limit. Once past no schedule is made."""

    flexible_window_minutes: NotRequired[int]
    """How much later a run may start, 1 to 1440. Defaults to 0: on time."""

    enabled: NotRequired[bool]
    """Whether the schedules start runs. Defaults to true; otherwise the job can still be started
    by hand."""

    cpu: NotRequired[int]
    """CPU units, 1024 a vCPU. Defaults to the platform's; with memory alone to the smallest that
    Fargate has with it."""

    memory: NotRequired[int]
    """MiB. Defaults to the platform's; with cpu alone to the smallest that Fargate has with it."""

    ephemeral_storage_gib: NotRequired[int]
    """Disk of the task, 21 to 200. Defaults to Fargate's 20."""

    architecture: NotRequired[Architecture]
    """The processor. Defaults to the platform's."""

    spot: NotRequired[bool]
    """Whether it runs on Fargate Spot, which is cheaper and can be taken away. Defaults to
    false."""

    volumes: NotRequired[list[VolumeArgs]]
    """EFS file systems in the container. Defaults to none."""

    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables. Defaults to none but the platform's own BATCH_..."""

    secrets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose value stays in AWS: name to the ARN of an SSM parameter or of a
    Secrets Manager secret. Defaults to none."""

    image: NotRequired[pulumi.Input[str]]
    """The image of this job alone. Defaults to the platform's."""

    container: NotRequired[str]
    """The name of the container that runs the command. Defaults to the platform's."""

    permissions: NotRequired[list[PermissionArgs]]
    """What the command may do on AWS, with a role of its own. Defaults to nothing."""

    attempt_timeout: NotRequired[str]
    """How long one attempt may take, such as 90s, 15m or 26h; none for no limit. Defaults to 12h,
    or less if run_timeout is less. The task is then stopped."""

    run_timeout: NotRequired[str]
    """How long all attempts and the waits between them may take. Defaults to 24h, or more if the
    attempts may take more."""

    retry: NotRequired[RetryArgs]
    """How often the command is tried. Defaults to once."""

    start_retry: NotRequired[StartRetryArgs]
    """How often a start that failed before the command ran is tried. Defaults to five times."""

    max_event_age: NotRequired[str]
    """How late Scheduler may still start a run that it could not start on time, 60s to 24h.
    Defaults to 1h; after that the start goes to the dead-letter queue."""

    overlap: NotRequired[Overlap]
    """What a run does while another of the job is not over. Defaults to allow."""

    queue_for: NotRequired[str]
    """How long a run waits for its place, with overlap queue or a concurrency_group. Defaults to
    6h; after that it is skipped."""

    concurrency_group: NotRequired[str]
    """The group whose runs share a number of places, one of the platform's concurrency_groups.
    Defaults to none."""

    start_deadline: NotRequired[str]
    """How late after its scheduled time a run still starts, at most 24h. One that is later is
    skipped, and the failure channel hears of it. Defaults to no limit."""

    pause_after_failures: NotRequired[int]
    """After how many failed runs in a row the job is paused. Defaults to never."""

    expect_success_within: NotRequired[str]
    """How long it may be without a success, such as 26h or 32d, until the failure channel hears of
    it. Defaults to for ever."""

    success_messages: NotRequired[bool]
    """Whether a run that succeeded is told. Defaults to what the platform says."""

    topic_arn: NotRequired[pulumi.Input[str]]
    """The SNS topic of the job's messages, one of the platform's topic_arns. Defaults to the
    platform's two."""
