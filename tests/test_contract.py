from __future__ import annotations

import pytest

from batch import contract
from batch.contract import Platform

PLATFORM = Platform("batch", "stg", "111111111111", "eu-west-1")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("batch-stg", PLATFORM.prefix),
        ("batch-stg-report", PLATFORM.state_machine("report")),
        (
            "arn:aws:states:eu-west-1:111111111111:stateMachine:batch-stg-report",
            PLATFORM.state_machine_arn("report"),
        ),
        (
            "arn:aws:states:eu-west-1:111111111111:execution:batch-stg-report:run-1",
            PLATFORM.execution_arn("report", "run-1"),
        ),
        ("batch-stg", PLATFORM.schedule_group),
        ("batch-stg_manual", PLATFORM.manual_schedule_group),
        ("report", PLATFORM.schedule("report")),
        ("report.evening", PLATFORM.schedule("report", "evening")),
        ("arn:aws:ecs:eu-west-1:111111111111:cluster/batch-stg", PLATFORM.cluster_arn),
        ("batch-stg", PLATFORM.family()),
        ("batch-stg-report", PLATFORM.family("report")),
        ("/batch/batch-stg", PLATFORM.task_log_group),
        ("/aws/vendedlogs/states/batch-stg", PLATFORM.machine_log_group),
        ("batch-stg-success", PLATFORM.success_topic),
        ("batch-stg-failure", PLATFORM.failure_topic),
        ("/batch/batch-stg/", PLATFORM.role_path),
        ("arn:aws:iam::111111111111:role/batch/batch-stg/*", PLATFORM.roles_arn),
        ("/batch/batch-stg/jobs/", PLATFORM.job_role_path),
        ("arn:aws:iam::111111111111:role/batch/batch-stg/jobs/*", PLATFORM.job_roles_arn),
        ("task/app/0123", contract.log_stream("app", "arn:aws:ecs:r:1:task/batch-stg/0123")),
    ],
)
def test_things_are_called_what_operators_look_for(expected, actual):
    assert expected == actual


def test_other_partitions_have_their_own_arns():
    china = Platform("batch", "stg", "111111111111", "cn-north-1", "aws-cn")

    assert china.cluster_arn == "arn:aws-cn:ecs:cn-north-1:111111111111:cluster/batch-stg"


@pytest.mark.parametrize(
    ("job", "machine"),
    [
        ("report", "batch-stg-report"),
        ("report", "arn:aws:states:eu-west-1:111111111111:stateMachine:batch-stg-report"),
        (None, "batch-stg_sweep"),
        (None, "batch-stg2-report"),
        (None, "other"),
    ],
)
def test_only_machines_of_the_platform_have_a_job(job, machine):
    assert job == PLATFORM.job_of(machine)


def test_the_longest_names_are_allowed_by_aws():
    longest = Platform("p" * 22, "s" * 7, "111111111111", "eu-west-1")

    assert len(longest.prefix) == contract.PLATFORM_NAME_LIMIT
    assert len(longest.state_machine("j" * 40)) <= 80


def test_a_schedule_says_which_it_is_and_when():
    assert contract.schedule_input("evening") == {
        "schedule": "evening",
        "scheduledTime": "<aws.scheduler.scheduled-time>",
        "trigger": "schedule",
    }
