"""The platform of one environment: what all of its jobs share."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from batch.connection import limits_text
from batch.contract import RUN_TASK, Platform, Tag
from batch.documents import (
    administrator,
    containers,
    doctor,
    job_machine,
    keys,
    people,
    run_task_machine,
    schedule_target,
    trusts,
)
from batch.settings import Settings
from components import (
    alarms,
    batch_platform_args,
    cluster,
    control,
    dashboard,
    identity,
    log_groups,
    network,
    notifications,
    recorder,
    role,
    state_machine,
    sweep,
    task_definition,
)
from components.batch_platform_args import BatchPlatformArgs
from components.choices import AssignPublicIp
from components.connection import hand_out
from components.network import Network
from components.notifications import Notifications, Outcome
from components.rendering import joined, rendered, split, text


class BatchPlatform(pulumi.ComponentResource):
    """A place where batch jobs run: cluster, roles, logs, messages, and a machine for commands."""

    connection: pulumi.Output[dict[str, str]]
    """What a job needs to know of its platform; pass it on as it is, also to another project."""

    platform_name: pulumi.Output[str]
    """The start of every physical name, <platform>-<stack>."""

    run_task_arn: pulumi.Output[str]
    """The ARN of the state machine that runs any command, given in its input as commands."""

    task_definition_arn: pulumi.Output[str]
    """The ARN of the task definition with its revision."""

    success_topic_arn: pulumi.Output[str]
    """The ARN of the topic of the runs that succeeded."""

    failure_topic_arn: pulumi.Output[str]
    """The ARN of the topic of the runs that did not, and of alarms."""

    task_log_group: pulumi.Output[str]
    """The log group of what the tasks write."""

    starts_queue_url: pulumi.Output[str]
    """The URL of the queue of starts that Scheduler could not deliver."""

    messages_queue_url: pulumi.Output[str]
    """The URL of the queue of messages that EventBridge could not deliver."""

    key_policy: pulumi.Output[str]
    """JSON: the policy that kms_key_arn needs, or the statements to add to the one it has."""

    policies: pulumi.Output[dict[str, str]]
    """JSON by task: the IAM policy of viewer, runner, doctor, deployer of jobs and admin."""

    def __init__(
        self, name: str, args: BatchPlatformArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the platform.

        Raises:
            InvalidSettings: with everything that is wrong with the arguments, or for the wrong
                account; nothing is made then.
        """
        settings = batch_platform_args.checked(args, args.get("stack") or pulumi.get_stack())
        super().__init__("batch:index:BatchPlatform", name, {}, opts)
        platform = identity.of(settings, parent=self)
        roles = role.Place(platform.role_path, args.get("permissions_boundary_arn") or "")
        key_arn = args.get("kms_key_arn") or None
        told = notifications.make(
            name, platform=platform, settings=settings, key_arn=key_arn, roles=roles, parent=self
        )
        net = network.make(
            name,
            vpc_id=args.get("vpc_id"),
            subnet_ids=args.get("subnet_ids"),
            security_group_ids=args.get("security_group_ids"),
            assign_public_ip=AssignPublicIp(settings.assign_public_ip),
            parent=self,
        )
        place = cluster.make(name, platform=platform, settings=settings, parent=self)
        logs = log_groups.make(
            name, platform=platform, settings=settings, key_arn=key_arn, parent=self
        )
        table = control.make(
            name, platform=platform, settings=settings, key_arn=key_arn, parent=self
        )
        scheduler_role = _scheduler_role(name, platform, roles, told, key_arn, self)
        recorded = recorder.make(
            name,
            platform=platform,
            settings=settings,
            told=told,
            topic_arns=args.get("topic_arns") or [],
            key_arn=key_arn,
            roles=roles,
            needed=[table, logs.machines],
            parent=self,
        )
        swept = sweep.make(
            name,
            platform=platform,
            told=told,
            scheduler_role_arn=scheduler_role,
            key_arn=key_arn,
            roles=roles,
            needed=[table, logs.machines, recorded.machine],
            parent=self,
        )
        watched = [
            *told.alarms,
            *alarms.make(
                name,
                platform=platform,
                rules={outcome.value: rule.name for outcome, rule in recorded.rules.items()},
                topic_arn=told.topics[Outcome.FAILURE].arn,
                parent=self,
            ),
        ]
        dashboard.make(
            name, platform=platform, settings=settings, told=told, alarms=watched, parent=self
        )
        notifications.admit(
            name,
            told,
            account=platform.account,
            publisher_arns=[recorded.role_arn, swept.role_arn],
            alarms=watched,
            parent=self,
        )
        connection: dict[str, pulumi.Input[str]] = {
            "platform": platform.name,
            "stack": platform.stack,
            "account": platform.account,
            "region": platform.region,
            "partition": platform.partition,
            "project": pulumi.get_project(),
            "subnets": net.subnets,
            "groups": net.groups,
            "publicip": net.public_ip,
            "container": settings.container,
            "image": args["image"],
            "executionrole": _execution_role(name, platform, roles, self),
            "machinerole": _machine_role(
                name, platform, roles, key_arn, [*place, logs.machines, logs.tasks, table], self
            ),
            "schedulerrole": scheduler_role,
            "deadletters": told.starts.arn,
            "boundary": roles.boundary,
            "architecture": settings.architecture,
            "cpu": str(settings.cpu),
            "memory": str(settings.memory),
            "historydays": str(settings.history_days),
            "successmessages": "true" if settings.success_messages else "false",
            "limits": limits_text(settings.concurrency_groups),
            "topics": joined(args.get("topic_arns") or []),
        }
        definition = task_definition.make(
            name,
            platform=platform,
            family=platform.family(),
            image=connection["image"],
            container=connection["container"],
            cpu=connection["cpu"],
            memory=connection["memory"],
            architecture=connection["architecture"],
            execution_role_arn=connection["executionrole"],
            task_role_arn=role.make(
                f"{name}-task",
                place=roles,
                description="What a command may do that asks for nothing: nothing",
                trust=text(trusts.ecs_tasks(platform)),
                parent=self,
            ),
            parent=self,
        )
        # The first run of a job needs it, and a job names only its family.
        connection["machinerole"] = role.after(connection["machinerole"], definition)
        run_task = _run_task(name, platform, settings, net, connection, parent=self)
        # What runs a command during a deployment asks for the revision, and so waits for all that
        # a run needs and that hears of its end: nothing else names the machine.
        ready = role.after(definition.arn, *place, logs.tasks, table, run_task, *recorded.targets)
        self.connection = hand_out({**connection, "taskdefinition": ready})
        self.platform_name = pulumi.Output.from_input(platform.prefix)
        self.run_task_arn = run_task.arn
        self.task_definition_arn = definition.arn
        self.success_topic_arn = told.topics[Outcome.SUCCESS].arn
        self.failure_topic_arn = told.topics[Outcome.FAILURE].arn
        self.task_log_group = logs.tasks.name
        self.starts_queue_url = told.starts.url
        self.messages_queue_url = told.messages.url
        self.key_policy = pulumi.Output.from_input(text(keys.policy(platform=platform)))
        self.policies = _policies(name, platform, roles, key_arn)
        self.register_outputs({key: getattr(self, key) for key in type(self).__annotations__})


def _policies(
    name: str, platform: Platform, roles: role.Place, key_arn: pulumi.Input[str] | None
) -> pulumi.Output[dict[str, str]]:
    keyed = {"platform": platform, "key_arn": key_arn or ""}
    bounded = {**keyed, "boundary_arn": roles.boundary}
    return pulumi.Output.all(
        viewer=rendered(people.viewer, **keyed),
        runner=rendered(people.runner, **keyed),
        doctor=rendered(doctor.doctor, platform=platform),
        deployer=rendered(people.deployer, **bounded),
        admin=rendered(administrator.admin, name=name, **bounded),
    )


def _execution_role(
    name: str, platform: Platform, roles: role.Place, parent: pulumi.Resource
) -> pulumi.Output[str]:
    return role.make(
        f"{name}-execution",
        place=roles,
        description=f"Starts tasks on {platform.prefix}",
        trust=text(trusts.ecs_tasks(platform)),
        permissions=containers.permissions,
        parent=parent,
        log_group_arn=platform.log_group_arn(platform.task_log_group),
    )


def _machine_role(
    name: str,
    platform: Platform,
    roles: role.Place,
    key_arn: pulumi.Input[str] | None,
    needed: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    arn = role.make(
        f"{name}-machine",
        place=roles,
        description=f"Runs the state machines of {platform.prefix}",
        trust=text(trusts.states(platform)),
        permissions=job_machine.permissions,
        parent=parent,
        platform=platform,
        key_arn=key_arn or "",
    )
    # A machine is refused if the group that it logs to is not there, and its first run fails
    # without the cluster, the tasks' log group or the control table.
    return role.after(arn, *needed)


def _scheduler_role(
    name: str,
    platform: Platform,
    roles: role.Place,
    told: Notifications,
    key_arn: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    arn = role.make(
        f"{name}-scheduler",
        place=roles,
        description=f"Starts the scheduled runs of {platform.prefix}",
        trust=text(trusts.scheduler(platform)),
        permissions=schedule_target.permissions,
        parent=parent,
        platform=platform,
        queue_arn=told.starts.arn,
        key_arn=key_arn or "",
    )
    groups = [
        aws.scheduler.ScheduleGroup(
            logical, name=physical, opts=pulumi.ResourceOptions(parent=parent)
        )
        for logical, physical in (
            (name, platform.schedule_group),
            (f"{name}-manual", platform.manual_schedule_group),
        )
    ]
    # A schedule is refused if its group is not there.
    return role.after(arn, *groups)


def _run_task(
    name: str,
    platform: Platform,
    settings: Settings,
    net: Network,
    connection: dict[str, pulumi.Input[str]],
    *,
    parent: pulumi.Resource,
) -> aws.sfn.StateMachine:
    return state_machine.make(
        f"{name}-{RUN_TASK}",
        physical_name=platform.state_machine(RUN_TASK),
        definition=rendered(
            _run_task_definition,
            platform=platform,
            container=connection["container"],
            subnets=net.subnets,
            groups=net.groups,
            public_ip=net.public_ip,
            project=connection["project"],
            history_days=settings.history_days,
            success_messages=settings.success_messages,
        ),
        role_arn=connection["machinerole"],
        log_group_arn=platform.log_group_arn(platform.machine_log_group),
        tags={
            **state_machine.tags(platform, job=RUN_TASK, owner="", project=pulumi.get_project()),
            # Tools outside the checkout ask it before they change something.
            **({Tag.PRODUCTION.value: "true"} if settings.production else {}),
        },
        parent=parent,
    )


def _run_task_definition(*, subnets: str, groups: str, public_ip: str, **same: Any) -> Any:
    return run_task_machine.definition(
        subnets=split(subnets),
        security_groups=split(groups),
        public_ip=public_ip == "ENABLED",
        **same,
    )
