"""Programs of a platform whose network is given, and what the engine makes of their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pulumi

from components import BatchPlatform, ScheduledJob

NETWORK = {
    "subnet_ids": ["subnet-aaa1"],
    "security_group_ids": ["sg-aaa1"],
    "assign_public_ip": "disabled",
}

OF_A_PLATFORM = (
    "batch.BatchPlatform {}",
    "cloudwatch.Dashboard {}",
    "cloudwatch.EventRule {}-failure",
    "cloudwatch.EventRule {}-success",
    "cloudwatch.EventTarget {}-failure",
    "cloudwatch.EventTarget {}-success",
    "cloudwatch.LogGroup {}-machines",
    "cloudwatch.LogGroup {}-tasks",
    "cloudwatch.MetricAlarm {}-failure-lost",
    "cloudwatch.MetricAlarm {}-failure-unheard",
    "cloudwatch.MetricAlarm {}-messages",
    "cloudwatch.MetricAlarm {}-not-started",
    "cloudwatch.MetricAlarm {}-over-limit",
    "cloudwatch.MetricAlarm {}-recorder-aborted",
    "cloudwatch.MetricAlarm {}-recorder-failed",
    "cloudwatch.MetricAlarm {}-recorder-timed-out",
    "cloudwatch.MetricAlarm {}-starts",
    "cloudwatch.MetricAlarm {}-starts-dropped",
    "cloudwatch.MetricAlarm {}-starts-lost",
    "cloudwatch.MetricAlarm {}-starts-refused",
    "cloudwatch.MetricAlarm {}-success-lost",
    "cloudwatch.MetricAlarm {}-success-unheard",
    "cloudwatch.MetricAlarm {}-sweep-aborted",
    "cloudwatch.MetricAlarm {}-sweep-failed",
    "cloudwatch.MetricAlarm {}-sweep-silent",
    "cloudwatch.MetricAlarm {}-sweep-timed-out",
    "dynamodb.Table {}-control",
    "ecs.Cluster {}",
    "ecs.ClusterCapacityProviders {}",
    "ecs.TaskDefinition {}",
    "iam.Role {}-execution",
    "iam.Role {}-machine",
    "iam.Role {}-recorder",
    "iam.Role {}-rules",
    "iam.Role {}-scheduler",
    "iam.Role {}-sweep",
    "iam.Role {}-task",
    "iam.RolePolicy {}-execution",
    "iam.RolePolicy {}-machine",
    "iam.RolePolicy {}-recorder",
    "iam.RolePolicy {}-rules",
    "iam.RolePolicy {}-scheduler",
    "iam.RolePolicy {}-sweep",
    "scheduler.Schedule {}-sweep",
    "scheduler.ScheduleGroup {}",
    "scheduler.ScheduleGroup {}-manual",
    "sfn.StateMachine {}-recorder",
    "sfn.StateMachine {}-run-task",
    "sfn.StateMachine {}-sweep",
    "sns.Topic {}-failure",
    "sns.Topic {}-success",
    "sns.TopicPolicy {}-failure",
    "sns.TopicPolicy {}-success",
    "sqs.Queue {}-messages",
    "sqs.Queue {}-starts",
    "sqs.QueuePolicy {}-messages",
)

OF_A_JOB = ("batch.ScheduledJob {}", "scheduler.Schedule {}", "sfn.StateMachine {}")

OF_A_JOB_WITH_SECRETS = (
    *OF_A_JOB,
    "ecs.TaskDefinition {}",
    "iam.Role {}-execution",
    "iam.RolePolicy {}-execution",
)

SECRETS = {"TOKEN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token"}


def all_of(verb: str, *parts: tuple[Iterable[str], str]) -> list[str]:
    """Return the plan that does ``verb`` to everything: kinds, and the name that they are of."""
    return sorted(f"{verb} {kind.format(name)}" for kinds, name in parts for kind in kinds)


def platform(
    name: str = "batch", opts: pulumi.ResourceOptions | None = None, /, **args: Any
) -> BatchPlatform:
    """Make a platform."""
    return BatchPlatform(name, {"image": "app:1", **NETWORK, **args}, opts)


def job(
    name: str, connection: Any, opts: pulumi.ResourceOptions | None = None, /, **args: Any
) -> ScheduledJob:
    """Make a job that runs every day."""
    given = {"shell": "echo 1", "schedule": "rate(1 day)", **args}
    return ScheduledJob(name, {"platform": connection, **given}, opts)


def nightly(*, of: dict[str, Any] | None = None, **args: Any) -> Callable[[], None]:
    """Return a program: a platform and the job ``nightly``.

    Args:
        of: what is different about the platform.
    """

    def program() -> None:
        made = platform(**(of or {}))
        job("nightly", made.connection, **args)
        pulumi.export("connection", made.connection)  # noqa: TID251  (this is a program)

    return program
