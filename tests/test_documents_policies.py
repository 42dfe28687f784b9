"""What the roles may do: no more than the golden files say, and for a reason."""

from __future__ import annotations

import pytest

from batch.documents import containers, queues, schedule_target, topics, trusts, volumes
from batch.job import Volume
from tests.documents_examples import (
    DOCUMENTS,
    IMAGE,
    KEY,
    PLATFORM,
    PUBLISHER,
    QUEUE,
    RULES,
    TOPIC,
)

WITHOUT_RESOURCES = {"ecr:GetAuthorizationToken"} | {
    f"logs:{action}"
    for action in (
        "CreateLogDelivery",
        "DeleteLogDelivery",
        "DescribeLogGroups",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "UpdateLogDelivery",
    )
}
"""Actions that support neither resources nor conditions."""

ROLES = sorted(name for name in DOCUMENTS if name.startswith("policy-") and name != "policy-key")
TRUSTS = sorted(name for name in DOCUMENTS if name.startswith("trust-"))


def actions(statements):
    return {action for statement in statements for action in statement["Action"]}


@pytest.mark.parametrize("name", ROLES)
def test_everything_is_allowed_only_where_an_action_supports_nothing_else(name):
    for statement in DOCUMENTS[name]["Statement"]:
        assert "*" not in "".join(statement["Action"])
        if "*" in statement["Resource"] and "Condition" not in statement:
            assert set(statement["Action"]) <= WITHOUT_RESOURCES


@pytest.mark.parametrize("name", TRUSTS)
def test_a_role_is_taken_only_for_this_account(name):
    [statement] = DOCUMENTS[name]["Statement"]

    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert all("123456789012" in arn for arn in statement["Condition"]["ArnLike"]["aws:SourceArn"])


def test_tasks_run_only_from_definitions_of_this_platform():
    [run] = [s for s in DOCUMENTS["policy-machines"]["Statement"] if s["Action"] == ["ecs:RunTask"]]

    assert run["Resource"] == [
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/batch-stg:*",
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/batch-stg-*:*",
    ]
    assert run["Condition"] == {"ArnEquals": {"ecs:cluster": PLATFORM.cluster_arn}}


def test_schedules_start_only_machines_of_jobs_and_the_sweep():
    started = schedule_target.permissions(platform=PLATFORM, queue_arn=QUEUE)[0]["Resource"]

    assert started == [
        "arn:aws:states:eu-west-1:123456789012:stateMachine:batch-stg-*",
        "arn:aws:states:eu-west-1:123456789012:stateMachine:batch-stg_sweep",
    ]


def test_a_key_needs_a_permission_only_if_there_is_one():
    without = schedule_target.permissions(platform=PLATFORM, queue_arn=QUEUE)
    with_key = schedule_target.permissions(platform=PLATFORM, queue_arn=QUEUE, key_arn=KEY)

    assert actions(with_key) - actions(without) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_topic_without_alarms_hears_only_the_platforms_machines():
    [statement] = topics.policy(
        account=PLATFORM.account, topic_arn=TOPIC, publisher_arns=[PUBLISHER]
    )["Statement"]

    assert statement["Principal"] == {"AWS": [PUBLISHER]}


def test_no_service_publishes_without_a_source():
    for statement in DOCUMENTS["policy-topic"]["Statement"]:
        assert "Condition" in statement or "AWS" in statement["Principal"]


def test_a_queue_is_written_only_by_the_rules():
    [statement] = queues.policy(account="1", queue_arn=QUEUE, rule_arns=RULES)["Statement"]

    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": sorted(RULES)}


@pytest.mark.parametrize("image", ["busybox", "public.ecr.aws/docker/library/busybox:1"])
def test_a_public_image_needs_no_permission(image):
    made = containers.permissions(log_group_arn="arn:aws:logs:r:1:log-group:g", image=image)

    assert actions(made) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_an_image_is_pulled_from_its_repository_only():
    made = containers.permissions(log_group_arn="arn:aws:logs:r:1:log-group:g", image=IMAGE)
    [pull] = [s for s in made if "ecr:BatchGetImage" in s["Action"]]

    assert pull["Resource"] == ["arn:aws:ecr:eu-west-1:123456789012:repository/team/rails"]


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        ("arn:aws:secretsmanager:r:1:secret:db-AbCdEf", "arn:aws:secretsmanager:r:1:secret:db-AbCdEf"),
        ("arn:aws:secretsmanager:r:1:secret:db-AbCdEf:key::", "arn:aws:secretsmanager:r:1:secret:db-AbCdEf"),
        ("arn:aws:secretsmanager:r:1:secret:db", "arn:aws:secretsmanager:r:1:secret:db-??????"),
    ],
)  # fmt: skip
def test_a_secret_is_read_by_its_own_arn_only(arn, resource):
    made = containers.permissions(log_group_arn="arn:aws:logs:r:1:log-group:g", secret_arns=[arn])

    [read] = [s for s in made if s["Action"] == ["secretsmanager:GetSecretValue"]]
    assert read["Resource"] == [resource]


@pytest.mark.parametrize(
    ("arn", "service", "context"),
    [
        ("arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf", "secretsmanager", "SecretARN"),
        ("arn:aws:ssm:eu-west-1:1:parameter/db", "ssm", "PARAMETER_ARN"),
    ],
)
def test_a_secret_under_a_customers_key_is_decrypted_by_its_service_alone(arn, service, context):
    made = containers.permissions(log_group_arn="arn:aws:logs:r:1:log-group:g", secret_arns=[arn])

    [decrypt] = [s for s in made if s["Action"] == ["kms:Decrypt"]]
    assert decrypt["Resource"] == ["arn:aws:kms:eu-west-1:1:key/*"]
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"{service}.eu-west-1.amazonaws.com"]},
        "StringLike": {f"kms:EncryptionContext:{context}": [arn]},
    }


@pytest.mark.parametrize(
    "host",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
    ],
)
def test_each_name_of_a_registry_is_known(host):
    made = containers.permissions(
        log_group_arn="arn:aws:logs:r:1:log-group:g", image=f"{host}/team/rails:1"
    )

    [pull] = [s for s in made if "ecr:BatchGetImage" in s["Action"]]
    [resource] = pull["Resource"]
    assert resource.endswith("-1:123456789012:repository/team/rails")


def test_a_volume_that_is_only_read_may_not_be_written():
    volume = Volume("data", "fs-1", "/data", read_only=True)

    [statement] = volumes.permissions(platform=PLATFORM, volumes=[volume])

    assert statement["Action"] == ["elasticfilesystem:ClientMount"]


def test_channels_may_look_and_never_touch():
    assert trusts.guardrail("aws-cn") == "arn:aws-cn:iam::aws:policy/CloudWatchReadOnlyAccess"
