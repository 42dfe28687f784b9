"""What the engine makes of a change to the platform's settings.

Each plan is the whole plan. ``docs/changes.md`` has the same in words.
"""

from __future__ import annotations

import pytest

from tests.engine import plan, stacks
from tests.engine.programs import SECRETS, job, platform

SLACK = {"workspace_id": "T01", "success_channel_id": "C01", "failure_channel_id": "C02"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"

ROLES = ("execution", "machine", "recorder", "rules", "scheduler", "sweep", "task")


def program(**of):
    """Return a program: a platform, a job that shares its task definition, one that does not."""

    def run():
        connection = platform(**of).connection
        job("nightly", connection)
        job("own", connection, secrets=SECRETS)

    return run


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A stack that is up to date; previews leave it so."""
    with stacks.up_to_date(tmp_path_factory.mktemp("platform"), program()) as stack:
        yield stack


def each(change, *names):
    """Return a change of several resources, in order."""
    return [change.format(name) for name in names]


MACHINES = each("update sfn.StateMachine {}: definition", "batch-run-task", "nightly", "own")

MACHINES_AND_RECORDER = sorted([*MACHINES, "update sfn.StateMachine batch-recorder: definition"])

TASK_DEFINITIONS = ("batch", "own")

PLANS = {
    "retention": (
        {"log_retention_days": 90},
        each("update cloudwatch.LogGroup batch-{}: retentionInDays", "machines", "tasks"),
    ),
    "insights": (
        {"container_insights": "enhanced"},
        ["update ecs.Cluster batch: settings[0].value"],
    ),
    "emails": (
        {"emails": {"failure": ["a@example.com"], "success": ["b@example.com"]}},
        each(
            "create sns.TopicSubscription batch-{}",
            "failure-a@example.com",
            "success-b@example.com",
        ),
    ),
    "slack": (
        {"slack": SLACK},
        [
            *each("create chatbot.SlackChannelConfiguration batch-{}", "failure", "success"),
            "create iam.Role batch-slack",
        ],
    ),
    # Each machine hands the network to RunTask itself.
    "subnets": ({"subnet_ids": ["subnet-bbb2"]}, MACHINES),
    "security groups": ({"security_group_ids": ["sg-bbb2"]}, MACHINES),
    "public address": ({"assign_public_ip": "enabled"}, MACHINES),
    "a security group that is made": (
        {"security_group_ids": []},
        [
            "create ec2.SecurityGroup batch-tasks",
            *each("create vpc.SecurityGroupEgressRule batch-tasks-{}", "ipv4", "ipv6"),
            *MACHINES,
        ],
    ),
    # The engine shows its own protection neither when it comes nor when it goes.
    "production": (
        {"production": True},
        [
            "update dynamodb.Table batch-control: deletionProtectionEnabled",
            "update sfn.StateMachine batch-run-task: tags.batch:production",
        ],
    ),
    "history": ({"history_days": 30}, MACHINES_AND_RECORDER),
    "success messages": ({"success_messages": False}, MACHINES_AND_RECORDER),
    # A job that names none does not hear of it.
    "groups": ({"concurrency_groups": {"db": 3}}, []),
    "topics": (
        {"topic_arns": ["arn:aws:sns:eu-west-1:123456789012:reports"]},
        ["update iam.RolePolicy batch-recorder: policy"],
    ),
    "boundary": (
        {"permissions_boundary_arn": BOUNDARY},
        each(
            "update iam.Role {}: permissionsBoundary",
            *(f"batch-{role}" for role in ROLES),
            "own-execution",
        ),
    ),
    "key": (
        {"kms_key_arn": KEY},
        [
            *each("update cloudwatch.LogGroup batch-{}: kmsKeyId", "machines", "tasks"),
            "update dynamodb.Table batch-control: serverSideEncryption",
            *each(
                "update iam.RolePolicy batch-{}: policy",
                "machine",
                "recorder",
                "scheduler",
                "sweep",
            ),
            *each("update sns.Topic batch-{}: kmsMasterKeyId", "failure", "success"),
            *each(
                "update sqs.Queue batch-{}: kmsMasterKeyId, sqsManagedSseEnabled",
                "messages",
                "starts",
            ),
        ],
    ),
    "size": (
        {"cpu": 512, "memory": 1024},
        each("replace ecs.TaskDefinition {}: cpu, memory", *TASK_DEFINITIONS),
    ),
    "architecture": (
        {"architecture": "ARM64"},
        each("replace ecs.TaskDefinition {}: runtimePlatform.cpuArchitecture", *TASK_DEFINITIONS),
    ),
    # A job with its own task definition has the platform's image too, unless it names another.
    "image": (
        {"image": "app:2"},
        each("replace ecs.TaskDefinition {}: containerDefinitions", *TASK_DEFINITIONS),
    ),
    "container": (
        {"container_name": "rails"},
        [
            *each("replace ecs.TaskDefinition {}: containerDefinitions", *TASK_DEFINITIONS),
            *MACHINES,
        ],
    ),
    "account": ({"account_id": "123456789012"}, []),
}


@pytest.mark.parametrize(("changed", "plan"), PLANS.values(), ids=PLANS)
def test_a_setting_changes_what_it_is_about(deployed, changed, plan):
    assert deployed.preview(program(**changed)).changes == plan


def test_another_account_stops_the_update_before_anything_is_changed(deployed):
    with pytest.raises(stacks.Failed, match="accountId"):
        deployed.preview(program(account_id="999999999999"))


def test_another_channel_is_another_configuration(backend):
    stack = backend.stack(program(slack=SLACK))
    stack.up()
    moved = program(slack={**SLACK, "failure_channel_id": "C03"})

    assert stack.preview(moved).changes == [
        "update chatbot.SlackChannelConfiguration batch-failure: slackChannelId"
    ]
    assert stack.preview(program()).changes == [
        *each("delete chatbot.SlackChannelConfiguration batch-{}", "failure", "success"),
        "delete iam.Role batch-slack",
    ]


def protected(stack):
    resources = stack.state()["resources"]
    return sorted(plan.name(one["urn"]) for one in resources if one.get("protect"))


def test_production_protects_what_nothing_brings_back(backend):
    stack = backend.stack(program())
    stack.up()
    assert protected(stack) == []

    stack.up(program(production=True))
    assert protected(stack) == [
        "batch-control",
        "batch-machines",
        "batch-messages",
        "batch-starts",
        "batch-tasks",
    ]

    stack.up(program())
    assert protected(stack) == []


def test_another_name_is_another_platform(deployed):
    """What has its name from the platform's is ended before the new one comes."""
    plan = deployed.preview(program(name="other"))

    named = [change for change in plan.changes if "deleting-first" in change]
    assert sorted({change.split()[1] for change in named}) == [
        "cloudwatch.LogGroup",
        "dynamodb.Table",
        "ecs.Cluster",
        "ecs.ClusterCapacityProviders",
        "scheduler.Schedule",
        "scheduler.ScheduleGroup",
        "sfn.StateMachine",
        "sns.Topic",
        "sns.TopicPolicy",
    ]


ALARMS = (
    "failure-lost",
    "failure-unheard",
    "messages",
    "not-started",
    "over-limit",
    "recorder-aborted",
    "recorder-failed",
    "recorder-timed-out",
    "starts",
    "starts-dropped",
    "starts-lost",
    "starts-refused",
    "success-lost",
    "success-unheard",
    "sweep-aborted",
    "sweep-failed",
    "sweep-silent",
    "sweep-timed-out",
)

TAGGED = (
    "cloudwatch.EventRule batch-failure",
    "cloudwatch.EventRule batch-success",
    "cloudwatch.LogGroup batch-machines",
    "cloudwatch.LogGroup batch-tasks",
    *(f"cloudwatch.MetricAlarm batch-{alarm}" for alarm in ALARMS),
    "dynamodb.Table batch-control",
    "ecs.Cluster batch",
    "ecs.TaskDefinition batch",
    "ecs.TaskDefinition own",
    *each("iam.Role batch-{}", *ROLES),
    "iam.Role own-execution",
    "scheduler.ScheduleGroup batch",
    "scheduler.ScheduleGroup batch-manual",
    "sfn.StateMachine batch-recorder",
    "sfn.StateMachine batch-run-task",
    "sfn.StateMachine batch-sweep",
    "sfn.StateMachine nightly",
    "sfn.StateMachine own",
    "sns.Topic batch-failure",
    "sns.Topic batch-success",
    "sqs.Queue batch-messages",
    "sqs.Queue batch-starts",
)
"""What can have tags."""


def test_a_tag_of_all_is_put_on_all_that_can_have_it(tmp_path):
    tags = {"aws:defaultTags": {"tags": {"team": "sre"}}}
    with stacks.backend(tmp_path) as backend:
        backend.stack(program()).up()
        changes = backend.stack(program(), config=tags).preview().changes

    assert changes == sorted(each("update {}: tagsAll.team", *TAGGED))
