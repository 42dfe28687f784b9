"""``batchctl doctor``: each check where all is well, and where it is not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSResponse
from click.testing import CliRunner

from batch.documents import doctor as policies
from batch.documents import people
from batch.documents.statements import allow, policy
from batchctl.aws import Aws
from batchctl.doctor import NAMES, control
from batchctl.doctor.examination import CHECKS
from batchctl.doctor.finding import ok
from batchctl.main import batchctl
from localaws import examined
from localaws.deployment import deploy
from localaws.emulator import Emulator
from tests.allowing import Call, refused
from tests.local.ecs import wait_for
from tests.local.machines import PLATFORM
from tests.local.platforms import CHANNELS

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1"
INDEX = "application/vnd.oci.image.index.v1+json"
SINGLE = "application/vnd.oci.image.manifest.v1+json"
PROGRAM = f"""
import pulumi_aws as aws
from components import BatchPlatform, ScheduledJob

platform = BatchPlatform("batch", {{"image": "{IMAGE}", "slack": {CHANNELS!r}}})
token = aws.ssm.Parameter("token", name="/app/token", type="SecureString", value="x")
ScheduledJob(
    "export",
    {{
        "platform": platform.connection,
        "shell": "sleep 600",
        "secrets": {{"TOKEN": token.arn}},
        "cpu": 4096,
        "memory": 8192,
    }},
)
"""


@pytest.fixture(scope="module")
def emulator():
    with Emulator(executor="process", fires=False) as running:
        yield running


@pytest.fixture
def platform(emulator, tmp_path):
    """A platform of which all is well."""
    emulator.reset()
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config:\n  aws:region: us-east-1\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    ecr = emulator.client("ecr")
    ecr.create_repository(repositoryName="app")
    push(ecr, INDEX, ["amd64", "arm64"])
    deploy(emulator, project_dir=tmp_path)
    states = emulator.client("stepfunctions")
    states.start_execution(stateMachineArn=PLATFORM.own_machine_arn(PLATFORM.sweep), name="first")
    return emulator


def push(ecr, kind, architectures):
    manifests = [
        {"platform": {"architecture": one}, "digest": f"sha256:{one}"} for one in architectures
    ]
    content = {"schemaVersion": 2, "mediaType": kind}
    content |= {"manifests": manifests} if kind == INDEX else {"layers": [], "config": {}}
    ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])
    ecr.put_image(
        repositoryName="app", imageManifest=json.dumps(content), imageTag="v1",
        imageManifestMediaType=kind,
    )  # fmt: skip


def doctor(platform, *options):
    where = [
        "--platform", PLATFORM.name, "--stack", PLATFORM.stack, "--region", platform.region,
        "--endpoint", platform.endpoint,
    ]  # fmt: skip
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return CliRunner().invoke(batchctl, ["doctor", *where, *options], env=environment)


def found(platform, check):
    """Return levels and texts of what a check finds."""
    result = doctor(platform, "--only", check, "--json")
    return [(one["level"], f"{one['where']}: {one['what']}") for one in json.loads(result.stdout)]


def levels(platform, check):
    return {level for level, _ in found(platform, check)}


def test_the_names_are_those_of_the_checks():
    assert list(NAMES) == list(CHECKS)


def test_nothing_is_wrong_with_a_platform_that_was_just_deployed(platform):
    result = doctor(platform, "--json")

    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert {one["check"] for one in told} == set(CHECKS)
    assert [one for one in told if one["level"] != "ok"] == []


def test_a_platform_that_is_not_there_is_said_to_be_not_there(emulator):
    emulator.reset()

    result = doctor(emulator)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "batch-local: there is no such platform in us-east-1" in result.stderr


# Images


def test_an_image_for_another_architecture_alone_is_a_problem(platform):
    push(platform.client("ecr"), INDEX, ["arm64"])

    assert found(platform, "images")[0] == (
        "problem",
        f"image of batch-local, batch-local-export: {IMAGE} is there for arm64, and not for amd64",
    )
    assert doctor(platform).exit_code == 1


def test_an_image_that_is_not_there_is_a_problem(platform):
    platform.client("ecr").batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])

    assert found(platform, "images")[0] == (
        "problem", f"image of batch-local, batch-local-export: {IMAGE} is not there",
    )  # fmt: skip


def test_an_image_of_one_architecture_is_not_called_fine(platform):
    push(platform.client("ecr"), SINGLE, [])

    assert levels(platform, "images") == {"not checked"}
    assert doctor(platform).exit_code == 0
    assert doctor(platform, "--strict").exit_code == 1


# Secrets


def test_a_secret_that_is_gone_is_a_problem(platform):
    platform.client("ssm").delete_parameter(Name="/app/token")

    ((level, text),) = found(platform, "secrets")
    assert level == "problem"
    assert text.endswith("parameter/app/token is not there")


def roles(platform, part):
    return [
        r["RoleName"] for r in platform.client("iam").list_roles()["Roles"] if part in r["RoleName"]
    ]


def disarm(platform, part):
    """Take the policies of a role away."""
    iam = platform.client("iam")
    for role in roles(platform, part):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=name)


def test_a_secret_that_may_not_be_read_is_a_problem(platform):
    disarm(platform, "export-execution")

    ((level, text),) = found(platform, "secrets")
    assert level == "problem"
    assert "may not ssm:GetParameters" in text


def test_a_key_that_the_role_may_not_use_is_a_problem(platform):
    own = platform.client("kms").create_key()["KeyMetadata"]["Arn"]
    ssm = platform.client("ssm")
    secure = {"Name": "/app/token", "Value": "x", "Type": "SecureString", "Overwrite": True}
    ssm.put_parameter(KeyId=own, **secure)
    assert levels(platform, "secrets") == {"ok"}

    (role,) = roles(platform, "export-execution")
    iam = platform.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    document["Statement"] = [s for s in document["Statement"] if s["Action"] != ["kms:Decrypt"]]
    text = json.dumps(document)
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)
    ((level, told),) = found(platform, "secrets")
    assert (level, told.endswith(f"may not kms:Decrypt with {own}")) == ("problem", True)

    platform.client("kms").disable_key(KeyId=own.rpartition("/")[2])
    ((level, told),) = found(platform, "secrets")
    assert (level, told.endswith(f"its key {own} is Disabled")) == ("problem", True)


@pytest.fixture
def in_manager(platform):
    """A job with a secret of Secrets Manager, which its role may read."""
    arn = platform.client("secretsmanager").create_secret(
        Name="db", SecretString='{"password": "x"}'
    )["ARN"]
    (role,) = roles(platform, "export-execution")
    text = json.dumps(policy([allow(["secretsmanager:GetSecretValue"], [arn])]))
    platform.client("iam").put_role_policy(RoleName=role, PolicyName="db", PolicyDocument=text)
    ecs = platform.client("ecs")
    own = ecs.describe_task_definition(taskDefinition="batch-local-export")["taskDefinition"]

    def wanted(suffix):
        (container,) = own["containerDefinitions"]
        secrets = [{"name": "PASSWORD", "valueFrom": arn + suffix}]
        ecs.register_task_definition(
            family="batch-local-export",
            executionRoleArn=own["executionRoleArn"],
            containerDefinitions=[container | {"memory": 64, "secrets": secrets}],
        )
        ((level, text),) = found(platform, "secrets")
        return level, text.removeprefix("secret PASSWORD of batch-local-export: ").replace(arn, "A")

    return wanted


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("", ("ok", "A is there, and its execution role may read it")),
        ("::AWSCURRENT:", ("ok", "A is there, and its execution role may read it")),
        ("::AWSPREVIOUS:", ("problem", "A has no value that is AWSPREVIOUS")),
        (":::00000000", ("problem", "A has no version 00000000")),
        (
            ":password::",
            (
                "not checked",
                "A is there and may be read; whether it has the key password is in its value, "
                "which is not read here",
            ),
        ),
    ],
)
def test_of_a_secret_everything_but_its_value_is_looked_at(in_manager, suffix, expected):
    assert in_manager(suffix) == expected


def test_a_secret_that_is_to_be_deleted_is_a_problem(platform, in_manager):
    platform.client("secretsmanager").delete_secret(SecretId="db")

    assert in_manager("") == ("problem", "A is to be deleted, and cannot be read")


# Network


def main_table(ec2):
    (table,) = ec2.describe_route_tables(
        Filters=[{"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    return table["RouteTableId"]


@pytest.fixture
def isolated(platform):
    """Subnets without a way out."""
    ec2 = platform.client("ec2")
    ec2.delete_route(RouteTableId=main_table(ec2), DestinationCidrBlock="0.0.0.0/0")
    return ec2


def test_a_subnet_without_a_way_out_is_a_problem(platform, isolated):
    level, text = found(platform, "network")[0]

    assert level == "problem"
    assert text.endswith(
        "it has no way out, and no VPC endpoint for ecr.api, ecr.dkr, logs, s3, ssm"
    )


def test_endpoints_take_the_place_of_a_way_out(platform, isolated):
    vpc = isolated.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in isolated.describe_subnets()["Subnets"]]
    for service in ("ecr.api", "ecr.dkr", "logs", "ssm", "s3"):
        kind = {"VpcEndpointType": "Gateway", "RouteTableIds": [main_table(isolated)]}
        if service != "s3":
            # In one subnet alone: the others of the VPC reach it too.
            kind = {"VpcEndpointType": "Interface", "SubnetIds": subnets[:1]}
            kind["PrivateDnsEnabled"] = True
        isolated.create_vpc_endpoint(
            VpcId=vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", **kind
        )

    assert levels(platform, "network") == {"ok"}


def test_what_is_behind_another_network_is_not_called_fine(platform, isolated):
    gateway = isolated.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    isolated.create_route(
        RouteTableId=main_table(isolated),
        DestinationCidrBlock="0.0.0.0/0",
        TransitGatewayId=gateway,
    )

    level, text = found(platform, "network")[0]
    assert level == "not checked"
    assert text.endswith(f"it leads to {gateway}, and what is behind that is not looked at")


def test_a_security_group_that_lets_nothing_out_is_a_problem(platform):
    ec2 = platform.client("ec2")
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        if rule["IsEgress"]:
            ec2.revoke_security_group_egress(
                GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
            )

    level, text = found(platform, "network")[-1]
    assert level == "problem"
    assert "it lets no HTTPS out" in text


# Roles


def test_a_role_that_trusts_somebody_else_is_a_problem(platform):
    (role,) = roles(platform, "scheduler")
    nobody = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "a.b"}}
    platform.client("iam").update_assume_role_policy(
        RoleName=role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    )

    wrong = [text for level, text in found(platform, "roles") if level == "problem"]
    assert len(wrong) == 1
    assert "does not trust scheduler.amazonaws.com" in wrong[0]


def test_a_role_without_its_policy_is_a_problem(platform):
    disarm(platform, "batch-machine")

    (wrong,) = [text for level, text in found(platform, "roles") if level == "problem"]
    assert wrong == (
        "role of the machines: it may not dynamodb:ConditionCheckItem on "
        f"{PLATFORM.control_table_arn}, "
        "nor dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem and 19 more"
    )


def test_a_role_that_is_taken_for_another_account_alone_is_a_problem(platform):
    (role,) = roles(platform, "batch-recorder")
    iam = platform.client("iam")
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    document["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"] = "210987654321"
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))

    (wrong,) = [text for level, text in found(platform, "roles") if level == "problem"]
    machine = PLATFORM.own_machine_arn(PLATFORM.recorder)
    assert f"it trusts states.amazonaws.com, but not for {machine}" in wrong


def test_a_condition_that_is_not_read_is_not_called_fine(platform):
    (role,) = roles(platform, "batch-sweep")
    iam = platform.client("iam")
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    document["Statement"][0]["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))

    told = [(level, text) for level, text in found(platform, "roles") if level != "ok"]
    ((level, text),) = told
    assert level == "not checked"
    assert "a condition that is not read here: Bool of aws:SecureTransport" in text


def test_a_rule_that_is_disabled_is_a_problem(platform):
    events = platform.client("events")
    recorder = PLATFORM.own_machine_arn(PLATFORM.recorder)
    name = events.list_rule_names_by_target(TargetArn=recorder)["RuleNames"][0]
    events.disable_rule(Name=name)

    (told,) = (told for told in found(platform, "roles") if told[0] != "ok")
    assert told == (
        "problem", f"rule {name}: it is disabled: nobody hears how runs end",
    )  # fmt: skip


# Messages


def test_failures_that_nobody_hears_of_are_a_problem(platform):
    for configuration in platform.slack.configurations:
        platform.slack.remove(configuration.name)

    assert found(platform, "slack") == [
        (
            "problem",
            "Slack for batch-local-failure: no channel has it, and nobody else hears of failures",
        ),
        (
            "ok",
            "Slack for batch-local-success: no channel has it, and nobody else hears of successes",
        ),
    ]


def test_an_address_that_has_not_confirmed_is_a_warning(platform, monkeypatch):
    arn = PLATFORM.topic_arn(PLATFORM.failure_topic)
    made = platform.client("sns").subscribe(
        TopicArn=arn, Protocol="email", Endpoint="oncall@example.com"
    )
    pending = made["SubscriptionArn"] == "pending confirmation"

    # moto takes every subscription for confirmed at once.
    if not pending:
        from batchctl.doctor import messages

        monkeypatch.setattr(messages, "_PENDING", made["SubscriptionArn"])

    assert found(platform, "subscriptions")[0] == (
        "warning",
        "subscriptions of batch-local-failure: oncall@example.com has not confirmed",
    )


# Quotas


def test_a_quota_that_is_nearly_used_up_is_a_warning(platform):
    states = platform.client("stepfunctions")
    for name in ("a", "b"):
        states.start_execution(stateMachineArn=PLATFORM.state_machine_arn("export"), name=name)
    cluster = PLATFORM.cluster_arn
    ecs = platform.client("ecs")
    wait_for(lambda: len(ecs.list_tasks(cluster=cluster)["taskArns"]) == 2, "two tasks")

    assert found(platform, "quotas")[0] == (
        "warning",
        "Fargate vCPUs: 8 of 6 are used by tasks of this platform; others in the account are not "
        "counted",
    )


def test_the_most_of_the_last_day_counts_where_a_metric_tells(platform):
    dimensions = {
        "Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand",
    }  # fmt: skip
    platform.client("cloudwatch").put_metric_data(
        Namespace="AWS/Usage",
        MetricData=[
            {
                "MetricName": "ResourceCount",
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                "Value": 5.5,
                "Timestamp": datetime.now(UTC) - timedelta(hours=2),
            }
        ],
    )

    assert found(platform, "quotas")[:2] == [
        ("warning", "Fargate vCPUs: 5.5 of 6 were used in the last day"),
        (
            "ok",
            "Fargate Spot vCPUs: 0 of 6 are used by tasks of this platform; "
            "others in the account are not counted",
        ),
    ]


def test_a_task_that_is_larger_than_the_quota_is_a_problem(platform, monkeypatch):
    monkeypatch.setitem(examined.QUOTAS, "L-3032A538", ("On-Demand", "Standard/OnDemand", 1.0))

    assert found(platform, "quotas")[0] == (
        "problem", "Fargate vCPUs: a task takes 4, and the account has 1",
    )  # fmt: skip


def test_a_channel_that_is_disabled_is_a_problem(platform):
    platform.slack.configure(
        name="batch-local-failure",
        team_id="T0",
        channel_id="C0FAILURE",
        topic_arns=[PLATFORM.topic_arn(PLATFORM.failure_topic)],
        state="DISABLED",
    )

    assert found(platform, "slack")[0] == (
        "problem", "Slack for batch-local-failure: batch-local-failure is disabled",
    )  # fmt: skip


# The platform's own parts


def test_what_could_not_be_delivered_is_a_problem(platform):
    sqs = platform.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        sqs.send_message(QueueUrl=url, MessageBody="{}")

    told = found(platform, "queues")
    assert [level for level, _ in told] == ["problem", "problem"]
    assert all("1 in the dead-letter queue" in text for _, text in told)


def test_a_table_that_is_gone_is_a_problem(platform):
    platform.client("dynamodb").delete_table(TableName=PLATFORM.control_table)

    assert found(platform, "table") == [
        ("problem", "table batch-local-control: it is not there: no run starts")
    ]


def test_a_sweep_that_is_silent_is_a_problem(platform, monkeypatch):
    monkeypatch.setattr(control, "SILENT", control.SILENT * 0)

    ((level, text),) = found(platform, "sweep")
    assert level == "problem"
    assert re.search(r"it ran last at \d{4}-\d\d-\d\d [\d:]+Z: what no event told", text)


def test_a_machine_of_the_platforms_own_that_is_gone_is_a_problem(platform):
    states = platform.client("stepfunctions")
    states.delete_state_machine(stateMachineArn=PLATFORM.own_machine_arn(PLATFORM.recorder))

    assert found(platform, "sweep") == [
        ("problem", "batch-local_recorder: the machine is not there"),
        ("ok", "batch-local_sweep: it ran within the hour"),
    ]
    told = {text.partition(":")[0]: level for level, text in found(platform, "roles")}
    assert {where: level for where, level in told.items() if level != "ok"} == {
        "roles of rules and recorder": "not checked"
    }


def test_a_sweep_that_failed_is_a_warning(platform):
    states = platform.client("stepfunctions")
    machine = PLATFORM.own_machine_arn(PLATFORM.sweep)
    fails = {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(fails))
    arn = states.start_execution(stateMachineArn=machine, name="second")["executionArn"]
    wait_for(
        lambda: states.describe_execution(executionArn=arn)["status"] == "FAILED", "the sweep's end"
    )

    assert found(platform, "sweep") == [
        ("warning", "batch-local_sweep: its last execution is FAILED")
    ]


def test_a_sweep_that_never_ran_is_a_warning(platform):
    states = platform.client("stepfunctions")
    machine = PLATFORM.own_machine_arn(PLATFORM.sweep)
    described = states.describe_state_machine(stateMachineArn=machine)
    states.delete_state_machine(stateMachineArn=machine)
    states.create_state_machine(
        name=PLATFORM.sweep, definition=described["definition"], roleArn=described["roleArn"]
    )

    assert found(platform, "sweep") == [("warning", "batch-local_sweep: it never ran")]


def test_a_log_group_that_is_gone_is_a_problem(platform):
    platform.client("logs").delete_log_group(logGroupName=PLATFORM.task_log_group)

    assert found(platform, "logs")[0] == (
        "problem",
        "log group /batch/batch-local: it is not there",
    )


def test_a_group_of_schedules_that_is_gone_is_a_problem(platform):
    platform.client("scheduler").delete_schedule_group(Name=PLATFORM.manual_schedule_group)

    assert found(platform, "schedules")[-1] == (
        "problem", "schedule group batch-local_manual: it is not there",
    )  # fmt: skip


# What is not answered


class Body:
    """The body of an answer, as urllib3 reads it."""

    def __init__(self, content):
        self._content = content

    def stream(self, **_):
        yield self._content

    def read(self, *_, **__):
        return self._content


@pytest.mark.parametrize("check", [name for name in NAMES if name not in ("table",)])
def test_what_may_not_be_looked_at_is_not_called_fine(platform, monkeypatch, check):
    """Every service refuses, with AWS's own answer, once the platform is known to be there."""
    plain = Aws._client

    def refusing(self, service, *place):
        client = plain(self, service, *place)

        def refuse(request, **_):
            if b"DescribeStateMachine" in request.headers.get("X-Amz-Target", b""):
                return None
            if service in ("sts", "dynamodb"):
                return None
            kind = "AccessDeniedException"
            json_body = json.dumps({"__type": kind, "message": "not authorized"}).encode()
            xml = (
                b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message>"
                b"</Error></ErrorResponse>"
            )
            body = xml if service in ("iam", "sns", "ec2") else json_body
            headers = {"x-amzn-ErrorType": kind}
            return AWSResponse(request.url, 403, headers, Body(body))

        client.meta.events.register("before-send", refuse)
        return client

    monkeypatch.setattr(Aws, "_client", refusing)

    told = found(platform, check)

    assert told[-1][0] == "not checked"
    assert "AWS refused" in told[-1][1]
    assert {level for level, _ in told} <= {"not checked", "ok"}


def test_a_check_that_fails_hides_no_other(platform, monkeypatch):
    def broken(patient):
        yield ok("first", "looked at")
        raise KeyError("Arn")

    monkeypatch.setitem(CHECKS, "table", broken)

    told = json.loads(doctor(platform, "--json").stdout)
    assert {one["check"] for one in told} == set(CHECKS)
    first, second = [one for one in told if one["check"] == "table"]
    assert (first["level"], second["level"]) == ("ok", "not checked")
    assert "KeyError: 'Arn'" in second["what"]


def test_one_image_that_nobody_may_look_at_hides_no_other(platform):
    other = IMAGE.replace("/app:", "/other:")
    platform.client("ecs").register_task_definition(
        family="batch-local-zoo",
        containerDefinitions=[{"name": "app", "image": other, "memory": 64}],
    )

    assert [level for level, _ in found(platform, "images")] == ["ok", "problem"]


# Who may


PREFIXES = {"stepfunctions": "states", "service-quotas": "servicequotas"}
UNASKED = {"sts:GetCallerIdentity"}


def question(service, operation, given):
    """Return what IAM is asked for a call of ``doctor``."""
    account = PLATFORM.account
    resources = {
        "PolicySourceArn": lambda arn: arn,
        "RoleName": lambda name: f"arn:aws:iam::{account}:role/batch/batch-local/{name}",
        "stateMachineArn": lambda arn: arn,
        "GroupName": lambda group: PLATFORM.arn("scheduler", f"schedule/{group}/{given['Name']}"),
        "TableName": lambda name: PLATFORM.arn("dynamodb", f"table/{name}"),
        "TopicArn": lambda arn: arn,
        "QueueUrl": lambda url: PLATFORM.arn("sqs", url.rpartition("/")[2]),
        "QueueName": lambda name: PLATFORM.arn("sqs", name),
        "Rule": lambda name: PLATFORM.arn("events", f"rule/{name}"),
        "tasks": lambda arns: arns[0],
        "repositoryName": lambda name: PLATFORM.arn("ecr", f"repository/{name}"),
        "SecretId": lambda arn: arn,
        "KeyId": lambda key: PLATFORM.arn("kms", f"key/{key}"),
    }
    action = f"{PREFIXES.get(service, service)}:{operation}"
    resource = next((to(given[key]) for key, to in resources.items() if key in given), "*")
    if action == "scheduler:GetScheduleGroup":
        resource = PLATFORM.arn("scheduler", f"schedule-group/{given['Name']}")
    if action == "events:DescribeRule":
        resource = PLATFORM.arn("events", f"rule/{given['Name']}")
    context = {"ecs:cluster": given["cluster"]} if "cluster" in given else {}
    return Call(action, resource, context)


def test_who_has_the_policies_viewer_and_doctor_can_make_every_check(
    platform, in_manager, monkeypatch
):
    key = platform.client("kms").create_key()["KeyMetadata"]["KeyId"]
    platform.client("ssm").put_parameter(
        Name="/app/token", Value="x", Type="SecureString", KeyId=key, Overwrite=True
    )
    execution = platform.client("stepfunctions").start_execution(
        stateMachineArn=PLATFORM.state_machine_arn("export")
    )
    ecs = platform.client("ecs")
    wait_for(lambda: ecs.list_tasks(cluster=PLATFORM.cluster_arn)["taskArns"], "a task")
    asked, plain = [], Aws._client

    def noting(self, service, *place):
        client = plain(self, service, *place)

        def note(params, model, **_):
            asked.append(question(model.service_model.service_name, model.name, params))

        client.meta.events.register("provide-client-params", note)
        return client

    monkeypatch.setattr(Aws, "_client", noting)
    assert doctor(platform).exit_code == 0
    in_manager("")
    platform.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])

    own, viewer = policies.doctor(platform=PLATFORM), people.viewer(platform=PLATFORM)
    both = policy([*own["Statement"], *viewer["Statement"]])
    wanted = [call for call in asked if call.action not in UNASKED]
    assert refused(both, wanted) == []
    allowed = {action for statement in own["Statement"] for action in statement["Action"]}
    assert allowed - {call.action for call in wanted} == set()
