"""A team's own project on a shared platform, which it knows by a StackReference."""

from __future__ import annotations

import json

import pulumi
import pytest

from tests.engine import wire
from tests.engine.programs import (
    OF_A_JOB,
    OF_A_JOB_WITH_SECRETS,
    SECRETS,
    all_of,
    job,
    nightly,
    platform,
)


def team():
    shared = pulumi.StackReference("organization/batch-platform/test")
    connection = shared.require_output("connection")
    job("report", connection, owner="reporting")
    job("export", connection, image="export:1", secrets=SECRETS)


MADE = all_of("create", (OF_A_JOB, "report"), (OF_A_JOB_WITH_SECRETS, "export"))


@pytest.fixture
def shared(backend):
    stack = backend.stack(nightly())
    stack.up()
    return stack


@pytest.fixture
def reports(backend, shared):
    return backend.stack(team, project="reports", stack="prod")


def test_the_first_preview_makes_the_teams_own_and_nothing_else(reports):
    assert reports.preview().changes == MADE


def test_the_first_preview_knows_every_name_and_definition(reports):
    states = reports.preview().states

    machine = states["sfn.StateMachine report"]
    assert machine["name"] == "batch-test-report"
    assert machine["tags"]["batch:project"] == "reports"
    assert json.loads(machine["definition"])["StartAt"] == "Job"
    assert states["scheduler.Schedule report"]["groupName"] == "batch-test"
    assert states["ecs.TaskDefinition export"]["family"] == "batch-test-export"
    assert states["iam.Role export-execution"]["path"] == "/batch/batch-test/jobs/"


def test_what_was_previewed_is_made_and_a_second_preview_changes_nothing(reports, backend):
    assert reports.up().changes == MADE
    assert reports.preview().changes == []
    assert backend.cloud.of("StateMachine").keys() == {
        "batch-recorder",
        "batch-run-task",
        "batch-sweep",
        "nightly",
        "report",
        "export",
    }


def test_a_new_image_of_the_platform_changes_nothing_of_the_teams(shared, reports):
    reports.up()

    assert shared.up(nightly(of={"image": "app:2"})).changes == [
        "replace ecs.TaskDefinition batch: containerDefinitions"
    ]
    assert reports.preview().changes == []


def test_new_security_groups_reach_the_team_with_its_next_update(shared, reports):
    reports.up()

    moved = nightly(of={"security_group_ids": ["sg-bbb2"]})
    assert shared.up(moved).changes == [
        "update sfn.StateMachine batch-run-task: definition",
        "update sfn.StateMachine nightly: definition",
    ]
    assert reports.preview().changes == [
        "update sfn.StateMachine export: definition",
        "update sfn.StateMachine report: definition",
    ]


def test_destroying_the_teams_own_leaves_the_platform(shared, reports):
    before = len(shared.cloud.resources)
    reports.up()

    assert reports.destroy().changes == [change.replace("create", "delete") for change in MADE]
    assert len(shared.cloud.resources) == before
    assert shared.preview().changes == []


def test_a_value_that_is_not_known_yet_leaves_every_name_known(backend):
    """As where a component of another language hands on what it does not know at preview."""

    def program():
        made = platform(security_group_ids=None, subnet_ids=None, assign_public_ip="auto")
        # Not the Output of the platform itself, which a job of the same program sees through.
        job("report", pulumi.Output.all(made.connection)[0])

    machine = backend.stack(program).preview().states["sfn.StateMachine report"]

    assert machine["name"] == "batch-test-report"
    assert machine["tags"]["batch:job"] == "report"
    assert machine["definition"] == wire.UNKNOWN  # it names the security group


def test_a_stack_without_a_connection_ends_in_pulumi_s_own_words(backend):
    """They name the output and not the stack: ``docs/destroy.md`` has the order to keep."""
    backend.stack(lambda: None).up()

    with pytest.raises(Exception, match="KeyError: 'connection'"):
        backend.stack(team, project="reports", stack="prod").preview()
