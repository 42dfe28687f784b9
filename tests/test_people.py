"""What people may do: all that their commands and deployments call, and nothing besides.

The calls are recorded: batchctl's own against the emulator, and a deployment's in a moto server.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pulumi_aws as aws
import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource
from click.testing import CliRunner

from batch.contract import Platform
from batch.documents import administrator, doctor, people
from batchctl.aws import Aws
from batchctl.main import batchctl
from components.rendering import text
from localaws.deployment import deploy
from localaws.emulator import Emulator
from tests import policy_pack
from tests.allowing import Call, allows, matches, refused
from tests.api_calls import Asked
from tests.evaluated import BOUNDARY, evaluated
from tests.local.bare import bare_emulator
from tests.recording import CONNECTION, token
from tests.roles import open_role

ROOT = Path(__file__).parents[1]
PLATFORM = Platform("batch", "stg", "123456789012", "eu-west-1")
LOCAL = Platform("batch", "local", "123456789012", "us-east-1")

VIEWER = people.viewer(platform=PLATFORM)
RUNNER = people.runner(platform=PLATFORM)
DEPLOYER = people.deployer(platform=PLATFORM, boundary_arn=BOUNDARY)
UNBOUNDED = people.deployer(platform=PLATFORM)
ADMIN = administrator.admin(platform=PLATFORM, name="batch", boundary_arn=BOUNDARY)


def actions(policy):
    return {action for statement in policy["Statement"] for action in statement["Action"]}


# Viewer and runner: what batchctl calls.


@pytest.fixture(scope="module")
def emulator():
    with Emulator(fires=False) as running:
        deploy(running, stack="local", project_dir=ROOT)
        yield running


@pytest.fixture
def called(emulator, monkeypatch):
    """Return what IAM is asked for the calls of a command."""
    recorded = []
    plain = Aws._client

    def note(params, model, **_):
        recorded.append((model.service_model.service_name, model.name, dict(params)))

    def client(self, service):
        made = plain(self, service)
        made.meta.events.register("provide-client-params", note)
        return made

    monkeypatch.setattr(Aws, "_client", client)
    where = ["--platform", "batch", "--stack", "local", "--region", emulator.region]
    where += ["--endpoint", emulator.endpoint]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def called(*command):
        recorded.clear()
        result = CliRunner().invoke(batchctl, [*command, *where], env=credentials)
        assert result.exit_code == 0, result.output
        return Asked(Platform("batch", "local", "123456789012", emulator.region)).of(recorded)

    return called


def newest_run(emulator, platform, job):
    machine = platform.state_machine_arn(job)
    runs = emulator.client("stepfunctions").list_executions(stateMachineArn=machine)
    return str(runs["executions"][0]["name"])


def test_a_viewer_can_do_what_looks_and_a_runner_what_runs(called, emulator):
    """In one test: what one of them may do the other's commands must not all need."""
    platform = Platform("batch", "local", "123456789012", emulator.region)
    viewer, runner = people.viewer(platform=platform), people.runner(platform=platform)

    running = called("run", "hello", "--wait", "--follow")
    run = newest_run(emulator, platform, "hello")
    running += called("run", "--wait", "--command", "true") + called("rerun", run, "--wait")
    running += called("pause", "hello", "--reason", "a test") + called("resume", "hello")
    logs = called("logs", "hello") + called("logs", "hello", "--follow") + called("why", run)
    running += called("schedule", "add", "later", "--rate", "1 day", "true")
    running += called("schedule", "disable", "later") + called("schedule", "rm", "later")
    running += called("run", "--command", "sleep 60", "--name", "long")
    running += called("stop", "run-task/long", "--wait")
    running += called("run", "--command", "sleep 1")
    # Of a run that is not over the record does not know enough.
    logs += called("logs", "run-task", "--follow")
    looking = called("ls") + called("show", "hello") + called("next") + called("history") + logs
    listed = called("schedule", "ls")
    looking += listed
    running += listed + called("backfill", "hello", "--from", "2026-11-20", "--to", "2026-11-24")

    assert refused(viewer, looking) == []
    assert refused(runner, running + logs) == []
    assert {call.action for call in looking} == actions(viewer)
    assert {call.action for call in running + logs} == actions(runner)
    assert refused(viewer, running) != []


def test_a_runner_stops_runs():
    run = Call("states:StopExecution", PLATFORM.execution_arn("hello", "hello-1"))

    assert allows(RUNNER, run)
    assert not allows(VIEWER, run)


# Deployer: what a team's own project calls.

TEAM = f"""\
import pulumi
from components import ScheduledJob

connection = {dict(CONNECTION, stack="stg", account="123456789012", boundary=BOUNDARY)!r}
for name in ("executionrole", "machinerole", "schedulerrole"):
    connection[name] = f"arn:aws:iam::123456789012:role/batch/batch-stg/batch-{{name}}"
ScheduledJob("plain", {{"platform": connection, "schedule": "rate(1 day)", "command": ["true"]}})
ScheduledJob(
    "rich",
    {{
        "platform": connection,
        "schedules": {{"a": "rate(1 day)", "b": "rate(2 days)"}},
        "expect_success_within": "26h",
        "command": ["true"],
        "image": "busybox",
        "secrets": {{"TOKEN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token"}},
        "permissions": [{{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::in/*"]}}],
        "volumes": [{{"name": "data", "file_system_id": "fs-0a1b2c3d", "path": "/data"}}],
    }},
)
"""


def make_boundary(emulator):
    """Make the boundary, which bounds nothing."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    emulator.client("iam").create_policy(
        PolicyName=BOUNDARY.rpartition("/")[2], PolicyDocument=json.dumps(document)
    )


def make_table(emulator):
    """Make the platform's control table, as far as a team writes to it."""
    keys = {"pk": "HASH", "sk": "RANGE"}
    emulator.client("dynamodb", region="eu-west-1").create_table(
        TableName=PLATFORM.control_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": type_} for key, type_ in keys.items()],
    )


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """What IAM is asked when a team's project is deployed."""
    directory = tmp_path_factory.mktemp("team")
    (directory / "Pulumi.yaml").write_text("name: team\nruntime: python\n")
    tags = "{tags: {team: reporting}}"
    (directory / "Pulumi.stg.yaml").write_text(
        f"config:\n  aws:region: eu-west-1\n  aws:defaultTags: {tags}\n"
    )
    (directory / "__main__.py").write_text(TEAM)
    with bare_emulator() as emulator:
        emulator.client("scheduler", region="eu-west-1").create_schedule_group(Name="batch-stg")
        for name in ("executionrole", "machinerole", "schedulerrole"):
            open_role(emulator.client("iam"), f"batch-{name}", path=PLATFORM.role_path)
        make_boundary(emulator)
        make_table(emulator)
        emulator.calls.clear()
        deploy(emulator, "stg", directory)
        return Asked(PLATFORM).of(list(emulator.calls))


def test_a_deployer_makes_a_teams_jobs(team):
    assert {
        "dynamodb:PutItem",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "states:CreateStateMachine",
    } <= {call.action for call in team}
    assert refused(DEPLOYER, team) == []


def test_without_a_boundary_a_deployer_makes_no_role(team):
    allowed = {call.action for call in team if allows(UNBOUNDED, call)}

    assert {call.action for call in team} - allowed == {
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:TagRole",
    }


OWN_MACHINE = PLATFORM.state_machine_arn("report")
OWN_ROLE = "arn:aws:iam::123456789012:role/batch/batch-stg/jobs/report-task-0123456"
OWN_FAMILY = PLATFORM.arn("ecs", "task-definition/batch-stg-report:1")
OWN_SCHEDULE = PLATFORM.arn("scheduler", "schedule/batch-stg/report")
TABLE = PLATFORM.control_table_arn
WITHIN = {
    "iam:PermissionsBoundary": BOUNDARY,
    "dynamodb:LeadingKeys": "expectations",
}

PROVIDER = {
    # terraform-provider-aws, internal/service: what each resource's create, read, update, delete
    # and its tags call, besides what the emulator's deployment does.
    "sfn/state_machine.go": (
        OWN_MACHINE,
        "states:DeleteStateMachine states:DescribeStateMachine states:ListStateMachineVersions "
        "states:ListTagsForResource states:TagResource states:UntagResource "
        "states:UpdateStateMachine",
    ),
    "scheduler/schedule.go": (
        OWN_SCHEDULE,
        "scheduler:GetSchedule scheduler:UpdateSchedule scheduler:DeleteSchedule",
    ),
    "dynamodb/table_item.go": (
        TABLE,
        "dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem",
    ),
    "ecs/task_definition.go": (
        OWN_FAMILY,
        "ecs:DescribeTaskDefinition ecs:DeregisterTaskDefinition ecs:TagResource "
        "ecs:UntagResource ecs:ListTagsForResource",
    ),
    "iam/role.go": (
        OWN_ROLE,
        "iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies iam:UpdateRole "
        "iam:UpdateRoleDescription iam:UpdateAssumeRolePolicy iam:PutRolePermissionsBoundary "
        "iam:TagRole iam:UntagRole iam:ListInstanceProfilesForRole iam:DeleteRole",
    ),
    "iam/role_policy.go": (
        OWN_ROLE,
        "iam:GetRolePolicy iam:PutRolePolicy iam:DeleteRolePolicy",
    ),
}


@pytest.mark.parametrize("policy", [DEPLOYER, ADMIN], ids=["deployer", "admin"])
@pytest.mark.parametrize("source", PROVIDER)
def test_who_deploys_can_also_refresh_change_and_remove(policy, source):
    resource, names = PROVIDER[source]
    asked = [Call(name, resource, WITHIN) for name in names.split()]
    asked.append(Call("states:ValidateStateMachineDefinition", "*"))

    assert refused(policy, asked) == []


@pytest.mark.parametrize("who", ["deployer", "runner", "viewer"])
@pytest.mark.parametrize("verb", ["DeleteItem", "PutItem", "UpdateItem"])
@pytest.mark.parametrize(
    "partition", ["expectations", "pauses", "run#report", "claim#report", "slots", "jobs", "watch"]
)
def test_of_the_control_table_each_writes_its_own(who, verb, partition):
    written = {"deployer": "expectations", "runner": "pauses"}
    call = Call(f"dynamodb:{verb}", TABLE, {"dynamodb:LeadingKeys": partition})
    never = {("runner", "UpdateItem")}

    own = written.get(who) == partition and (who, verb) not in never
    assert allows(POLICIES[who], call) == own
    assert not allows(POLICIES[who], Call(f"dynamodb:{verb}", TABLE))


KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


@pytest.mark.parametrize("build", [people.viewer, people.runner, people.deployer])
def test_a_key_of_ones_own_is_used_through_the_table_alone(build):
    policy = build(platform=PLATFORM, key_arn=KEY)

    def decrypts(service):
        via = {"kms:ViaService": f"{service}.eu-west-1.amazonaws.com"}
        return allows(policy, Call("kms:Decrypt", KEY, via))

    assert decrypts("dynamodb")
    assert not decrypts("sns")
    assert actions(policy) - actions(build(platform=PLATFORM)) == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }


def test_an_admin_lets_the_table_use_the_key():
    policy = administrator.admin(platform=PLATFORM, name="batch", key_arn=KEY)
    via = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}

    assert allows(policy, Call("kms:CreateGrant", KEY, via))
    assert not allows(policy, Call("kms:CreateGrant", KEY))


TABLE_GO = (
    "dynamodb:CreateTable dynamodb:DeleteTable dynamodb:DescribeContinuousBackups "
    "dynamodb:DescribeTable dynamodb:DescribeTimeToLive dynamodb:ListTagsOfResource "
    "dynamodb:TagResource dynamodb:UntagResource dynamodb:UpdateContinuousBackups "
    "dynamodb:UpdateTable dynamodb:UpdateTimeToLive"
)
DASHBOARD_GO = "cloudwatch:DeleteDashboards cloudwatch:GetDashboard cloudwatch:PutDashboard"
ALARM_GO = (
    "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource "
    "cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource"
)


@pytest.mark.parametrize(
    ("names", "own", "other"),
    [
        (TABLE_GO, TABLE, PLATFORM.arn("dynamodb", "table/batch-stg-orders")),
        (
            DASHBOARD_GO,
            "arn:aws:cloudwatch::123456789012:dashboard/batch-stg",
            "arn:aws:cloudwatch::123456789012:dashboard/batch-stg-sales",
        ),
        (
            ALARM_GO,
            PLATFORM.arn("cloudwatch", "alarm:batch-sweep-silent-0123456"),
            PLATFORM.arn("cloudwatch", "alarm:orders"),
        ),
    ],
    ids=["table", "dashboard", "alarm"],
)
def test_an_admin_also_refreshes_changes_and_removes_what_only_a_platform_has(names, own, other):
    assert refused(ADMIN, [Call(name, own) for name in names.split()]) == []
    assert len(refused(ADMIN, [Call(name, other) for name in names.split()])) == len(names.split())


# Admin: what the whole program calls.


OF_THE_EMULATOR = {
    # An account has a way out of its default VPC; moto's gets one when it is asked for.
    "AttachInternetGateway",
    "CreateInternetGateway",
    "CreateRoute",
    "DescribeInternetGateways",
}


def test_an_admin_deploys_the_platform():
    with bare_emulator() as emulator:
        vpc = emulator.client("ec2", region="eu-west-1").describe_vpcs()["Vpcs"][0]["VpcId"]
        make_boundary(emulator)
        emulator.calls.clear()
        config = {
            "batch-platform:accountId": emulator.account,
            "batch-platform:vpcId": vpc,
            "batch-platform:permissionsBoundaryArn": BOUNDARY,
            "batch-platform:emails": {"failure": ["oncall@example.com"]},
        }
        deploy(emulator, "stg", ROOT, config=config)
        calls = [call for call in emulator.calls if call[1] not in OF_THE_EMULATOR]

    asked = Asked(PLATFORM).of(calls)
    assert {"ec2:CreateSecurityGroup", "sns:Subscribe", "ssm:PutParameter"} <= {
        call.action for call in asked
    }
    assert refused(ADMIN, asked) == []


WILDCARDS = {
    # In small letters, as the list of AWS's actions that cfn-lint brings has them.
    "chatbot:*SlackChannelConfiguration": "createslackchannelconfiguration "
    "deleteslackchannelconfiguration updateslackchannelconfiguration",
    "chatbot:*TagResource": "tagresource untagresource",
    "cloudwatch:*Alarm*": "deletealarmmuterule deletealarms describealarmhistory describealarms "
    "describealarmsformetric disablealarmactions enablealarmactions getalarmmuterule "
    "listalarmmuterules putalarmmuterule putcompositealarm putlogalarm putmetricalarm "
    "setalarmstate submitalarmfeedback",
    "cloudwatch:*Tag*": "getagentgraph listtagsforresource tagresource untagresource",
    "cloudwatch:*Dashboard*": "createomnidashboard deletedashboards deleteomnidashboard "
    "getdashboard getomnidashboard listdashboards listomnidashboards putdashboard "
    "updateomnidashboard",
    "dynamodb:*ContinuousBackups": "describecontinuousbackups updatecontinuousbackups",
    "dynamodb:*Item": "batchgetitem batchwriteitem conditioncheckitem deleteitem getitem "
    "putitem updateitem",
    "dynamodb:*Table": "createglobaltable createtable deletetable describeglobaltable "
    "describetable importtable updateglobaltable updatetable",
    "dynamodb:*Tag*": "listtagsofresource tagresource untagresource",
    "dynamodb:*TimeToLive": "describetimetolive updatetimetolive",
    "ec2:*SecurityGroup": "createsecuritygroup deletesecuritygroup",
    "ec2:*SecurityGroupEgress": "authorizesecuritygroupegress revokesecuritygroupegress",
    "ec2:DescribeSecurityGroup*": "describesecuritygroupreferences "
    "describesecuritygrouprules describesecuritygroups describesecuritygroupvpcassociations",
    "ecs:*Cluster*": "associategatewaywithcluster createcluster deletecluster describeclusters "
    "disassociategatewayfromcluster listclusters listgatewayclusterassociations "
    "putclustercapacityproviders updatecluster updateclustersettings",
    "ecs:*Tag*": "listtagsforresource tagresource untagresource",
    "events:*Rule": "deleterule describerule disablerule enablerule listtargetsbyrule putrule",
    "events:*Tag*": "listtagsforresource tagresource untagresource",
    "events:*Targets": "puttargets removetargets",
    "logs:*KmsKey": "associatekmskey disassociatekmskey",
    "logs:*LogGroup": "createloggroup deleteloggroup listentitiesforloggroup "
    "listtagsloggroup tagloggroup untagloggroup",
    "logs:*RetentionPolicy": "deleteretentionpolicy putretentionpolicy",
    "logs:*Tag*": "listaggregateloggroupsummaries listtagsforresource listtagsloggroup "
    "tagloggroup tagresource untagloggroup untagresource",
    "iam:GetRole*": "getrole getrolepolicy getroletemplateversion",
    "iam:UpdateRole*": "updaterole updateroledescription",
    "scheduler:*Schedule*": "createschedule createschedulegroup deleteschedule "
    "deleteschedulegroup getschedule getschedulegroup listschedulegroups listschedules "
    "listschedulesbytarget updateschedule",
    "scheduler:*Tag*": "listtagsforresource tagresource untagresource",
    "sns:*SubscriptionAttributes": "getsubscriptionattributes setsubscriptionattributes",
    "sns:*Tag*": "listtagsforresource tagresource untagresource",
    "sns:*Topic*": "createtopic deletetopic gettopicattributes listsubscriptionsbytopic "
    "listtopics settopicattributes",
    "sqs:*Queue*": "createqueue deletequeue getqueueattributes getqueueurl "
    "listdeadlettersourcequeues listqueues listqueuetags purgequeue setqueueattributes tagqueue "
    "untagqueue",
    "ssm:*Parameter*": "deleteparameter deleteparameters describedocumentparameters "
    "describeparameters getparameter getparameterhistory getparameters getparametersbypath "
    "labelparameterversion putparameter unlabelparameterversion",
    "ssm:*Tag*": "addtagstoresource listtagsforresource removetagsfromresource",
    "states:*StateMachine*": "createstatemachine createstatemachinealias deletestatemachine "
    "deletestatemachinealias deletestatemachineversion describestatemachine "
    "describestatemachinealias describestatemachineforexecution liststatemachinealiases "
    "liststatemachines liststatemachineversions publishstatemachineversion updatestatemachine "
    "updatestatemachinealias validatestatemachinedefinition",
    "states:*Tag*": "listtagsforresource tagresource untagresource",
}


def test_an_admins_wildcards_stand_for_these_actions():
    services = load_resource(AdditionalSpecs, "Policies.json")
    published = {
        pattern: [
            action
            for action in services[pattern.split(":")[0]]["Actions"]
            if matches(pattern.split(":")[1], action, any_case=True)
        ]
        for pattern in sorted(actions(ADMIN))
        if "*" in pattern
    }

    assert published == {pattern: names.split() for pattern, names in WILDCARDS.items()}


# Nothing besides.

PROD = Platform("batch", "prod", "123456789012", "eu-west-1")
RUN = PLATFORM.execution_arn("hello", "1")
MACHINE_ROLE = "arn:aws:iam::123456789012:role/batch/batch-stg/batch-machine-0123456"
POLICIES = {
    "viewer": VIEWER,
    "runner": RUNNER,
    "deployer": DEPLOYER,
    "deployer without a boundary": UNBOUNDED,
    "admin": ADMIN,
}
READERS = ("viewer", "runner")
DEPLOYERS = ("deployer", "deployer without a boundary")
DENIED = [
    # A viewer changes nothing; a runner nothing but runs.
    *((who, "scheduler:UpdateSchedule", OWN_SCHEDULE) for who in READERS),
    *((who, "scheduler:DeleteSchedule", OWN_SCHEDULE) for who in READERS),
    *((who, "states:UpdateStateMachine", OWN_MACHINE) for who in READERS),
    *((who, "states:DeleteStateMachine", OWN_MACHINE) for who in READERS),
    *((who, "ecs:RunTask", OWN_FAMILY) for who in READERS),
    *((who, "iam:PassRole", MACHINE_ROLE) for who in READERS),
    *((who, "logs:DeleteLogGroup", PLATFORM.log_group_arn("/batch/batch-stg")) for who in READERS),
    *((who, "dynamodb:Scan", TABLE) for who in (*READERS, "deployer")),
    *((who, "dynamodb:DeleteTable", TABLE) for who in (*READERS, "deployer")),
    *((who, "dynamodb:Query", PROD.control_table_arn) for who in READERS),
    # Whoever starts the recorder can have it tell whatever they like.
    *((who, "states:StartExecution", PLATFORM.own_machine_arn(PLATFORM.recorder)) for who in (*READERS, *DEPLOYERS)),
    *((who, "sns:Publish", PLATFORM.topic_arn("batch-stg-failure")) for who in POLICIES),
    ("viewer", "states:StartExecution", OWN_MACHINE),
    ("viewer", "states:StopExecution", RUN),
    # Each on its platform alone.
    ("viewer", "states:DescribeExecution", PROD.execution_arn("hello", "1")),
    ("viewer", "logs:GetLogEvents", PROD.log_group_arn("/batch/batch-prod") + ":log-stream:a"),
    ("runner", "states:StartExecution", PROD.state_machine_arn("hello")),
    ("runner", "states:StartExecution", PLATFORM.arn("states", "stateMachine:batch-stg_sweep")),
    ("runner", "states:StopExecution", PROD.execution_arn("hello", "1")),
    *((who, "states:UpdateStateMachine", PROD.state_machine_arn("a")) for who in DEPLOYERS),
    *((who, "states:CreateStateMachine", PROD.state_machine_arn("a")) for who in DEPLOYERS),
    *((who, "scheduler:CreateSchedule", PROD.arn("scheduler", "schedule/batch-prod/a")) for who in DEPLOYERS),
    *((who, "ecs:RegisterTaskDefinition", PROD.arn("ecs", "task-definition/batch-prod-a:1")) for who in DEPLOYERS),
    ("admin", "states:UpdateStateMachine", PROD.state_machine_arn("a")),
    ("admin", "states:UpdateStateMachine", PLATFORM.arn("states", "stateMachine:batch-stgx-a")),
    ("admin", "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/batch/batch-prod/a"),
    ("admin", "sqs:DeleteQueue", PLATFORM.arn("sqs", "orders")),
    ("admin", "ec2:ModifySecurityGroupRules", PLATFORM.arn("ec2", "security-group-rule/sgr-1")),
    ("admin", "ec2:AuthorizeSecurityGroupIngress", PLATFORM.arn("ec2", "security-group/sg-1")),
    ("admin", "iam:AttachUserPolicy", "arn:aws:iam::123456789012:user/me"),
    # A deployer leaves what is the platform's.
    *(
        (who, action, PLATFORM.arn("states", f"stateMachine:batch-stg_{machine}"))
        for who in DEPLOYERS
        for machine in ("recorder", "sweep")
        for action in ("states:UpdateStateMachine", "states:DeleteStateMachine", "states:TagResource")
    ),
    *((who, "ecs:RegisterTaskDefinition", PLATFORM.arn("ecs", "task-definition/batch-stg:1")) for who in DEPLOYERS),
    *((who, "scheduler:CreateSchedule", PLATFORM.arn("scheduler", "schedule/batch-stg_manual/a")) for who in DEPLOYERS),
    *((who, "scheduler:DeleteScheduleGroup", PLATFORM.arn("scheduler", "schedule-group/batch-stg")) for who in DEPLOYERS),
    *((who, "logs:DeleteLogGroup", PLATFORM.log_group_arn("/batch/batch-stg")) for who in DEPLOYERS),
    *((who, "sns:SetTopicAttributes", PLATFORM.topic_arn("batch-stg-failure")) for who in DEPLOYERS),
    # ... and starts no run by itself: that is a runner's.
    *((who, "states:StartExecution", OWN_MACHINE) for who in DEPLOYERS),
    # Roles of other services and of other places.
    *((who, "iam:CreateRole", "arn:aws:iam::123456789012:role/mine") for who in (*DEPLOYERS, "admin")),
    *((who, "iam:CreateUser", "arn:aws:iam::123456789012:user/mine") for who in POLICIES),
    *((who, "iam:AttachRolePolicy", OWN_ROLE) for who in POLICIES),
    *((who, "iam:DeleteRolePermissionsBoundary", OWN_ROLE) for who in POLICIES),
    *((who, "iam:CreatePolicyVersion", BOUNDARY) for who in POLICIES),
    *((who, "iam:DeletePolicy", BOUNDARY) for who in POLICIES),
    *((who, "sts:AssumeRole", OWN_ROLE) for who in POLICIES),
    *((who, "ssm:GetParameter", PLATFORM.arn("ssm", "parameter/batch/batch-stg/token")) for who in (*READERS, *DEPLOYERS)),
]  # fmt: skip


@pytest.mark.parametrize(("who", "action", "resource"), DENIED)
def test_nobody_does_more(who, action, resource):
    context = {**WITHIN, "iam:PassedToService": "states.amazonaws.com"}

    assert not allows(POLICIES[who], Call(action, resource, context))


def writes(policy):
    """Return how a role can be changed; handing it on is another thing."""
    changes = ("Attach", "Create", "Delete", "Detach", "Put", "Tag", "Untag", "Update")
    return sorted(
        action
        for action in actions(policy)
        if action.startswith("iam:") and action.split(":")[1].startswith(changes)
    )


def test_a_deployer_reaches_no_role_of_the_platform():
    """All that BatchPlatform makes, whatever it will be: asked of each that is registered."""
    deployer = people.deployer(
        platform=Platform("batch", "test", "123456789012", "eu-west-1"), boundary_arn=BOUNDARY
    )
    own = [each for each in evaluated("rich").resources if each.type == token(aws.iam.Role)]
    of_platform = [each for each in own if each.name.startswith("batch-")]
    of_jobs = [each for each in own if not each.name.startswith("batch-")]

    def changed(role):
        arn = f"arn:aws:iam::123456789012:role{role.inputs['path']}{role.name}-0123456"
        asked = [Call(name, arn, WITHIN) for name in writes(deployer)]
        return [call for call in asked if allows(deployer, call)]

    assert len(of_platform) == 8
    assert [role.name for role in of_platform if changed(role)] == []
    assert all(changed(role) for role in of_jobs)
    assert len(of_jobs) == 2


@pytest.mark.parametrize(
    "action",
    ["states:UpdateStateMachine", "states:DeleteStateMachine", "states:TagResource"],
)
def test_a_deployer_leaves_the_machine_for_any_command(action):
    run_task = PLATFORM.state_machine_arn("run-task")

    assert not allows(DEPLOYER, Call(action, run_task, {"aws:ResourceTag/batch:job": "run-task"}))
    assert allows(DEPLOYER, Call(action, OWN_MACHINE, {"aws:ResourceTag/batch:job": "report"}))


@pytest.mark.parametrize("policy", [DEPLOYER, ADMIN], ids=["deployer", "admin"])
@pytest.mark.parametrize(
    "action",
    [
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
    ],
)
@pytest.mark.parametrize("boundary", [None, "arn:aws:iam::aws:policy/AdministratorAccess"])
def test_a_role_is_made_only_within_the_boundary(policy, action, boundary):
    context = {"iam:PermissionsBoundary": boundary} if boundary else {}

    assert allows(policy, Call(action, OWN_ROLE, WITHIN))
    assert not allows(policy, Call(action, OWN_ROLE, context))


def test_the_boundary_in_the_documentation_leaves_every_role_what_it_needs():
    page = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    [boundary] = [json.loads(part) for part in re.findall(r"```json\n(.+?)```", page, re.DOTALL)]
    needed = [
        Call(action, resource.replace("*", "x"))
        for document in policy_pack.documents(evaluated("rich").resources)
        if document.kind == policy_pack.IDENTITY
        for statement in document.statements
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]

    assert len(needed) > 30
    assert refused(boundary, needed) == []
    assert not allows(boundary, Call("iam:PassRole", "arn:aws:iam::123456789012:role/admin"))


@pytest.mark.parametrize("who", DEPLOYERS)
@pytest.mark.parametrize("service", ["lambda", "ec2", "events", "cloudformation"])
def test_a_deployer_hands_roles_to_what_runs_jobs_alone(who, service):
    to = {"iam:PassedToService": f"{service}.amazonaws.com"}

    assert not allows(POLICIES[who], Call("iam:PassRole", MACHINE_ROLE, to))


# What a managed policy takes.

LONGEST = Platform("a" * 15, "b" * 14, "123456789012", "ap-southeast-1", "aws-us-gov")
LONG_BOUNDARY = f"arn:aws-us-gov:iam::123456789012:policy/{'b' * 128}"
LONG_KEY = f"arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/mrk-{'k' * 32}"
LONG_NAME = "n" * (64 - len("-execution-0123456"))


@pytest.mark.parametrize(
    "policy",
    [
        people.viewer(platform=LONGEST, key_arn=LONG_KEY),
        people.runner(platform=LONGEST, key_arn=LONG_KEY),
        doctor.doctor(platform=LONGEST),
        people.deployer(platform=LONGEST, boundary_arn=LONG_BOUNDARY, key_arn=LONG_KEY),
        administrator.admin(
            platform=LONGEST, name=LONG_NAME, boundary_arn=LONG_BOUNDARY, key_arn=LONG_KEY
        ),
    ],
    ids=["viewer", "runner", "doctor", "deployer", "admin"],
)
def test_it_fits_a_managed_policy_whatever_the_names(policy):
    assert len(text(policy)) <= people.SIZE_LIMIT


def test_a_platform_hands_them_out():
    outputs = evaluated("stg").outputs["policies"]

    assert {who: json.loads(policy) for who, policy in outputs.items()} == {
        "viewer": VIEWER,
        "runner": RUNNER,
        "doctor": doctor.doctor(platform=PLATFORM),
        "deployer": UNBOUNDED,
        "admin": administrator.admin(platform=PLATFORM, name="batch"),
    }
