"""What a job asks the engine for. Proves the inputs, not that AWS accepts them."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from batch.contract import Platform
from batch.documents import job_machine
from batch.errors import InvalidInput, InvalidJob
from batch.job import Job
from components import (
    BatchPlatform,
    RunOnDeploy,
    ScheduledJob,
    clock,
    is_configured,
    refuse_unknown_overrides,
    registered_jobs,
)
from tests.recording import ACCOUNT, CONNECTION, REGION, deploy

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOCS = Path(__file__).parents[1] / "docs"
DAILY = "cron(0 3 * * ? *)"
PLAIN = {"platform": CONNECTION, "command": ["run"], "schedule": DAILY}
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/token"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
READ = [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::reports/*"]}]
VOLUME = [{"name": "data", "file_system_id": "fs-0123456789abcdef0", "path": "/data"}]


@pytest.fixture(autouse=True)
def _time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def job(options=(), name="report", **engine):
    return deploy(lambda: ScheduledJob(name, {**PLAIN, **dict(options)}), **engine)


def problems(program, **engine):
    """Return what is wrong, after seeing that nothing was made."""
    told = []

    def caught():
        try:
            program()
        except InvalidInput as error:
            told.extend(str(error).splitlines())

    recording = deploy(caught, **engine)

    assert [r.key for r in recording.custom()] == []
    return told


def overriding(**jobs):
    return {"batch-platform:jobs": json.dumps(jobs)}


def definition(recording, name="report"):
    return json.loads(recording.one(aws.sfn.StateMachine, name).inputs["definition"])


def wired(options=(), **wiring):
    """Return the definition that AWS is to read for a job of these options."""
    raw = {key: value for key, value in {**PLAIN, **dict(options)}.items() if key != "platform"}
    own = Job.parse("report", raw)
    values = {
        "platform": Platform("batch", "test", ACCOUNT, REGION),
        "job": own,
        "family": "batch-test-report" if own.own_task_definition else "batch-test",
        "container": own.container or "app",
        "subnets": ["subnet-a", "subnet-b"],
        "security_groups": ["sg-a"],
        "public_ip": False,
        "project": "batch-platform",
    }
    return job_machine.definition(**{**values, **wiring})


def container(recording, name="report"):
    text = recording.one(aws.ecs.TaskDefinition, name).inputs["containerDefinitions"]
    (only,) = json.loads(text)
    return only


def policy(recording, name):
    return json.loads(recording.one(aws.iam.RolePolicy, name).inputs["policy"])["Statement"]


# What there is


OPTIONS = {
    "a schedule": {},
    "no schedule": {"schedule": None},
    "three schedules": {"schedule": None, "schedules": {"a": DAILY, "b": DAILY, "c": DAILY}},
    "a schedule that is past": {"schedule": "at(2020-01-01T00:00:00)"},
    "enabled false": {"enabled": False},
    "its own size, environment, tries, time limits, Spot, ephemeral storage": {
        "cpu": 1024,
        "environment": {"A": "1"},
        "retry": {"attempts": 3},
        "start_retry": {"attempts": 2},
        "attempt_timeout": "5m",
        "run_timeout": "1h",
        "spot": True,
        "ephemeral_storage_gib": 50,
    },
    "its own image": {"image": "own:1"},
    "its own container name": {"container": "rails"},
    "its own architecture": {"architecture": "ARM64"},
    "secrets": {"secrets": {"TOKEN": PARAMETER}},
    "secrets and its own image": {"secrets": {"TOKEN": PARAMETER}, "image": "own:1"},
    "permissions": {"permissions": READ},
    "volumes": {"volumes": VOLUME},
    "permissions and volumes": {"permissions": READ, "volumes": VOLUME},
    "secrets and permissions": {"secrets": {"TOKEN": PARAMETER}, "permissions": READ},
    "its own overlap policy, group, deadline, topic, messages, pause after failures": {
        "overlap": "skip",
        "concurrency_group": "db",
        "start_deadline": "1h",
        "topic_arn": CONNECTION["topics"],
        "success_messages": False,
        "pause_after_failures": 3,
    },
    "an expectation of success": {"expect_success_within": "26h"},
}
PLATFORMS = {
    "its network given": {},
    "the default VPC, or a VPC": {"subnet_ids": None, "security_group_ids": None},
    "its network given, and Slack": {
        "slack": {"workspace_id": "T1", "success_channel_id": "C1", "failure_channel_id": "C2"}
    },
    "its network given, and two e-mail addresses": {
        "emails": {"success": ["a@example.com"], "failure": ["b@example.com"]}
    },
}


def documented():
    """Return the rows of the tables: option to what stands after it."""
    rows = re.findall(r"^\| (?!a |---)?([^|]+) \| ([^|]+)(?: \| ([^|]+))? \|$", _resources(), re.M)
    return {option: (int(count), which) for option, count, which in rows if count.isdecimal()}


def _resources():
    return (DOCS / "resources.md").read_text(encoding="utf-8")


def test_every_option_is_in_the_table_of_resources():
    others = {
        "RunOnDeploy",
        "GithubActionsAccess",
        "GithubActionsAccess, with the provider that the account has",
    }

    assert documented().keys() == OPTIONS.keys() | PLATFORMS.keys() | others


@pytest.mark.parametrize("option", OPTIONS)
def test_a_job_makes_the_resources_that_the_table_says(option):
    made = Counter(r.type.split(":")[-1] for r in job(OPTIONS[option]).custom())
    listed = Counter()
    for item in documented()[option][1].split(", "):
        number, _, kind = item.rpartition(" ")
        listed[kind] = int(number or 1)

    assert made == listed
    assert made.total() == documented()[option][0]


@pytest.mark.parametrize("option", PLATFORMS)
def test_a_platform_makes_as_many_resources_as_the_table_says(option):
    given = {"image": "app:1", "subnet_ids": ["subnet-aaa1"], "security_group_ids": ["sg-a"]}
    recording = deploy(lambda: BatchPlatform("batch", {**given, **PLATFORMS[option]}))

    assert len(recording.custom()) == documented()[option][0]


def test_a_run_on_deployment_makes_the_resource_that_the_table_says():
    given = {"platform": CONNECTION, "command": ["rake"]}
    recording = deploy(lambda: RunOnDeploy("migrate", given))

    assert [r.type.split(":")[-1] for r in recording.custom()] == [documented()["RunOnDeploy"][1]]
    assert len(recording.custom()) == documented()["RunOnDeploy"][0]


def test_every_child_hangs_under_the_component():
    recording = job({"secrets": {"TOKEN": PARAMETER}, "permissions": READ})

    assert {r.parent_type for r in recording.custom()} == {"batch:index:ScheduledJob"}


def test_names_of_jobs_and_schedules_do_not_meet():
    def program():
        ScheduledJob("a", {**PLAIN, "schedule": None, "schedules": {"b": DAILY, "c-d": DAILY}})
        ScheduledJob("a-b", PLAIN)
        ScheduledJob("a-c", {**PLAIN, "schedule": None, "schedules": {"d": DAILY}})

    schedules = deploy(program).of(aws.scheduler.Schedule)

    assert [s.name for s in schedules] == ["a-b", "a-c.d", "a.b", "a.c-d"]


# State machine


def test_the_machine_is_named_and_tagged_for_its_job():
    machine = job({"owner": "reporting"}).one(aws.sfn.StateMachine, "report")

    assert machine.inputs["name"] == "batch-test-report"
    assert machine.inputs["roleArn"] == CONNECTION["machinerole"]
    assert machine.inputs["tags"] == {
        "batch:platform": "batch-test",
        "batch:job": "report",
        "batch:owner": "reporting",
        "batch:project": "batch-platform",
    }


def test_a_teams_own_project_is_the_project_of_its_jobs():
    machine = job(project="reporting").one(aws.sfn.StateMachine, "report")

    assert machine.inputs["tags"]["batch:project"] == "reporting"


OF_THE_MACHINE = {
    "owner": "reporting",
    "description": "Writes the report",
    "environment": {"B": "2", "A": "1"},
    "cpu": 512,
    "ephemeral_storage_gib": 30,
    "spot": True,
    "attempt_timeout": "5m",
    "retry": {"attempts": 3, "exit_codes": [7]},
}


@pytest.mark.parametrize("options", [{}, OF_THE_MACHINE, {"secrets": {"TOKEN": PARAMETER}}])
def test_the_machine_has_the_document_of_its_job(options):
    assert definition(job(options)) == wired(options)


def test_a_public_address_is_given_where_the_platform_says_so():
    connection = {**CONNECTION, "publicip": "ENABLED", "groups": ""}

    assert definition(job({"platform": connection})) == wired(public_ip=True, security_groups=[])


def test_the_machine_logs_to_the_streams_of_the_platforms_group():
    machine = job().one(aws.sfn.StateMachine, "report")

    assert machine.inputs["loggingConfiguration"]["logDestination"] == (
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vendedlogs/states/batch-test:*"
    )


def test_the_machine_waits_for_what_the_platform_needs_first():
    def program():
        ScheduledJob(
            "report", {**PLAIN, "platform": BatchPlatform("batch", {"image": "a"}).connection}
        )

    recording = deploy(program)

    assert {
        "aws:iam/rolePolicy:RolePolicy batch-machine",
        "aws:cloudwatch/logGroup:LogGroup batch-machines",
        "aws:cloudwatch/logGroup:LogGroup batch-tasks",
        "aws:ecs/cluster:Cluster batch",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders batch",
    } <= recording.one(aws.sfn.StateMachine, "report").depends_on
    assert {
        "aws:iam/rolePolicy:RolePolicy batch-scheduler",
        "aws:scheduler/scheduleGroup:ScheduleGroup batch",
        "aws:sfn/stateMachine:StateMachine report",
    } <= recording.one(aws.scheduler.Schedule, "report").depends_on


def test_a_document_is_the_same_in_every_run():
    options = {"environment": {"B": "2", "A": "1"}}

    assert (
        job(options).one(aws.sfn.StateMachine, "report").inputs
        == job(options).one(aws.sfn.StateMachine, "report").inputs
    )


# Schedules


def test_a_schedule_starts_the_machine_and_says_when_it_should_have():
    schedule = job({"timezone": "Asia/Tokyo"}).one(aws.scheduler.Schedule, "report").inputs

    assert (schedule["name"], schedule["groupName"]) == ("report", "batch-test")
    assert schedule["scheduleExpression"] == DAILY
    assert schedule["scheduleExpressionTimezone"] == "Asia/Tokyo"
    assert schedule["target"]["arn"].endswith("statemachine/batch-test-report")
    assert schedule["target"]["roleArn"] == CONNECTION["schedulerrole"]
    assert json.loads(schedule["target"]["input"]) == {
        "schedule": "default",
        "scheduledTime": "<aws.scheduler.scheduled-time>",
        "trigger": "schedule",
    }


def test_a_start_is_tried_for_an_hour_and_then_kept_for_people():
    target = job().one(aws.scheduler.Schedule, "report").inputs["target"]

    assert target["retryPolicy"] == {
        "maximumEventAgeInSeconds": 3600,
        "maximumRetryAttempts": 185,
    }
    assert target["deadLetterConfig"] == {"arn": CONNECTION["deadletters"]}


def test_a_start_is_tried_as_long_as_told():
    target = job({"max_event_age": "5m"}).one(aws.scheduler.Schedule, "report").inputs["target"]

    assert target["retryPolicy"]["maximumEventAgeInSeconds"] == 300


def test_a_job_that_is_off_keeps_a_schedule_that_starts_nothing():
    assert (
        job({"enabled": False}).one(aws.scheduler.Schedule, "report").inputs["state"] == "DISABLED"
    )


def test_a_job_is_on_unless_told():
    assert job().one(aws.scheduler.Schedule, "report").inputs["state"] == "ENABLED"


@pytest.mark.parametrize(
    ("minutes", "window"),
    [(0, {"mode": "OFF"}), (15, {"mode": "FLEXIBLE", "maximumWindowInMinutes": 15})],
)
def test_a_window_is_flexible_if_told(minutes, window):
    schedule = job({"flexible_window_minutes": minutes}).one(aws.scheduler.Schedule, "report")

    assert schedule.inputs["flexibleTimeWindow"] == window


def test_each_schedule_says_which_it_is():
    recording = job({"schedule": None, "schedules": {"early": DAILY, "late": "rate(1 hour)"}})

    assert [
        (
            s.inputs["name"],
            s.inputs["scheduleExpression"],
            json.loads(s.inputs["target"]["input"])["schedule"],
        )
        for s in recording.of(aws.scheduler.Schedule)
    ] == [("report.early", DAILY, "early"), ("report.late", "rate(1 hour)", "late")]


def test_dates_ahead_are_sent_in_utc():
    dates = {"start_date": "2027-01-01T00:00:00", "end_date": "2027-06-01T00:00:00+02:00"}
    schedule = job({**dates, "timezone": "Asia/Tokyo"}).one(aws.scheduler.Schedule, "report")

    assert schedule.inputs["startDate"] == "2026-12-31T15:00:00Z"
    assert schedule.inputs["endDate"] == "2027-05-31T22:00:00Z"


def test_a_start_date_that_is_past_is_left_out_with_a_warning():
    recording = job({"start_date": "2026-11-24T11:59:59Z"})

    assert "startDate" not in recording.one(aws.scheduler.Schedule, "report").inputs
    assert recording.warnings == [
        "jobs.report.schedule: start date 2026-11-24 11:59:59+00:00 is already past, "
        "so it is left out; remove it"
    ]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"end_date": "2026-11-24T11:00:00Z"}, "end date 2026-11-24 11:00:00+00:00"),
        ({"schedule": "at(2026-11-24T11:00:00)"}, "at(2026-11-24T11:00:00)"),
    ],
)
def test_a_schedule_that_is_over_is_not_made_and_preview_says_so(options, what):
    recording = job(options)

    assert recording.of(aws.scheduler.Schedule) == []
    assert recording.warnings == [
        f"jobs.report.schedule: {what} is already past, so no schedule is made; "
        "give a later date or remove it"
    ]


def test_a_moment_ahead_is_scheduled_without_a_word():
    recording = job({"schedule": "at(2026-11-24T12:01:00)"})

    assert len(recording.of(aws.scheduler.Schedule)) == 1
    assert recording.warnings == []


# The job's own task definition


def test_its_own_image_and_container_are_in_its_own_task_definition():
    recording = job({"image": "own:1", "container": "rails", "cpu": 512, "memory": 2048})
    own = recording.one(aws.ecs.TaskDefinition, "report").inputs

    assert own["family"] == "batch-test-report"
    assert (own["cpu"], own["memory"]) == ("512", "2048")
    assert own["executionRoleArn"] == CONNECTION["executionrole"]
    assert "taskRoleArn" not in own
    assert (container(recording)["name"], container(recording)["image"]) == ("rails", "own:1")
    assert definition(recording) == wired(
        {"image": "own:1", "container": "rails", "cpu": 512, "memory": 2048}
    )


def test_what_it_does_not_say_is_the_platforms():
    recording = job({"architecture": "ARM64"})
    own = recording.one(aws.ecs.TaskDefinition, "report").inputs

    assert (own["cpu"], own["memory"]) == ("256", "512")
    assert own["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert (container(recording)["name"], container(recording)["image"]) == ("app", "app:1")


def test_another_image_is_no_change_of_the_machine():
    machines = [
        job({"image": image}).one(aws.sfn.StateMachine, "report").inputs
        for image in ("own:1", "own:2")
    ]

    assert machines[0] == machines[1]


def test_only_the_jobs_own_execution_role_reads_its_secrets():
    recording = job({"secrets": {"TOKEN": PARAMETER, "DB": f"{SECRET}:password::"}})
    own = recording.one(aws.ecs.TaskDefinition, "report").inputs
    readable = [
        statement["Resource"]
        for statement in policy(recording, "report-execution")
        if {"ssm:GetParameters", "secretsmanager:GetSecretValue"} & set(statement["Action"])
    ]

    assert own["executionRoleArn"].endswith("role/batch/batch-test/jobs/report-execution")
    assert readable == [[PARAMETER], [SECRET]]
    assert container(recording)["secrets"] == [
        {"name": "DB", "valueFrom": f"{SECRET}:password::"},
        {"name": "TOKEN", "valueFrom": PARAMETER},
    ]


def test_its_own_roles_are_on_the_platforms_path_and_within_its_boundary():
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    options = {
        "platform": {**CONNECTION, "boundary": boundary},
        "secrets": {"TOKEN": PARAMETER},
        "permissions": READ,
    }

    assert [
        (r.name, r.inputs["path"], r.inputs["permissionsBoundary"])
        for r in job(options).of(aws.iam.Role)
    ] == [
        ("report-execution", "/batch/batch-test/jobs/", boundary),
        ("report-task", "/batch/batch-test/jobs/", boundary),
    ]


def test_the_command_may_do_what_the_job_says():
    recording = job({"permissions": READ})

    assert policy(recording, "report-task") == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::reports/*"],
        }
    ]
    assert (
        recording.one(aws.ecs.TaskDefinition, "report")
        .inputs["taskRoleArn"]
        .endswith("role/batch/batch-test/jobs/report-task")
    )


def test_a_file_system_is_mounted_by_a_role_that_may():
    recording = job({"volumes": VOLUME})
    own = recording.one(aws.ecs.TaskDefinition, "report").inputs

    assert own["volumes"] == [
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "rootDirectory": "/",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "ENABLED"},
            },
        }
    ]
    assert container(recording)["mountPoints"][0]["containerPath"] == "/data"
    assert policy(recording, "report-task")[0]["Action"] == [
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:ClientWrite",
    ]


# Values that are not known yet


def test_outputs_may_be_image_variables_secrets_resources_and_file_systems():
    def program():
        repository = aws.ecr.Repository("images")
        token = aws.ssm.Parameter("token", type="SecureString", value="x", name="/token")
        queue = aws.sqs.Queue("reports")
        host = aws.ssm.Parameter("host", type="String", value="db.internal")
        options = {
            "image": repository.name.apply(lambda name: f"{name}:1"),
            "environment": {"DB_HOST": host.value, "PLAIN": "1"},
            "secrets": {"TOKEN": token.arn},
            "permissions": [{"actions": ["sqs:SendMessage"], "resources": [queue.arn]}],
            "volumes": [{**VOLUME[0], "file_system_id": pulumi.Output.from_input("fs-00112233")}],
        }
        ScheduledJob("report", {**PLAIN, **options})

    recording = deploy(program)

    assert container(recording)["image"] == "images:1"
    assert container(recording)["secrets"] == [{"name": "TOKEN", "valueFrom": PARAMETER}]
    assert definition(recording) == wired(
        {
            "environment": {"DB_HOST": "db.internal", "PLAIN": "1"},
            "secrets": {"TOKEN": PARAMETER},
        },
    )
    assert policy(recording, "report-task")[0]["Resource"] == [
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:reports"
    ]
    assert "fs-00112233" in json.dumps(
        recording.one(aws.ecs.TaskDefinition, "report").inputs["volumes"]
    )


def test_an_output_is_checked_once_it_is_known():
    def program():
        ScheduledJob("report", {**PLAIN, "secrets": {"TOKEN": pulumi.Output.from_input("token")}})

    with pytest.raises(InvalidJob) as raised:
        deploy(program)

    assert str(raised.value).startswith("jobs.report.secrets.TOKEN: 'token' is not the ARN of a")


def test_an_output_where_the_program_must_know_the_value_is_refused():
    told = problems(
        lambda: ScheduledJob("report", {**PLAIN, "cpu": pulumi.Output.from_input(256), "memory": 3})
    )

    assert told[0] == (
        "jobs.report.cpu: an Output is not known when the program runs; give a plain value "
        "(Outputs can be in image, environment, secrets, topic_arn, resources of permissions, "
        "ids of volumes)"
    )
    assert len(told) == 2


def test_an_unknown_image_at_preview_leaves_the_machine_known():
    def program():
        repository = aws.ecr.Repository("images")
        host = aws.ssm.Parameter("host", type="String", value="db.internal")
        options = {"image": repository.repository_url, "environment": {"DB_HOST": host.value}}
        ScheduledJob("report", {**PLAIN, **options})

    recording = deploy(program, preview=True, unknown=("images",))
    own = recording.one(aws.ecs.TaskDefinition, "report").inputs

    assert isinstance(own["containerDefinitions"], pulumi.output.Unknown)
    assert own["family"] == "batch-test-report"
    assert definition(recording) == wired(
        {"image": "own:1", "environment": {"DB_HOST": "db.internal"}}
    )


def test_an_unknown_security_group_at_preview_leaves_every_name_known():
    def program():
        platform = BatchPlatform("batch", {"image": "app:1"})
        ScheduledJob("report", {**PLAIN, "platform": platform.connection, "image": "own:1"})

    recording = deploy(program, preview=True, unknown=("batch-tasks",))
    machine = recording.one(aws.sfn.StateMachine, "report").inputs
    schedule = recording.one(aws.scheduler.Schedule, "report").inputs

    assert isinstance(machine["definition"], pulumi.output.Unknown)
    assert machine["name"] == "batch-test-report"
    assert machine["tags"]["batch:job"] == "report"
    assert (schedule["name"], schedule["groupName"]) == ("report", "batch-test")
    assert recording.one(aws.ecs.TaskDefinition, "report").inputs["family"] == "batch-test-report"


def test_a_connection_may_come_from_another_stack():
    def program():
        reference = pulumi.Output.from_input(CONNECTION)
        ScheduledJob("report", {**PLAIN, "platform": reference})

    assert deploy(program).one(aws.sfn.StateMachine, "report").inputs["name"] == "batch-test-report"


def test_a_connection_without_a_key_is_refused():
    connection = {key: value for key, value in CONNECTION.items() if key != "subnets"}
    with pytest.raises(InvalidInput) as raised:
        job({"platform": connection})

    assert str(raised.value) == (
        "platform: it has no 'subnets'; pass on the connection of a BatchPlatform as it is; "
        "if it is that, update its project first, which was deployed by an older release"
    )


def test_the_connection_of_an_older_platform_says_what_to_update():
    older = {key: value for key, value in CONNECTION.items() if key != "limits"}

    def program():
        ScheduledJob("report", {**PLAIN, "platform": pulumi.Output.from_input(older)})

    with pytest.raises(InvalidInput, match=r"no 'limits'; .* update its project first"):
        deploy(program)


# What only the platform can grant


def test_a_machine_knows_how_many_runs_of_its_group_there_may_be():
    grouped = {"concurrency_group": "db"}

    assert definition(job(grouped)) == wired(grouped, group_limit=3)
    assert definition(job(grouped)) != wired(grouped, group_limit=4)


def test_a_machine_knows_what_the_platform_says_of_records_and_messages():
    connection = {**CONNECTION, "historydays": "90", "successmessages": "false"}

    assert definition(job({"platform": connection})) == wired(
        history_days=90, success_messages=False
    )
    assert wired(history_days=90, success_messages=False) != wired()


def test_a_group_that_the_platform_does_not_have_is_refused():
    options = {**PLAIN, "concurrency_group": "warehose"}
    platform = {**CONNECTION, "limits": "db=3,warehouse=1"}

    assert problems(lambda: ScheduledJob("report", {**options, "platform": platform})) == [
        "jobs.report.concurrency_group: the platform has no group 'warehose'; "
        "did you mean 'warehouse'?"
    ]
    assert problems(lambda: ScheduledJob("report", {**options, "topic_arn": OTHER})) == [
        "jobs.report.concurrency_group: the platform has no group 'warehose'; "
        "add it to the stack's concurrencyGroups",
        f"jobs.report.topic_arn: the platform does not let jobs name {OTHER}; "
        "add it to the stack's topicArns",
    ]


OTHER = f"arn:aws:sns:{REGION}:{ACCOUNT}:other"


def test_a_topic_that_is_not_known_yet_is_checked_once_it_is():
    def program():
        ScheduledJob("report", {**PLAIN, "topic_arn": pulumi.Output.from_input(OTHER)})

    with pytest.raises(InvalidJob, match=r"jobs\.report\.topic_arn: the platform does not let"):
        deploy(program)


def test_a_group_is_checked_once_the_platform_of_another_stack_is_known():
    def program():
        reference = pulumi.Output.from_input(CONNECTION)
        ScheduledJob("report", {**PLAIN, "platform": reference, "concurrency_group": "bd"})

    with pytest.raises(InvalidJob, match="the platform has no group 'bd'"):
        deploy(program)


def test_a_topic_of_the_same_program_may_be_named():
    def program():
        topic = aws.sns.Topic("reports", name="reports")
        platform = BatchPlatform("batch", {"image": "app:1", "topic_arns": [topic.arn]})
        ScheduledJob("report", {**PLAIN, "platform": platform.connection, "topic_arn": topic.arn})

    text = deploy(program).one(aws.sfn.StateMachine, "report").inputs["definition"]

    assert f"arn:aws:sns:{REGION}:{ACCOUNT}:reports" in text


# What is expected of it


def test_what_is_expected_of_a_job_is_in_the_control_table():
    expectation = job({"expect_success_within": "26h"}).one(aws.dynamodb.TableItem, "report")

    assert expectation.inputs == {
        "tableName": "batch-test-control",
        "hashKey": "pk",
        "rangeKey": "sk",
        "item": '{"pk":{"S":"expectations"},"sk":{"S":"report"},"within":{"N":"93600"}}',
    }


def test_what_is_expected_is_written_once_the_table_is_there():
    def program():
        platform = BatchPlatform("batch", {"image": "app:1"})
        options = {"platform": platform.connection, "expect_success_within": "26h"}
        ScheduledJob("report", {**PLAIN, **options})

    recording = deploy(program)
    expectation = recording.one(aws.dynamodb.TableItem, "report")
    machine = recording.one(aws.sfn.StateMachine, "report")

    assert "aws:sfn/stateMachine:StateMachine report" in expectation.depends_on
    assert "aws:dynamodb/table:Table batch-control" in machine.depends_on


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"expect_success_within": "26h", "enabled": False},
        {"expect_success_within": "26h", "schedule": "at(2020-01-01T00:00:00)"},
    ],
)
def test_nothing_is_expected_of_a_job_that_does_not_run(options):
    assert job(options).of(aws.dynamodb.TableItem) == []


def test_whole_numbers_may_arrive_as_the_component_host_sends_them():
    recording = job(
        {"cpu": 512.0, "memory": 1024.0, "retry": {"attempts": 2.0, "exit_codes": [3.0]}}
    )

    assert definition(recording) == wired(
        {"cpu": 512, "memory": 1024, "retry": {"attempts": 2, "exit_codes": [3]}}
    )


# The stack's overrides


def test_the_stacks_configuration_wins_over_the_code():
    recording = job(
        {"environment": {"A": "code", "B": "code"}},
        configuration=overriding(
            report={"enabled": False, "cpu": 1024, "environment": {"A": "stack"}}
        ),
    )

    assert recording.one(aws.scheduler.Schedule, "report").inputs["state"] == "DISABLED"
    assert definition(recording) == wired({"cpu": 1024, "environment": {"A": "stack", "B": "code"}})


def test_the_stacks_configuration_wins_over_an_output():
    def program():
        ScheduledJob(
            "report",
            {
                **PLAIN,
                "image": pulumi.Output.from_input("code:1"),
                "environment": {"A": pulumi.Output.from_input("code")},
            },
        )

    overrides = overriding(report={"image": "stack:1", "environment": {"A": "stack"}})
    recording = deploy(program, configuration=overrides)

    assert container(recording)["image"] == "stack:1"
    assert definition(recording) == wired({"image": "stack:1", "environment": {"A": "stack"}})


def test_a_schedule_may_be_the_stacks_alone():
    overrides = overriding(report={"schedule": "at(2027-03-14T02:00:00)"})
    recording = job({"schedule": None}, configuration=overrides)

    assert recording.one(aws.scheduler.Schedule, "report").inputs["scheduleExpression"] == (
        "at(2027-03-14T02:00:00)"
    )


def test_an_override_that_is_wrong_is_told_in_the_stacks_words():
    told = problems(
        lambda: ScheduledJob("report", PLAIN),
        configuration=overriding(report={"runTimeouts": "1h"}),
    )

    assert told == ["jobs.report.runTimeouts: unknown key; did you mean 'runTimeout'?"]


def test_an_override_of_a_job_that_nobody_registers_is_refused():
    def program():
        ScheduledJob("report", PLAIN)
        refuse_unknown_overrides(registered_jobs())

    with pytest.raises(InvalidJob) as raised:
        deploy(program, configuration=overriding(reprot={"enabled": False}, zzz={}))

    assert str(raised.value).splitlines() == [
        "jobs.reprot: no job of this project has this name; did you mean 'report'?",
        "jobs.zzz: no job of this project has this name; remove it from the stack's configuration",
    ]


def test_a_job_is_configured_where_the_stack_names_it():
    recording = deploy(
        lambda: [is_configured("report"), is_configured("other")],
        configuration=overriding(report={}),
    )

    assert recording.result == [True, False]


# Wrong jobs


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_made():
    told = problems(
        lambda: ScheduledJob("Report", {**PLAIN, "schedule": "0 3 * * *", "cpu": 300, "shell": "x"})
    )

    assert [line.split(": ")[0] for line in told] == [
        "jobs.Report",
        "jobs.Report.cpu",
        "jobs.Report.command",
        "jobs.Report.schedule",
    ]


@pytest.mark.parametrize("options", [{"secrets": {"TOKEN": PARAMETER}}, {"permissions": READ}])
def test_a_name_that_is_too_long_for_a_role_is_refused(options):
    name = 47 * "a"

    assert problems(lambda: ScheduledJob(name, {**PLAIN, **options, "name": "report"})) == [
        f"jobs.report: the resource's name {name!r} has 47 characters, its roles' names have more; "
        "use at most 46; the job's own name can be another, in name"
    ]


def test_the_longest_name_of_a_role_is_what_iam_takes():
    recording = job({"name": "report", "secrets": {"TOKEN": PARAMETER}}, name=46 * "a")
    (role,) = recording.of(aws.iam.Role)

    # The engine adds a hyphen and seven hexadecimal digits.
    assert len(role.name) + 8 == 64


def test_a_long_name_does_where_no_role_is_made():
    recording = job({"name": "report"}, name=100 * "a")

    assert len(recording.of(aws.sfn.StateMachine)) == 1


def test_two_jobs_of_one_name_are_refused():
    def program():
        ScheduledJob("one", {**PLAIN, "name": "report"})
        ScheduledJob("two", {**PLAIN, "name": "report"})

    with pytest.raises(InvalidJob) as raised:
        deploy(program)

    assert str(raised.value) == (
        f"jobs.report: the name is registered by {__name__} twice; give one of the two another name"
    )


def test_two_jobs_of_one_name_are_refused_with_the_platform_of_the_program():
    def program():
        connection = BatchPlatform("batch", {"image": "app:1"}).connection
        ScheduledJob("one", {**PLAIN, "name": "report", "platform": connection})
        ScheduledJob("two", {**PLAIN, "name": "report", "platform": connection})

    with pytest.raises(InvalidJob):
        deploy(program)


def test_two_platforms_of_a_stack_may_have_the_same_job():
    def program():
        for region in ("eu-west-1", "us-east-1"):
            connection = {**CONNECTION, "region": region}
            ScheduledJob(f"{region}-report", {**PLAIN, "name": "report", "platform": connection})

    machines = deploy(program).of(aws.sfn.StateMachine)

    assert {m.inputs["name"] for m in machines} == {"batch-test-report"}
    assert len(machines) == 2


# Outputs


def test_a_job_says_what_was_made():
    def program():
        made = ScheduledJob(
            "report", {**PLAIN, "schedule": None, "schedules": {"a": DAILY, "b": DAILY}}
        )
        return {
            "arn": made.state_machine_arn,
            "name": made.state_machine_name,
            "schedules": made.schedule_names,
            "definition": made.task_definition_arn,
        }

    assert deploy(program).result == {
        "arn": f"arn:aws:sfn:{REGION}:{ACCOUNT}:statemachine/batch-test-report",
        "name": "batch-test-report",
        "schedules": ["report.a", "report.b"],
        "definition": CONNECTION["taskdefinition"],
    }


def test_a_job_without_schedules_says_so():
    recording = deploy(lambda: ScheduledJob("report", {**PLAIN, "schedule": None}).schedule_names)

    assert recording.result == []
