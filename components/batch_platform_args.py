"""What a platform is told: the keys of a stack's configuration, as arguments."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from batch.job.overrides import camel
from batch.settings import Settings
from components.choices import Architecture, AssignPublicIp, ContainerInsights


class SlackArgs(TypedDict):
    """The Slack channels of the platform, in a workspace that Amazon Q Developer may use."""

    workspace_id: str
    """The workspace, T..."""

    success_channel_id: str
    """The channel of the runs that succeeded, C..."""

    failure_channel_id: str
    """The channel of the runs that did not, and of alarms, C..."""


class EmailsArgs(TypedDict):
    """Who gets messages by e-mail. Each address has to confirm once."""

    success: NotRequired[list[str]]
    """Addresses that hear of the runs that succeeded. Defaults to none."""

    failure: NotRequired[list[str]]
    """Addresses that hear of the runs that did not, and of alarms. Defaults to none."""


class BatchPlatformArgs(TypedDict):
    """Arguments of :class:`BatchPlatform`: the keys of a stack's configuration."""

    name: NotRequired[str]
    """What the platform is called; with the stack it begins every physical name. Defaults to
    batch."""

    stack: NotRequired[str]
    """The environment. Defaults to the Pulumi stack; a second platform of another region needs
    another name or stack, as roles have no region."""

    account_id: NotRequired[str]
    """The AWS account that it belongs to: with credentials of another nothing is made. Defaults to
    any account."""

    image: pulumi.Input[str]
    """The image that jobs run in, unless a job has its own."""

    container_name: NotRequired[str]
    """The name of the container that runs a job's command. Defaults to app."""

    cpu: NotRequired[int]
    """CPU units of a job that names no size. Defaults to 256."""

    memory: NotRequired[int]
    """MiB of a job that names no size. Defaults to 512."""

    architecture: NotRequired[Architecture]
    """The processor of the tasks. Defaults to X86_64."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """The VPC of the tasks, whose subnets are looked up: the private ones if it has some, else the
    public ones. Defaults to the account's default VPC, unless subnets are given."""

    subnet_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """The subnets of the tasks. Defaults to those of the VPC."""

    security_group_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """The security groups of the tasks. Defaults to one that is made: everything out, nothing
    in."""

    assign_public_ip: NotRequired[AssignPublicIp]
    """Whether tasks get a public address. Defaults to auto: only in public subnets, that is where
    the default route is an internet gateway, as in the default VPC."""

    log_retention_days: NotRequired[int]
    """Days that logs are kept, one of the values that CloudWatch Logs offers. Defaults to 30."""

    container_insights: NotRequired[ContainerInsights]
    """CloudWatch Container Insights of the cluster. Defaults to enabled."""

    history_days: NotRequired[int]
    """Days that the record of a run is kept, 1 to 3650. Defaults to 400."""

    concurrency_groups: NotRequired[dict[str, int]]
    """How many runs there may be at once of the jobs that name a group, by its name. Defaults to no
    group."""

    slack: NotRequired[SlackArgs]
    """Where messages go in Slack. Defaults to nowhere."""

    emails: NotRequired[EmailsArgs]
    """Who gets messages by e-mail. Defaults to nobody."""

    success_messages: NotRequired[bool]
    """Whether a run that succeeded is told, unless its job says otherwise. Failures always are, and
    the first success after one. Defaults to true."""

    topic_arns: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """SNS topics that a job may name in place of the platform's two. Defaults to none."""

    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Your key for the control table, logs, topics and queues; its own policy must have the
    statements of the output key_policy. Defaults to encryption with AWS's keys."""

    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """The policy that bounds every role. Defaults to none."""

    production: NotRequired[bool]
    """Whether the control table, log groups and queues are protected from deletion. Defaults to
    false."""


def of_settings(settings: Settings) -> BatchPlatformArgs:
    """Return the arguments that a stack's configuration stands for."""
    args: BatchPlatformArgs = {
        "name": settings.name,
        "stack": settings.stack,
        "image": settings.image,
        "container_name": settings.container,
        "cpu": settings.cpu,
        "memory": settings.memory,
        "architecture": Architecture(settings.architecture),
        "subnet_ids": settings.subnet_ids,
        "security_group_ids": settings.security_group_ids,
        "assign_public_ip": AssignPublicIp(settings.assign_public_ip),
        "log_retention_days": settings.log_retention_days,
        "container_insights": ContainerInsights(settings.container_insights),
        "history_days": settings.history_days,
        "concurrency_groups": dict(settings.concurrency_groups),
        "emails": {
            "success": list(settings.emails.success),
            "failure": list(settings.emails.failure),
        },
        "success_messages": settings.success_messages,
        "topic_arns": settings.topic_arns,
        "production": settings.production,
    }
    if settings.account_id:
        args["account_id"] = settings.account_id
    if settings.vpc_id:
        args["vpc_id"] = settings.vpc_id
    if settings.slack:
        args["slack"] = {
            "workspace_id": settings.slack.workspace_id,
            "success_channel_id": settings.slack.success_channel_id,
            "failure_channel_id": settings.slack.failure_channel_id,
        }
    if settings.kms_key_arn:
        args["kms_key_arn"] = settings.kms_key_arn
    if settings.permissions_boundary_arn:
        args["permissions_boundary_arn"] = settings.permissions_boundary_arn
    return args


def checked(args: BatchPlatformArgs, stack: str) -> Settings:
    """Return what is known of ``args`` when the program runs, with the defaults of the rest.

    Raises:
        InvalidSettings: with every problem.
    """
    known = _without_outputs({key: value for key, value in args.items() if key != "stack"})
    return Settings.parse(_camel(known), stack=stack)


def _without_outputs(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_outputs(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None}
    if isinstance(value, list | tuple):
        kept_items = [_without_outputs(item) for item in value]
        return [item for item in kept_items if item is not None]
    return None if isinstance(value, pulumi.Output) else value


def _camel(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys as a stack's YAML has them."""
    return {
        # Whoever named the groups spelt them so.
        camel(key): _camel(item)
        if isinstance(item, Mapping) and key != "concurrency_groups"
        else item
        for key, item in value.items()
    }
