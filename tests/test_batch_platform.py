"""What a platform asks the engine for. Proves the inputs, not that AWS accepts them."""

import fnmatch
import itertools
import json
import re
from decimal import Decimal
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from batch import control
from batch.connection import KEYS
from batch.contract import Platform
from batch.documents import job_machine, keys, machine_logs, recorder_machine
from batch.documents.metrics import Metric
from batch.errors import InvalidSettings
from components import BatchPlatform
from tests.recording import ACCOUNT, REGION, deploy, route_table

PLATFORM = Platform("batch", "test", ACCOUNT, REGION)
PLAIN = {"image": "app:1"}
SLACK = {"workspace_id": "T1", "success_channel_id": "C1", "failure_channel_id": "C2"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0"
GIVEN = {
    "subnet_ids": ["subnet-aaa1"],
    "security_group_ids": ["sg-a1"],
    "assign_public_ip": "disabled",
}


def platform(options=(), **engine):
    return deploy(
        lambda: BatchPlatform("batch", {**PLAIN, **dict(options)}).connection,
        **engine,
    )


def refused(options, **engine):
    """Return the problems, after seeing that nothing was made."""
    made = []

    def program():
        try:
            BatchPlatform("batch", {**PLAIN, **options})
        except InvalidSettings as error:
            made.extend(str(error).splitlines())

    recording = deploy(program, **engine)

    assert recording.custom() == []
    return made


TARGETS = {
    "public": {"gatewayId": "igw-1"},
    "private": {"natGatewayId": "nat-1"},
    "transit": {"transitGatewayId": "tgw-1"},
    "vpn": {"gatewayId": "vgw-1"},
    "isolated": None,
}


def subnets(*, main="isolated", vpcs=("vpc-found",), **kinds):
    """Return answers to the look-ups of a network with subnets of these kinds.

    A subnet of the kind main has no table of its own.
    """
    tables = {"rtb-main": route_table("rtb-main", TARGETS[main], main=True)}
    for name, kind in kinds.items():
        if kind != "main":
            id_ = f"rtb-{name}"
            tables[id_] = route_table(id_, TARGETS[kind], subnets=[f"subnet-{name}"])
    vpc_of = dict(zip(kinds, itertools.cycle(vpcs), strict=False))
    return {
        "aws:ec2/getSubnets:getSubnets": lambda _: {"ids": [f"subnet-{name}" for name in kinds]},
        "aws:ec2/getSubnet:getSubnet": lambda args: {
            "id": args["id"],
            "vpcId": vpc_of[args["id"].removeprefix("subnet-")],
        },
        "aws:ec2/getRouteTables:getRouteTables": lambda _: {"ids": [*tables]},
        "aws:ec2/getRouteTable:getRouteTable": lambda args: tables[args["routeTableId"]],
    }


def document(resource, key):
    return json.loads(resource.inputs[key])


def made_up_arn(machine):
    """Return what the recording engine has for the ARN of a machine."""
    return f"arn:aws:sfn:{REGION}:{ACCOUNT}:statemachine/{machine}"


# What there is


def test_a_plain_platform_is_exactly_these_resources():
    assert sorted((r.type.split(":")[-1], r.name) for r in platform().custom()) == [
        ("Cluster", "batch"),
        ("ClusterCapacityProviders", "batch"),
        ("Dashboard", "batch"),
        ("EventRule", "batch-failure"),
        ("EventRule", "batch-success"),
        ("EventTarget", "batch-failure"),
        ("EventTarget", "batch-success"),
        ("LogGroup", "batch-machines"),
        ("LogGroup", "batch-tasks"),
        ("MetricAlarm", "batch-failure-lost"),
        ("MetricAlarm", "batch-failure-unheard"),
        ("MetricAlarm", "batch-messages"),
        ("MetricAlarm", "batch-not-started"),
        ("MetricAlarm", "batch-over-limit"),
        ("MetricAlarm", "batch-recorder-aborted"),
        ("MetricAlarm", "batch-recorder-failed"),
        ("MetricAlarm", "batch-recorder-timed-out"),
        ("MetricAlarm", "batch-starts"),
        ("MetricAlarm", "batch-starts-dropped"),
        ("MetricAlarm", "batch-starts-lost"),
        ("MetricAlarm", "batch-starts-refused"),
        ("MetricAlarm", "batch-success-lost"),
        ("MetricAlarm", "batch-success-unheard"),
        ("MetricAlarm", "batch-sweep-aborted"),
        ("MetricAlarm", "batch-sweep-failed"),
        ("MetricAlarm", "batch-sweep-silent"),
        ("MetricAlarm", "batch-sweep-timed-out"),
        ("Queue", "batch-messages"),
        ("Queue", "batch-starts"),
        ("QueuePolicy", "batch-messages"),
        ("Role", "batch-execution"),
        ("Role", "batch-machine"),
        ("Role", "batch-recorder"),
        ("Role", "batch-rules"),
        ("Role", "batch-scheduler"),
        ("Role", "batch-sweep"),
        ("Role", "batch-task"),
        ("RolePolicy", "batch-execution"),
        ("RolePolicy", "batch-machine"),
        ("RolePolicy", "batch-recorder"),
        ("RolePolicy", "batch-rules"),
        ("RolePolicy", "batch-scheduler"),
        ("RolePolicy", "batch-sweep"),
        ("Schedule", "batch-sweep"),
        ("ScheduleGroup", "batch"),
        ("ScheduleGroup", "batch-manual"),
        ("SecurityGroup", "batch-tasks"),
        ("SecurityGroupEgressRule", "batch-tasks-ipv4"),
        ("SecurityGroupEgressRule", "batch-tasks-ipv6"),
        ("StateMachine", "batch-recorder"),
        ("StateMachine", "batch-run-task"),
        ("StateMachine", "batch-sweep"),
        ("Table", "batch-control"),
        ("TaskDefinition", "batch"),
        ("Topic", "batch-failure"),
        ("Topic", "batch-success"),
        ("TopicPolicy", "batch-failure"),
        ("TopicPolicy", "batch-success"),
    ]


def test_every_child_hangs_under_the_component():
    assert {r.parent_type for r in platform().custom()} == {"batch:index:BatchPlatform"}


def test_two_platforms_fit_into_one_stack():
    def program():
        BatchPlatform("first", {**PLAIN, "name": "first"})
        BatchPlatform("second", {**PLAIN, "name": "second"})

    names = [r.inputs["name"] for r in deploy(program).of(aws.ecs.Cluster)]

    assert names == ["first-test", "second-test"]


def test_physical_names_are_those_of_the_contract():
    recording = platform()
    named = {
        r.inputs["name"]
        for r in recording.custom()
        if r.type.split(":")[-1] not in ("Role", "RolePolicy") and "name" in r.inputs
    }

    assert named == {
        "batch-test",
        "batch-test_manual",
        "batch-test-success",
        "batch-test-failure",
        "batch-test-run-task",
        "batch-test_recorder",
        "batch-test_sweep",
        "batch-test-control",
        "/batch/batch-test",
        "/aws/vendedlogs/states/batch-test",
    }


def test_every_document_is_the_same_in_every_run():
    def texts():
        return {
            (r.key, key): value
            for r in platform({"slack": SLACK}).custom()
            for key, value in r.inputs.items()
            if isinstance(value, str) and value.startswith("{")
        }

    assert texts() == texts()
    assert len(texts()) > 10


# Cluster and tasks


def test_the_cluster_has_fargate_and_fargate_spot():
    providers = platform().one(aws.ecs.ClusterCapacityProviders, "batch")

    assert providers.inputs["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert providers.inputs["clusterName"] == "batch-test"


@pytest.mark.parametrize(
    ("options", "value"), [({}, "enabled"), ({"container_insights": "enhanced"}, "enhanced")]
)
def test_container_insights_are_on_unless_told(options, value):
    cluster = platform(options).one(aws.ecs.Cluster, "batch")

    assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": value}]


def test_the_task_definition_has_one_container_that_waits_for_its_log():
    definition = platform().one(aws.ecs.TaskDefinition, "batch")
    (container,) = document(definition, "containerDefinitions")

    assert (container["name"], container["image"]) == ("app", "app:1")
    assert container["logConfiguration"]["options"]["mode"] == "blocking"
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/batch/batch-test"
    assert "command" not in container


def test_the_task_definition_has_the_size_and_the_processor_of_the_platform():
    options = {"cpu": 1024, "memory": 2048, "architecture": "ARM64", "container_name": "main"}
    definition = platform(options).one(aws.ecs.TaskDefinition, "batch")

    assert definition.inputs["family"] == "batch-test"
    assert (definition.inputs["cpu"], definition.inputs["memory"]) == ("1024", "2048")
    assert definition.inputs["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert document(definition, "containerDefinitions")[0]["name"] == "main"


def test_a_task_has_the_roles_that_are_not_its_machines():
    definition = platform().one(aws.ecs.TaskDefinition, "batch")

    assert definition.inputs["executionRoleArn"].endswith("role/batch/batch-test/batch-execution")
    assert definition.inputs["taskRoleArn"].endswith("role/batch/batch-test/batch-task")


# State machine


def test_the_machine_for_commands_runs_on_this_platform():
    machine = platform(GIVEN).one(aws.sfn.StateMachine, "batch-run-task")
    run = document(machine, "definition")["States"]["Run the command"]["Arguments"]

    assert run["TaskDefinition"] == "batch-test"
    assert run["Cluster"] == PLATFORM.cluster_arn
    assert run["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "Subnets": ["subnet-aaa1"],
        "SecurityGroups": ["sg-a1"],
        "AssignPublicIp": "DISABLED",
    }


def test_the_machine_for_commands_keeps_records_as_long_as_told():
    machines = [
        document(platform(options).one(aws.sfn.StateMachine, "batch-run-task"), "definition")
        for options in ({"history_days": 400}, {"history_days": 7}, {"success_messages": False})
    ]

    assert machines[0] == document(
        platform().one(aws.sfn.StateMachine, "batch-run-task"), "definition"
    )
    assert machines[0] not in machines[1:]


def test_the_machine_logs_to_the_streams_of_its_group():
    machine = platform().one(aws.sfn.StateMachine, "batch-run-task")

    assert machine.inputs["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": False,
        "logDestination": PLATFORM.log_group_arn(PLATFORM.machine_log_group) + ":*",
    }


def test_the_machine_waits_for_its_policy_and_its_log_group():
    machine = platform().one(aws.sfn.StateMachine, "batch-run-task")

    assert {
        "aws:iam/rolePolicy:RolePolicy batch-machine",
        "aws:cloudwatch/logGroup:LogGroup batch-machines",
    } <= machine.depends_on


def test_the_machine_is_tagged():
    machine = platform().one(aws.sfn.StateMachine, "batch-run-task")

    assert machine.inputs["tags"] == {
        "batch:platform": "batch-test",
        "batch:job": "run-task",
        "batch:project": "batch-platform",
    }


# Roles


def test_every_role_is_on_the_path_of_the_platform():
    roles = platform({"slack": SLACK}).of(aws.iam.Role)

    assert {role.inputs["path"] for role in roles} == {"/batch/batch-test/"}


def test_no_role_has_a_boundary_unless_told():
    assert {"permissionsBoundary" in r.inputs for r in platform().of(aws.iam.Role)} == {False}


def test_every_role_has_the_boundary_that_is_given():
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    recording = platform({"permissions_boundary_arn": boundary, "slack": SLACK})

    assert {r.inputs["permissionsBoundary"] for r in recording.of(aws.iam.Role)} == {boundary}
    assert recording.result["boundary"] == boundary


def test_a_boundary_may_be_made_by_the_same_program():
    def program():
        boundary = aws.iam.Policy("boundary", policy="{}")
        BatchPlatform("batch", {**PLAIN, "permissions_boundary_arn": boundary.arn})

    boundaries = {r.inputs["permissionsBoundary"] for r in deploy(program).of(aws.iam.Role)}

    assert boundaries == {f"arn:aws:iam::{ACCOUNT}:policy/boundary"}


def test_the_role_of_the_machines_may_do_what_their_definition_needs():
    policy = platform().one(aws.iam.RolePolicy, "batch-machine")

    assert document(policy, "policy")["Statement"] == job_machine.permissions(platform=PLATFORM)


@pytest.mark.parametrize(
    "role", ["execution", "machine", "recorder", "rules", "scheduler", "sweep", "task"]
)
def test_a_role_is_only_for_this_account(role):
    trust = document(platform().one(aws.iam.Role, f"batch-{role}"), "assumeRolePolicy")

    assert [s["Condition"]["StringEquals"]["aws:SourceAccount"] for s in trust["Statement"]] == [
        ACCOUNT
    ]


# Logs


def test_logs_are_kept_30_days_unless_told():
    assert {r.inputs["retentionInDays"] for r in platform().of(aws.cloudwatch.LogGroup)} == {30}


def test_logs_are_kept_as_long_as_told():
    groups = platform({"log_retention_days": 400}).of(aws.cloudwatch.LogGroup)

    assert {r.inputs["retentionInDays"] for r in groups} == {400}


def test_in_production_what_holds_data_is_protected():
    protected = {r.key for r in platform({"production": True}).resources if r.protect}

    assert protected == {
        ("aws:cloudwatch/logGroup:LogGroup", "batch-machines"),
        ("aws:cloudwatch/logGroup:LogGroup", "batch-tasks"),
        ("aws:dynamodb/table:Table", "batch-control"),
        ("aws:sqs/queue:Queue", "batch-messages"),
        ("aws:sqs/queue:Queue", "batch-starts"),
    }


def test_elsewhere_nothing_is_protected():
    assert [r.key for r in platform().resources if r.protect] == []


# Schedules


def test_schedules_may_be_made_once_the_group_and_the_policy_are_there():
    def program():
        connection = BatchPlatform("batch", PLAIN).connection
        aws.ssm.Parameter("waits", type="String", value=connection["schedulerrole"])

    waits = deploy(program).one(aws.ssm.Parameter, "waits")

    assert {
        "aws:iam/rolePolicy:RolePolicy batch-scheduler",
        "aws:scheduler/scheduleGroup:ScheduleGroup batch",
    } <= waits.depends_on


# What the platform remembers


def test_the_control_table_has_the_keys_and_indexes_of_the_contract():
    table = platform().one(aws.dynamodb.Table, "batch-control").inputs

    assert (table["hashKey"], table["rangeKey"]) == (control.PARTITION_KEY, control.SORT_KEY)
    assert {
        index["name"]: tuple(key["attributeName"] for key in index["keySchemas"])
        for index in table["globalSecondaryIndexes"]
    } == control.INDEXES
    assert {index["projectionType"] for index in table["globalSecondaryIndexes"]} == {"ALL"}
    # DynamoDB refuses an attribute that no key uses.
    assert {one["name"] for one in table["attributes"]} == {
        control.PARTITION_KEY,
        control.SORT_KEY,
        *itertools.chain(*control.INDEXES.values()),
    }
    assert table["ttl"] == {"attributeName": control.TTL, "enabled": True}


def test_the_control_table_is_paid_by_request_and_can_be_brought_back():
    table = platform().one(aws.dynamodb.Table, "batch-control").inputs

    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["pointInTimeRecovery"] == {"enabled": True}


@pytest.mark.parametrize("production", [True, False])
def test_in_production_nobody_deletes_the_control_table(production):
    table = platform({"production": production}).one(aws.dynamodb.Table, "batch-control")

    assert table.inputs["deletionProtectionEnabled"] is production


def test_no_machine_is_made_before_the_control_table():
    recording = platform()

    assert {
        machine.name
        for machine in recording.of(aws.sfn.StateMachine)
        if "aws:dynamodb/table:Table batch-control" in machine.depends_on
    } == {"batch-run-task", "batch-recorder", "batch-sweep"}


@pytest.mark.parametrize("machine", ["recorder", "sweep"])
def test_a_machine_of_the_platform_has_a_role_that_is_its_own(machine):
    recording = platform()
    made = recording.one(aws.sfn.StateMachine, f"batch-{machine}")
    trust = document(recording.one(aws.iam.Role, f"batch-{machine}"), "assumeRolePolicy")
    policy = document(recording.one(aws.iam.RolePolicy, f"batch-{machine}"), "policy")
    delivery = machine_logs.permissions()

    assert made.inputs["roleArn"].endswith(f"role/batch/batch-test/batch-{machine}")
    assert trust["Statement"][0]["Condition"]["ArnLike"]["aws:SourceArn"] == [
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:batch-test_{machine}"
    ]
    assert policy["Statement"][-1:] == delivery


def test_the_recorder_may_publish_to_the_topics_that_jobs_may_name():
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:reports"
    own = [f"arn:aws:sns:{REGION}:{ACCOUNT}:batch-test-{end}" for end in ("success", "failure")]
    policy = document(
        platform({"topic_arns": [topic]}).one(aws.iam.RolePolicy, "batch-recorder"), "policy"
    )
    expected = recorder_machine.permissions(
        platform=PLATFORM,
        queue_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:batch-messages",
        topic_arns=[*own, topic],
    )

    assert policy["Statement"] == [*expected, *machine_logs.permissions()]


def test_the_sweep_starts_every_15_minutes():
    schedule = platform().one(aws.scheduler.Schedule, "batch-sweep").inputs

    assert (schedule["name"], schedule["groupName"]) == ("batch-test_sweep", "batch-test")
    assert schedule["scheduleExpression"] == "rate(15 minutes)"
    assert schedule["target"] == {
        "arn": made_up_arn("batch-test_sweep"),
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/batch/batch-test/batch-scheduler",
        "input": "{}",
        "deadLetterConfig": {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:batch-starts"},
        "retryPolicy": {"maximumEventAgeInSeconds": 900, "maximumRetryAttempts": 185},
    }


def starts(document):
    """Return the machines that a policy's holder may start."""
    return [
        resource
        for statement in document["Statement"]
        if "states:StartExecution" in statement["Action"]
        for resource in statement["Resource"]
    ]


@pytest.mark.parametrize("machine", ["recorder", "sweep"])
def test_a_machine_of_the_platform_cannot_start_itself(machine):
    """Neither by itself nor by an event of its own end."""
    recording = platform()
    own = PLATFORM.own_machine_arn(f"batch-test_{machine}")
    may = starts(document(recording.one(aws.iam.RolePolicy, f"batch-{machine}"), "policy"))
    heard = [
        prefix["prefix"]
        for rule in recording.of(aws.cloudwatch.EventRule)
        for prefix in document(rule, "eventPattern")["detail"]["stateMachineArn"]
    ]

    assert [pattern for pattern in may if fnmatch.fnmatchcase(own, pattern)] == []
    assert len(heard) == 2
    assert [prefix for prefix in heard if own.startswith(prefix)] == []


def test_a_rule_may_start_the_recorder_and_nothing_else():
    policy = document(platform().one(aws.iam.RolePolicy, "batch-rules"), "policy")

    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["states:StartExecution"],
            "Resource": [PLATFORM.own_machine_arn(PLATFORM.recorder)],
        }
    ]


# Messages


@pytest.mark.parametrize("queue", ["starts", "messages"])
def test_an_alarm_on_each_dead_letter_queue_tells_the_failure_topic(queue):
    recording = platform()
    failure = f"arn:aws:sns:{REGION}:{ACCOUNT}:batch-test-failure"
    alarm = recording.one(aws.cloudwatch.MetricAlarm, f"batch-{queue}").inputs

    assert alarm["alarmActions"] == [failure]
    assert alarm["dimensions"] == {"QueueName": f"batch-{queue}"}
    assert alarm["metricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)


def test_dead_letters_are_kept_for_14_days():
    seconds = {r.inputs["messageRetentionSeconds"] for r in platform().of(aws.sqs.Queue)}

    assert seconds == {14 * 24 * 3600}


def test_each_end_of_a_run_starts_the_recorder():
    targets = platform().of(aws.cloudwatch.EventTarget)

    assert [(t.inputs["rule"], t.inputs["arn"]) for t in targets] == [
        ("batch-failure", made_up_arn("batch-test_recorder")),
        ("batch-success", made_up_arn("batch-test_recorder")),
    ]
    assert {t.inputs["roleArn"].split("/")[-1] for t in targets} == {"batch-rules"}
    # The recorder reads the event as it is.
    assert [t.inputs.keys() & {"input", "inputPath", "inputTransformer"} for t in targets] == [
        set(),
        set(),
    ]


def test_failures_are_those_that_failed_took_too_long_or_were_aborted():
    rule = platform().one(aws.cloudwatch.EventRule, "batch-failure")

    assert document(rule, "eventPattern")["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]


def test_a_message_that_cannot_be_delivered_goes_to_its_queue():
    recording = platform()
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:batch-messages"
    policy = document(recording.one(aws.sqs.QueuePolicy, "batch-messages"), "policy")
    targets = recording.of(aws.cloudwatch.EventTarget)

    assert {t.inputs["deadLetterConfig"]["arn"] for t in targets} == {queue}
    assert policy["Statement"][0]["Resource"] == [queue]
    assert policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:eventrule/batch-failure",
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:eventrule/batch-success",
    ]


def test_only_the_recorder_the_sweep_and_the_alarms_publish():
    recording = platform()
    own = f"arn:aws:iam::{ACCOUNT}:role/batch/batch-test"
    publishers = {"AWS": [f"{own}/batch-recorder", f"{own}/batch-sweep"]}
    failure = document(recording.one(aws.sns.TopicPolicy, "batch-failure"), "policy")
    success = document(recording.one(aws.sns.TopicPolicy, "batch-success"), "policy")
    alarms = [alarm.name for alarm in recording.of(aws.cloudwatch.MetricAlarm)]

    assert [s["Principal"] for s in success["Statement"]] == [publishers]
    assert [s["Principal"] for s in failure["Statement"]] == [
        publishers,
        {"Service": "cloudwatch.amazonaws.com"},
    ]
    assert failure["Statement"][1]["Condition"]["ArnLike"]["aws:SourceArn"] == [
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:metricalarm/{name}" for name in sorted(alarms)
    ]


def test_there_is_no_channel_unless_told():
    assert platform().of(aws.chatbot.SlackChannelConfiguration) == []


def test_each_topic_has_its_channel():
    recording = platform({"slack": SLACK})
    channels = recording.of(aws.chatbot.SlackChannelConfiguration)

    assert [
        (c.inputs["slackTeamId"], c.inputs["slackChannelId"], c.inputs["configurationName"])
        for c in channels
    ] == [("T1", "C2", "batch-test-failure"), ("T1", "C1", "batch-test-success")]
    assert [c.inputs["snsTopicArns"][0].split(":")[-1] for c in channels] == [
        "batch-test-failure",
        "batch-test-success",
    ]


def test_members_of_a_channel_may_only_read():
    recording = platform({"slack": SLACK})
    guardrails = {
        policy
        for c in recording.of(aws.chatbot.SlackChannelConfiguration)
        for policy in c.inputs["guardrailPolicyArns"]
    }

    assert guardrails == {"arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"}
    assert "batch-slack" not in {r.name for r in recording.of(aws.iam.RolePolicy)}


def test_an_address_hears_of_what_it_asked_for():
    emails = {"success": ["a@example.com"], "failure": ["a@example.com", "b@example.com"]}
    found = platform({"emails": emails}).of(aws.sns.TopicSubscription)

    assert [
        (s.inputs["protocol"], s.inputs["endpoint"], s.inputs["topic"].split("-")[-1])
        for s in found
    ] == [
        ("email", "a@example.com", "failure"),
        ("email", "b@example.com", "failure"),
        ("email", "a@example.com", "success"),
    ]


# Alarms and the dashboard


def test_every_alarm_tells_the_failure_topic_when_it_begins_and_when_it_ends():
    alarms = platform().of(aws.cloudwatch.MetricAlarm)
    failure = [f"arn:aws:sns:{REGION}:{ACCOUNT}:batch-test-failure"]

    assert alarms
    assert [a.name for a in alarms if a.inputs["alarmActions"] != failure] == []
    assert [a.name for a in alarms if a.inputs["okActions"] != failure] == []


def test_the_page_on_costs_counts_what_a_platform_has():
    recording = platform()
    page = (Path(__file__).parents[1] / "docs/cost.md").read_text(encoding="utf-8")
    (sweeps,) = re.findall(r"a month, \$([\d.]+) a platform", page)
    _, section = page.split("## A platform without a run")
    rows = re.findall(r"^\| .+ \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", section, re.MULTILINE)
    numbers = [int(number) for number, _, _ in rows]
    dollars = [Decimal(together) for _, _, together in rows]

    assert numbers == [
        len(recording.of(aws.cloudwatch.MetricAlarm)),
        len(Metric),
        len(recording.of(aws.cloudwatch.Dashboard)),
    ]
    assert dollars == [int(number) * Decimal(each) for number, each, _ in rows]
    assert f"that is ${sum(dollars, Decimal(sweeps))}." in section


@pytest.mark.parametrize("rule", ["success", "failure"])
def test_an_alarm_hears_of_what_a_rule_could_not_deliver(rule):
    recording = platform()
    alarms = [
        recording.one(aws.cloudwatch.MetricAlarm, f"batch-{rule}-{end}").inputs
        for end in ("unheard", "lost")
    ]

    assert [(a["namespace"], a["metricName"]) for a in alarms] == [
        ("AWS/Events", "FailedInvocations"),
        ("AWS/Events", "InvocationsFailedToBeSentToDlq"),
    ]
    assert [a["dimensions"] for a in alarms] == [{"RuleName": f"batch-{rule}"}] * 2


def test_the_dashboard_has_the_name_of_the_platform_and_shows_every_alarm():
    recording = platform()
    made = recording.one(aws.cloudwatch.Dashboard, "batch")
    first = document(made, "dashboardBody")["widgets"][0]["properties"]

    assert made.inputs["dashboardName"] == "batch-test"
    assert [arn.split("/")[-1] for arn in first["alarms"]] == sorted(
        alarm.name for alarm in recording.of(aws.cloudwatch.MetricAlarm)
    )


@pytest.mark.parametrize(("insights", "counted"), [("enabled", 1), ("disabled", 0)])
def test_the_dashboard_shows_running_tasks_where_ecs_counts_them(insights, counted):
    options = {"container_insights": insights}
    body = document(platform(options).one(aws.cloudwatch.Dashboard, "batch"), "dashboardBody")
    titles = [widget["properties"]["title"] for widget in body["widgets"]]

    assert titles.count("Running tasks") == counted


# Encryption


def test_aws_encrypts_unless_told():
    recording = platform()

    assert {"kmsKeyId" in r.inputs for r in recording.of(aws.cloudwatch.LogGroup)} == {False}
    assert {r.inputs["sqsManagedSseEnabled"] for r in recording.of(aws.sqs.Queue)} == {True}
    # DynamoDB's own key, which costs nothing.
    assert "serverSideEncryption" not in recording.one(aws.dynamodb.Table, "batch-control").inputs


def test_a_key_encrypts_the_table_logs_topics_and_queues():
    recording = platform({"kms_key_arn": KEY})
    table = recording.one(aws.dynamodb.Table, "batch-control").inputs

    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}

    assert {r.inputs["kmsKeyId"] for r in recording.of(aws.cloudwatch.LogGroup)} == {KEY}
    assert {r.inputs["kmsMasterKeyId"] for r in recording.of(aws.sns.Topic)} == {KEY}
    assert {r.inputs["kmsMasterKeyId"] for r in recording.of(aws.sqs.Queue)} == {KEY}
    assert {"sqsManagedSseEnabled" in r.inputs for r in recording.of(aws.sqs.Queue)} == {False}


@pytest.mark.parametrize("role", ["machine", "scheduler"])
def test_a_role_that_writes_to_what_is_encrypted_may_use_the_key(role):
    policy = document(
        platform({"kms_key_arn": KEY}).one(aws.iam.RolePolicy, f"batch-{role}"), "policy"
    )

    assert [s["Resource"] for s in policy["Statement"] if "kms:Decrypt" in s["Action"]] == [[KEY]]


def test_the_statements_that_a_key_needs_are_an_output():
    recording = deploy(lambda: BatchPlatform("batch", {**PLAIN, "kms_key_arn": KEY}).key_policy)

    assert json.loads(recording.result) == keys.policy(platform=PLATFORM)


# Network


def test_nothing_is_looked_up_that_is_given():
    recording = platform(GIVEN)

    assert [token for token in recording.invokes if ":ec2/" in token] == []
    assert recording.of(aws.ec2.SecurityGroup) == []
    assert (recording.result["subnets"], recording.result["groups"]) == ("subnet-aaa1", "sg-a1")
    assert recording.result["publicip"] == "DISABLED"


def test_without_a_network_the_default_vpcs_subnets_are_taken_with_public_addresses():
    recording = platform()

    assert "aws:ec2/getVpc:getVpc" in recording.invokes
    assert recording.result["subnets"] == "subnet-aaa1,subnet-bbb2"
    assert recording.result["publicip"] == "ENABLED"


MIXED = {"c": "private", "b": "public", "a": "private", "db": "isolated"}


@pytest.mark.parametrize(
    ("assign", "kinds", "chosen", "public_ip"),
    [
        ("auto", MIXED, "subnet-a,subnet-c", "DISABLED"),
        ("disabled", MIXED, "subnet-a,subnet-c", "DISABLED"),
        ("enabled", MIXED, "subnet-b", "ENABLED"),
        ("auto", {"a": "public", "db": "isolated"}, "subnet-a", "ENABLED"),
        ("auto", {"a": "transit", "b": "vpn", "db": "isolated"}, "subnet-a,subnet-b", "DISABLED"),
    ],
)
def test_of_a_vpcs_subnets_those_are_taken_that_fit(assign, kinds, chosen, public_ip):
    recording = platform({"vpc_id": "vpc-0a", "assign_public_ip": assign}, answers=subnets(**kinds))

    assert (recording.result["subnets"], recording.result["publicip"]) == (chosen, public_ip)


@pytest.mark.parametrize(
    ("main", "chosen", "public_ip"),
    [
        ("private", "subnet-a", "DISABLED"),
        ("public", "subnet-a", "ENABLED"),
        ("isolated", "subnet-b", "ENABLED"),
    ],
)
def test_a_subnet_without_a_table_uses_the_main_one(main, chosen, public_ip):
    kinds = {"a": "main", "b": "public" if main == "isolated" else "isolated"}
    recording = platform({"vpc_id": "vpc-0a"}, answers=subnets(main=main, **kinds))

    assert (recording.result["subnets"], recording.result["publicip"]) == (chosen, public_ip)


@pytest.mark.parametrize(
    ("assign", "kind", "wanted"),
    [
        ("auto", "isolated", "private or public"),
        ("enabled", "private", "public"),
        ("disabled", "public", "private"),
    ],
)
def test_a_vpc_whose_subnets_do_not_fit_is_refused(assign, kind, wanted):
    with pytest.raises(InvalidSettings) as raised:
        platform({"vpc_id": "vpc-0a", "assign_public_ip": assign}, answers=subnets(a=kind))

    assert str(raised.value) == (
        f"vpcId: vpc-0a has no {wanted} subnets (subnet-a is {kind}); "
        "name another VPC, or the subnets themselves in subnetIds"
    )


@pytest.mark.parametrize(
    ("kinds", "public_ip"),
    [
        (("public", "public"), "ENABLED"),
        (("private", "private"), "DISABLED"),
        (("private", "isolated"), "DISABLED"),
    ],
)
def test_subnets_that_are_given_get_public_addresses_if_they_are_public(kinds, public_ip):
    recording = platform(
        {"subnet_ids": ["subnet-a", "subnet-b"]},
        answers=subnets(**dict(zip("ab", kinds, strict=True))),
    )

    assert recording.result["publicip"] == public_ip
    assert recording.result["subnets"] == "subnet-a,subnet-b"


def test_public_and_other_subnets_together_are_refused():
    with pytest.raises(InvalidSettings) as raised:
        platform({"subnet_ids": ["subnet-b", "subnet-a"]}, answers=subnets(a="public", b="private"))

    assert str(raised.value) == (
        "subnetIds: public subnets need a public address, others do not: subnet-a is public, "
        "subnet-b is private; "
        "name only public subnets or none, or say assignPublicIp: enabled or disabled"
    )


def test_public_and_other_subnets_do_where_the_stack_decides():
    recording = platform(
        {"subnet_ids": ["subnet-b", "subnet-a"], "assign_public_ip": "enabled"},
        answers=subnets(a="public", b="private"),
    )

    assert recording.result["publicip"] == "ENABLED"
    assert [token for token in recording.invokes if "RouteTable" in token] == []


def test_subnets_of_two_vpcs_are_refused():
    with pytest.raises(InvalidSettings) as raised:
        platform(
            {"subnet_ids": ["subnet-a", "subnet-b"]},
            answers=subnets(a="public", b="public", vpcs=("vpc-1", "vpc-2")),
        )

    assert str(raised.value) == (
        "subnetIds: they are in 2 VPCs (vpc-1, vpc-2); name subnets of one VPC"
    )


def test_a_vpc_without_subnets_is_refused():
    with pytest.raises(InvalidSettings) as raised:
        platform({"vpc_id": "vpc-0a"}, answers=subnets())

    assert str(raised.value) == (
        "vpcId: vpc-0a has no subnets; make one, or name another VPC or subnetIds"
    )


def test_the_group_that_is_made_lets_everything_out_and_nothing_in():
    recording = platform()
    rules = recording.of(aws.vpc.SecurityGroupEgressRule)

    assert "ingress" not in recording.one(aws.ec2.SecurityGroup, "batch-tasks").inputs
    assert recording.of(aws.vpc.SecurityGroupIngressRule) == []
    assert [r.inputs["ipProtocol"] for r in rules] == ["-1", "-1"]
    assert [r.inputs.get("cidrIpv4") or r.inputs["cidrIpv6"] for r in rules] == [
        "0.0.0.0/0",
        "::/0",
    ]


def test_the_group_that_is_made_is_in_the_vpc_of_the_subnets():
    recording = platform({"subnet_ids": ["subnet-a"]}, answers=subnets(a="private"))

    assert recording.one(aws.ec2.SecurityGroup, "batch-tasks").inputs["vpcId"] == "vpc-found"


def test_a_network_may_be_made_by_the_same_program():
    def program():
        subnet = aws.ec2.Subnet("a", vpc_id="vpc-0a", cidr_block="10.0.0.0/24")
        group = aws.ec2.SecurityGroup("own", vpc_id="vpc-0a")
        options = {"subnet_ids": [subnet.id], "security_group_ids": [group.id]}
        return BatchPlatform(
            "batch", {**PLAIN, **options, "assign_public_ip": "disabled"}
        ).connection

    connection = deploy(program).result

    assert (connection["subnets"], connection["groups"]) == ("a-id", "own-id")


# Connection


def test_the_connection_has_every_key_of_the_contract():
    connection = platform({"permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/b"}).result

    assert connection.keys() == KEYS.keys()
    assert {type(value) for value in connection.values()} == {str}


def test_the_connection_says_what_follows_from_the_arguments():
    connection = platform({**GIVEN, "cpu": 512, "memory": 1024}).result

    assert connection == {
        "platform": "batch",
        "stack": "test",
        "account": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "project": "batch-platform",
        "subnets": "subnet-aaa1",
        "groups": "sg-a1",
        "publicip": "DISABLED",
        "container": "app",
        "image": "app:1",
        "executionrole": f"arn:aws:iam::{ACCOUNT}:role/batch/batch-test/batch-execution",
        "machinerole": f"arn:aws:iam::{ACCOUNT}:role/batch/batch-test/batch-machine",
        "schedulerrole": f"arn:aws:iam::{ACCOUNT}:role/batch/batch-test/batch-scheduler",
        "deadletters": f"arn:aws:sqs:{REGION}:{ACCOUNT}:batch-starts",
        "boundary": "",
        "architecture": "X86_64",
        "cpu": "512",
        "memory": "1024",
        "taskdefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:taskdefinition/batch",
        "historydays": "400",
        "successmessages": "true",
        "limits": "",
        "topics": "",
    }


def test_the_connection_says_what_jobs_may_share_and_name():
    options = {
        "history_days": 90,
        "success_messages": False,
        "concurrency_groups": {"warehouse": 3, "api": 5},
        "topic_arns": [f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("sales", "books")],
    }
    connection = platform(options).result

    assert {key: connection[key] for key in ("historydays", "successmessages", "limits")} == {
        "historydays": "90",
        "successmessages": "false",
        "limits": "api=5,warehouse=3",
    }
    assert connection["topics"] == (
        f"arn:aws:sns:{REGION}:{ACCOUNT}:books,arn:aws:sns:{REGION}:{ACCOUNT}:sales"
    )


def test_one_value_that_is_not_known_leaves_the_others_known():
    connection = platform(preview=True, unknown=("batch-tasks",)).result

    unknown = {key for key, value in connection.items() if isinstance(value, pulumi.output.Unknown)}
    # The security group and the tasks' log group have that name. Whatever runs tasks waits for the
    # latter, and is known for all that.
    assert unknown == {"groups"}


# Wrong arguments


def test_another_account_is_refused_before_anything_is_made():
    assert refused({"account_id": "999999999999"}) == [
        "accountId: the credentials are of account 123456789012, the stack is for 999999999999; "
        "use credentials of 999999999999, or correct the stack's accountId"
    ]


def test_a_key_of_another_region_is_refused_before_anything_is_made():
    key = KEY.replace(REGION, "us-west-2")

    assert refused({"kms_key_arn": key}) == [
        "kmsKeyArn: the key is of us-west-2, the platform of eu-west-1: AWS takes only its own "
        "region's; name a key of eu-west-1, or correct the stack's aws:region"
    ]


def test_the_name_of_a_group_is_told_as_it_was_written():
    assert refused({"concurrency_groups": {"my_db": 3}}) == [
        "concurrencyGroups.my_db: is no name of a group; it looks like 'warehouse'"
    ]


def test_the_right_account_is_let_through():
    assert platform({"account_id": ACCOUNT}).result["account"] == ACCOUNT


def test_all_that_is_wrong_is_told_at_once():
    problems = refused({"log_retention_days": 31, "cpu": 300, "name": "Batch"})

    assert sorted(problem.split(":")[0] for problem in problems) == [
        "cpu",
        "logRetentionDays",
        "name",
    ]
