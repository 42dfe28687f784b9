from __future__ import annotations

import json

import pulumi_aws as aws
import pytest

from localaws.errors import DeploymentFailed
from tests.roles import open_role

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def test_a_cluster_has_its_settings_capacity_providers_and_tags(bench):
    setting = {"name": "containerInsights", "value": "enhanced"}
    strategy = {"capacityProvider": "FARGATE", "weight": 1, "base": 0}
    made = bench.make(aws.ecs.Cluster, name="c", settings=[setting], tags={"a": "b"})
    bench.make(
        aws.ecs.ClusterCapacityProviders,
        clusterName=made.outputs["name"],
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategies=[strategy],
    )

    (found,) = bench.client("ecs").describe_clusters(
        clusters=[made.id], include=["SETTINGS", "TAGS"]
    )["clusters"]

    assert made.outputs == {
        "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{found['clusterName']}",
        "name": found["clusterName"],
        "region": REGION,
        "tagsAll": {"a": "b", "env": "dev"},
    }
    assert made.id == made.outputs["arn"]
    assert found["settings"] == [setting]
    assert found["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert found["defaultCapacityProviderStrategy"] == [strategy]
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {"a": "b", "env": "dev"}


def test_a_task_definition_is_registered_whole_and_each_is_a_revision(bench):
    container = {"name": "app", "image": "busybox", "essential": True}
    inputs = {
        "family": "f",
        "containerDefinitions": json.dumps([container]),
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": ROLE,
        "taskRoleArn": ROLE,
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGib": 30},
        "volumes": [
            {
                "name": "data",
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-12345678",
                    "rootDirectory": "/",
                    "transitEncryption": "ENABLED",
                    "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
                },
            }
        ],
        "skipDestroy": True,
    }
    first = bench.make(aws.ecs.TaskDefinition, "one", **inputs)
    second = bench.make(aws.ecs.TaskDefinition, "two", **inputs)

    found = bench.client("ecs").describe_task_definition(taskDefinition="f:1")["taskDefinition"]

    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/f"
    assert first == (
        "f",
        {
            "arn": f"{arn}:1",
            "arnWithoutRevision": arn,
            "revision": 1,
            "region": REGION,
            "tagsAll": {"env": "dev"},
        },
    )
    assert second.outputs["arn"] == f"{arn}:2"
    assert found["containerDefinitions"][0]["image"] == "busybox"
    assert found["ephemeralStorage"] == {"sizeInGiB": 30}
    assert found["volumes"] == inputs["volumes"]
    for same in ("cpu", "memory", "networkMode", "taskRoleArn", "executionRoleArn"):
        assert found[same] == inputs[same]
    assert found["runtimePlatform"] == inputs["runtimePlatform"]


def test_a_state_machine_has_its_definition_logging_and_tags(bench):
    open_role(bench.client("iam"))
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"
    made = bench.make(
        aws.sfn.StateMachine,
        name="batch-dev-hello",
        definition=definition,
        roleArn=ROLE,
        loggingConfiguration={
            "level": "ERROR",
            "includeExecutionData": False,
            "logDestination": group,
        },
    )

    client = bench.client("stepfunctions")
    found = client.describe_state_machine(stateMachineArn=made.id)
    tags = client.list_tags_for_resource(resourceArn=made.id)["tags"]

    assert made.outputs["arn"] == made.id == found["stateMachineArn"]
    assert (found["definition"], found["roleArn"]) == (definition, ROLE)
    assert found["loggingConfiguration"] == {
        "level": "ERROR",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    assert tags == [{"key": "env", "value": "dev"}]


def test_a_schedule_has_its_group_target_and_dates(bench):
    open_role(bench.client("iam"))
    bench.make(aws.scheduler.ScheduleGroup, name="g")
    made = bench.make(
        aws.scheduler.Schedule,
        name="s",
        groupName="g",
        scheduleExpression="cron(0 3 * * ? *)",
        scheduleExpressionTimezone="Asia/Tokyo",
        startDate="2036-01-01T00:00:00Z",
        state="DISABLED",
        flexibleTimeWindow={"mode": "FLEXIBLE", "maximumWindowInMinutes": 5},
        target={
            "arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
            "roleArn": ROLE,
            "input": "{}",
            "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
            "deadLetterConfig": {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
        },
    )

    found = bench.client("scheduler").get_schedule(GroupName="g", Name="s")

    assert made.id == "g/s"
    assert made.outputs["arn"] == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/g/s"
    assert found["ScheduleExpressionTimezone"] == "Asia/Tokyo"
    assert found["StartDate"].isoformat() == "2036-01-01T00:00:00+00:00"
    assert found["State"] == "DISABLED"
    assert found["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert found["Target"] == {
        "Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
        "RoleArn": ROLE,
        "Input": "{}",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 2},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
    }


def test_a_schedules_target_of_another_kind_is_refused(bench):
    with pytest.raises(
        DeploymentFailed, match=r"'x': unknown target kinesisParameters; use arn, deadLetterConfig,"
    ):
        bench.make(
            aws.scheduler.Schedule,
            scheduleExpression="rate(1 day)",
            flexibleTimeWindow={"mode": "OFF"},
            target={"arn": "a", "roleArn": ROLE, "kinesisParameters": {"partitionKey": "k"}},
        )


def test_a_log_group_has_its_retention_and_an_arn_without_star(bench):
    made = bench.make(aws.cloudwatch.LogGroup, name="/batch/x", retentionInDays=14)
    bench.make(aws.cloudwatch.LogGroup, "other", name="/batch/y", retentionInDays=0)

    groups = bench.client("logs").describe_log_groups()["logGroups"]

    assert made.outputs["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/batch/x"
    assert [(g["logGroupName"], g.get("retentionInDays")) for g in groups] == [
        ("/batch/x", 14),
        ("/batch/y", None),
    ]


def test_a_resource_policy_of_logs_is_put(bench):
    bench.make(aws.cloudwatch.LogResourcePolicy, policyName="p", policyDocument="{}")

    (found,) = bench.client("logs").describe_resource_policies()["resourcePolicies"]

    assert (found["policyName"], found["policyDocument"]) == ("p", "{}")
