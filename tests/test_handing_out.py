"""What a job of the platform's own program waits for, and what it knows without waiting."""

import pulumi
import pulumi_aws as aws

from components import BatchPlatform, ScheduledJob
from tests.recording import SUBNETS, deploy

PLATFORM = {
    "image": "app:1",
    "subnet_ids": SUBNETS,
    "security_group_ids": ["sg-0a1b2c3d"],
    "assign_public_ip": "disabled",
}

JOB = {"command": ["true"], "schedule": "rate(1 day)"}


def job(connection):
    ScheduledJob("nightly", {"platform": connection, **JOB})


def own_program():
    job(BatchPlatform("batch", PLATFORM).connection)


def through_another_output():
    connection = BatchPlatform("batch", PLATFORM).connection
    job(pulumi.Output.from_input(connection))


def of(recording, kind):
    return recording.one(kind, "nightly")


def test_a_machine_waits_for_what_its_first_run_needs_and_for_nothing_else():
    machine = of(deploy(own_program), aws.sfn.StateMachine)

    assert {what.split("/")[0].removeprefix("aws:") for what in machine.depends_on} == {
        "cloudwatch",
        "dynamodb",
        "ecs",
        "iam",
    }
    assert {what.rpartition(":")[2] for what in machine.depends_on} == {
        "Cluster batch",
        "ClusterCapacityProviders batch",
        "LogGroup batch-machines",
        "LogGroup batch-tasks",
        "Role batch-machine",
        "RolePolicy batch-machine",
        "Table batch-control",
        "TaskDefinition batch",
    }


def test_a_job_is_the_same_whichever_way_it_reads_its_platform():
    kinds = (aws.sfn.StateMachine, aws.scheduler.Schedule)
    here, there = deploy(own_program), deploy(through_another_output)

    assert [of(here, kind).inputs for kind in kinds] == [of(there, kind).inputs for kind in kinds]


def test_a_definition_is_known_when_the_task_definition_is_replaced():
    machine = of(deploy(own_program, unknown=("batch",), preview=True), aws.sfn.StateMachine)

    assert "arn:aws:iam" in machine.inputs["roleArn"]
    assert machine.inputs["definition"].startswith("{")
