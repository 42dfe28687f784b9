"""What the engine makes of a change to one job, and of the image that all share.

Each plan is the whole plan: what is not in it stays as it is. ``docs/changes.md`` has the same in
words.
"""

from __future__ import annotations

import dataclasses
import json

import pytest

from components import RunOnDeploy, ScheduledJob
from tests.engine import stacks
from tests.engine.cloud import Made
from tests.engine.programs import (
    OF_A_JOB,
    OF_A_JOB_WITH_SECRETS,
    SECRETS,
    all_of,
    platform,
)

NIGHTLY = {
    "shell": "rake report",
    "schedule": "cron(0 3 * * ? *)",
    "timezone": "Asia/Tokyo",
    "environment": {"RAILS_ENV": "production"},
    "retry": {"attempts": 2},
    "owner": "reporting",
}
OWN = {"shell": "own", "image": "own:1", "secrets": SECRETS, "schedule": "rate(1 day)"}
JOBS = {"nightly": NIGHTLY, "own": OWN}
"""One job that shares the platform's task definition, and one that has its own."""

DEFINITION = ["update sfn.StateMachine nightly: definition"]


def program(jobs=JOBS, *, migration=None, **of):
    """Return a program with those jobs.

    Args:
        migration: what runs during the update.
        of: what is different about the platform.
    """

    def run():
        made = platform(**of)
        for name, args in jobs.items():
            ScheduledJob(name, {"platform": made.connection, **args})
        if migration:
            RunOnDeploy("migrate", {"platform": made.connection, **migration})

    return run


def with_nightly(*without, **changes):
    """Return a program in which ``nightly`` is different."""
    kept = {key: value for key, value in NIGHTLY.items() if key not in without}
    return program({"nightly": {**kept, **changes}, "own": OWN})


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A stack that is up to date; previews leave it so."""
    with stacks.up_to_date(tmp_path_factory.mktemp("jobs"), program()) as stack:
        yield stack


def test_adding_a_job_makes_its_resources_and_touches_no_other(deployed):
    added = program({**JOBS, "weekly": {"shell": "rake week", "schedule": "rate(7 days)"}})

    assert deployed.preview(added).changes == all_of("create", (OF_A_JOB, "weekly"))


def test_a_job_may_be_called_like_what_the_engine_makes_itself(deployed):
    added = program({**JOBS, "default-report": {"shell": "rake week", "schedule": "rate(7 days)"}})

    assert deployed.preview(added).changes == all_of("create", (OF_A_JOB, "default-report"))


@pytest.mark.parametrize(("name", "kinds"), [("nightly", OF_A_JOB), ("own", OF_A_JOB_WITH_SECRETS)])
def test_removing_a_job_ends_its_resources_and_touches_no_other(deployed, name, kinds):
    rest = {other: args for other, args in JOBS.items() if other != name}

    assert deployed.preview(program(rest)).changes == all_of("delete", (kinds, name))


@pytest.mark.parametrize(
    "changed",
    [
        {"shell": "rake other"},
        {"cpu": 1024, "memory": 4096},
        {"environment": {"RAILS_ENV": "staging"}},
        {"retry": {"attempts": 3}},
        {"attempt_timeout": "2h"},
        {"spot": True},
        {"overlap": "skip"},
        {"pause_after_failures": 3},
        {"success_messages": False},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_a_run_does_is_in_the_definition_of_its_machine(deployed, changed):
    assert deployed.preview(with_nightly(**changed)).changes == DEFINITION


def test_how_late_a_run_may_start_is_scheduler_s_business_too(deployed):
    assert deployed.preview(with_nightly(start_deadline="2h")).changes == [
        "update scheduler.Schedule nightly: target.retryPolicy.maximumEventAgeInSeconds",
        *DEFINITION,
    ]


def test_a_group_is_in_the_definitions_of_its_jobs_alone(deployed):
    grouped = {"nightly": {**NIGHTLY, "concurrency_group": "db"}, "own": OWN}

    assert deployed.preview(program(grouped, concurrency_groups={"db": 3})).changes == DEFINITION


def test_what_is_expected_of_a_job_is_an_item_of_its_own(backend):
    stack = backend.stack(with_nightly(expect_success_within="26h"))
    stack.up()
    item = "dynamodb.TableItem nightly"

    assert stack.preview(with_nightly()).changes == [f"delete {item}"]
    assert stack.preview(with_nightly(expect_success_within="2d")).changes == [
        f"update {item}: item"
    ]
    assert stack.preview(with_nightly(expect_success_within="26h", enabled=False)).changes == [
        f"delete {item}",
        "update scheduler.Schedule nightly: state",
    ]


def test_a_pause_is_not_what_an_update_knows_of(backend):
    """It is in the control table, where ``batchctl pause`` puts it, and in no state."""
    stack = backend.stack(with_nightly(expect_success_within="26h"))
    stack.up()
    cloud = backend.cloud
    pause = Made(
        "aws:dynamodb/tableItem:TableItem",
        "somebody's",
        {"tableName": "batch-test-control", "item": '{"pk":{"S":"pauses"},"sk":{"S":"nightly"}}'},
        {},
    )
    cloud.resources["pause", "", ""] = pause
    before = dataclasses.asdict(pause)
    cloud.calls.clear()

    later = with_nightly(expect_success_within="26h", schedule="cron(0 4 * * ? *)")
    assert stack.up(later).changes == ["update scheduler.Schedule nightly: scheduleExpression"]

    assert dataclasses.asdict(cloud.resources["pause", "", ""]) == before
    assert {call.type for call in cloud.calls} == {"aws:scheduler/schedule:Schedule"}
    items = [one for one in stack.state()["resources"] if one["type"] == pause.type]
    assert [json.loads(one["inputs"]["item"])["pk"]["S"] for one in items] == ["expectations"]


def test_an_owner_is_in_the_tag_and_in_the_tags_of_tasks(deployed):
    owned = "update sfn.StateMachine nightly: definition, tags.batch:owner"

    assert deployed.preview(with_nightly(owner="finance")).changes == [owned]
    assert deployed.preview(with_nightly("owner")).changes == [owned]


@pytest.mark.parametrize(
    ("changed", "properties"),
    [
        ({"schedule": "cron(0 4 * * ? *)"}, "scheduleExpression"),
        ({"timezone": "Europe/Dublin"}, "scheduleExpressionTimezone"),
        ({"start_date": "2027-01-01T00:00:00"}, "startDate"),
        (
            {"flexible_window_minutes": 15},
            "flexibleTimeWindow.maximumWindowInMinutes, flexibleTimeWindow.mode",
        ),
        ({"max_event_age": "2h"}, "target.retryPolicy.maximumEventAgeInSeconds"),
        ({"enabled": False}, "state"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_when_a_job_runs_is_in_its_schedule(deployed, changed, properties):
    changes = deployed.preview(with_nightly(**changed)).changes

    assert changes == [f"update scheduler.Schedule nightly: {properties}"]


def test_a_job_is_switched_off_and_on_again_by_its_schedule_alone(backend):
    stack = backend.stack(with_nightly(enabled=False))
    stack.up()

    assert backend.cloud.of("Schedule")["nightly"].inputs["state"] == "DISABLED"
    assert stack.up(program()).changes == ["update scheduler.Schedule nightly: state"]
    assert backend.cloud.of("Schedule")["nightly"].inputs["state"] == "ENABLED"


def test_a_job_that_loses_its_schedule_keeps_its_machine(deployed):
    on_demand = with_nightly("schedule", "timezone")

    assert deployed.preview(on_demand).changes == ["delete scheduler.Schedule nightly"]


def test_a_second_schedule_leaves_the_first_alone(deployed):
    twice = {"default": NIGHTLY["schedule"], "noon": "cron(0 12 * * ? *)"}

    changes = deployed.preview(with_nightly("schedule", schedules=twice)).changes

    assert changes == ["create scheduler.Schedule nightly.noon"]


def test_an_image_changes_one_resource_and_no_state_machine(deployed):
    changes = deployed.preview(program(image="app:2")).changes

    # The new revision comes before the old one goes: at no time has the family none.
    assert changes == ["replace ecs.TaskDefinition batch: containerDefinitions"]


def test_an_image_makes_a_revision_and_then_ends_the_one_before(backend):
    stack = backend.stack(program())
    stack.up()
    backend.cloud.calls.clear()
    stack.up(program(image="app:2"))

    calls = [(call.verb, call.type.rpartition(":")[2], call.name) for call in backend.cloud.calls]
    assert calls == [("create", "TaskDefinition", "batch"), ("delete", "TaskDefinition", "batch")]
    assert backend.cloud.of("TaskDefinition")["batch"].outputs["revision"] == 2
    assert stack.preview().changes == []


def test_a_jobs_own_image_changes_its_own_task_definition(deployed):
    changed = program({**JOBS, "own": {**OWN, "image": "own:2"}})

    assert deployed.preview(changed).changes == [
        "replace ecs.TaskDefinition own: containerDefinitions"
    ]


def test_a_job_that_gets_an_image_of_its_own_runs_another_family(deployed):
    assert deployed.preview(with_nightly(image="nightly:1")).changes == [
        "create ecs.TaskDefinition nightly",
        *DEFINITION,
    ]


MIGRATION = {"shell": "rake db:migrate"}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """Likewise, with a command that ran during the update."""
    with stacks.up_to_date(
        tmp_path_factory.mktemp("migrated"), program(migration=MIGRATION)
    ) as stack:
        yield stack


def test_what_runs_on_deploy_runs_again_with_an_image(migrated):
    # The revision that it expects is not known before there is one.
    assert migrated.preview(program(migration=MIGRATION, image="app:2")).changes == [
        "replace ecs.TaskDefinition batch: containerDefinitions",
        "replace local.Command migrate: create, triggers[0]",
    ]


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({"shell": "rake db:seed"}, "update local.Command migrate: create"),
        ({"triggers": ["2"]}, "replace local.Command migrate: triggers[1]"),
    ],
    ids=["command", "triggers"],
)
def test_what_runs_on_deploy_runs_again_when_it_is_told_to(migrated, changed, change):
    changes = migrated.preview(program(migration={**MIGRATION, **changed})).changes

    assert changes == [change]


def test_what_runs_on_deploy_does_not_run_again_for_a_job(migrated):
    changed = {**JOBS, "nightly": {**NIGHTLY, "shell": "rake other"}}

    assert migrated.preview(program(changed, migration=MIGRATION)).changes == DEFINITION


def test_a_stack_says_what_is_different_about_a_job(tmp_path):
    overrides = {"nightly": {"enabled": False, "cpu": 1024, "environment": {"A": "1"}}}
    with stacks.backend(tmp_path) as backend:
        backend.stack(program()).up()
        stack = backend.stack(program(), config={"batch-platform:jobs": overrides})

        assert stack.preview().changes == [
            "update scheduler.Schedule nightly: state",
            *DEFINITION,
        ]


def test_a_change_that_is_wrong_changes_nothing(backend):
    stack = backend.stack(program())
    stack.up()
    backend.cloud.calls.clear()

    with pytest.raises(stacks.Failed, match=r"jobs\.nightly\.cpu: Fargate has no task with 100"):
        stack.up(with_nightly(cpu=100))

    assert backend.cloud.calls == []
