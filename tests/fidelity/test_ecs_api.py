"""The API of ECS: task definitions, tasks, and the network interface that a task gets."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.fidelity.playing import ACCOUNT, REGION


def test_a_task_has_every_container_and_no_exit_code_yet(aws, without):
    aws.task_definition("app", "agent")

    task = aws.run_task()["tasks"][0]

    place = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    assert [c["name"] for c in task["containers"]] == ["app", "agent"]
    assert [c.get("exitCode") for c in task["containers"]] == [None, None]
    assert {c["taskArn"] for c in task["containers"]} == {task["taskArn"]}
    assert task["containers"][0]["containerArn"].startswith(f"{place}:container/c/")
    assert (task["cpu"], task["memory"], task["launchType"]) == ("256", "512", "FARGATE")
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    assert task["platformVersion"] == "1.4.0"
    assert task["createdAt"].tzinfo is not None
    with without("containers"):
        assert [c["name"] for c in aws.run_task()["tasks"][0]["containers"]] == ["app"]


def test_a_task_has_the_size_of_its_overrides(aws):
    aws.task_definition()

    task = aws.run_task(overrides={"cpu": "512", "memory": "1024"})["tasks"][0]

    assert (task["cpu"], task["memory"]) == ("512", "1024")


def test_containers_of_a_fargate_task_need_no_memory(aws, without):
    aws.task_definition()

    assert len(aws.run_task()["tasks"]) == 1
    with without("container_memory"), pytest.raises(ClientError, match="500"):
        aws.run_task()


def test_a_task_runs_in_a_network_without_dns_names(aws, without):
    aws.task_definition()
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet]}}

    assert len(aws.run_task(networkConfiguration=network)["tasks"]) == 1
    with without("vpc_dns_names"), pytest.raises(ClientError, match="500"):
        aws.run_task(networkConfiguration=network)


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ({"cpu": "300"}, "the nearest is 256"),
        ({"memory": "513"}, "the nearest is 512"),
        ({"cpu": "256", "memory": "4096"}, "the nearest is 2048"),
    ],
)
def test_fargate_refuses_a_size_that_it_does_not_have(aws, without, size, why):
    with pytest.raises(ClientError, match="No Fargate configuration exists") as refused:
        aws.task_definition(**size)
    assert why in str(refused.value)
    with without("fargate_sizes"):
        assert aws.task_definition(**size).endswith("task-definition/f:1")


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (
            {"containerOverrides": [{"name": "app", "command": ["x" * 8192]}]},
            "Container Overrides length must be at most 8192",
        ),
        (
            {"containerOverrides": [{"name": "nope"}]},
            "Override for container named nope is not a container in the TaskDefinition",
        ),
        ({"cpu": "300"}, "No Fargate configuration exists for given values: 300 CPU"),
    ],
)
def test_run_task_refuses_overrides_that_cannot_be(aws, without, overrides, why):
    aws.task_definition()

    with pytest.raises(ClientError, match=why) as refused:
        aws.run_task(overrides=overrides)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    with without("run_task_checks"):
        assert len(aws.run_task(overrides=overrides)["tasks"]) == 1


def test_overrides_of_the_largest_size_are_taken(aws):
    aws.task_definition()
    room = 8192 - len('{"containerOverrides":[{"name":"app","command":[""]}]}')

    overrides = {"containerOverrides": [{"name": "app", "command": ["x" * room]}]}

    assert len(aws.run_task(overrides=overrides)["tasks"]) == 1


def test_tags_of_the_definition_reach_the_task_when_asked(aws, without):
    aws.task_definition(tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "1"}])
    own = [{"key": "a", "value": "2"}]

    def tags() -> dict[str, str]:
        task = aws.run_task(propagateTags="TASK_DEFINITION", tags=own)["tasks"][0]
        described = aws.client("ecs").describe_tasks(
            cluster="c", tasks=[task["taskArn"]], include=["TAGS"]
        )
        return {tag["key"]: tag["value"] for tag in described["tasks"][0]["tags"]}

    assert tags() == {"a": "2", "b": "1"}
    with without("run_task_checks"):
        assert tags() == {"a": "2"}


def test_a_task_that_is_not_there_is_missing(aws, without):
    aws.task_definition()
    there = aws.run_task()["tasks"][0]["taskArn"]
    gone = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/c/gone"
    ecs = aws.client("ecs")

    answer = ecs.describe_tasks(cluster="c", tasks=[there, gone])

    assert [task["taskArn"] for task in answer["tasks"]] == [there]
    assert answer["failures"] == [{"arn": gone, "reason": "MISSING"}]
    with pytest.raises(ClientError, match="The referenced task was not found"):
        ecs.stop_task(cluster="c", task=gone)
    with without("missing_tasks"):
        assert ecs.describe_tasks(cluster="c", tasks=[gone])["failures"] == []
        with pytest.raises(ClientError, match="500"):
            ecs.stop_task(cluster="c", task=gone)
