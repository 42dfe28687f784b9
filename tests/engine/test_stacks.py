"""The stacks of this repository: their first preview, their update, and a second preview.

``BATCH_GOLDEN=write pytest tests/engine/test_stacks.py`` writes the plans anew. A plan has one line
a resource, with the physical name where the program gives one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine import schema, stacks, wire
from tests.engine.plan import Plan

PLANS = Path(__file__).parent / "plans"


@pytest.fixture(params=stacks.STACKS)
def stack(request, tmp_path):
    with stacks.backend_of(tmp_path, request.param) as backend:
        yield backend.of_project(request.param)


def named(plan: Plan) -> str:
    """Return the plan with the physical names that are known."""
    lines = []
    for change in plan.changes:
        inputs = plan.states[change.removeprefix("create ")]
        name = physical_name(plan.types[change.removeprefix("create ")], inputs)
        lines.append(f"{change} = {name}" if name else change)
    return "\n".join(lines) + "\n"


def physical_name(token: str, inputs: dict) -> str:
    if not token.startswith("aws:"):
        return ""
    kind = schema.find(token)
    if kind.automatic_maximum is not None and not kind.is_named(inputs):
        return "(automatic)"
    name = inputs.get(kind.name_property, "")
    return "(not known)" if name == wire.UNKNOWN else name


def test_the_first_preview_makes_all_and_knows_every_name(stack):
    path = PLANS / f"{stack.handle.name}.txt"
    plan = named(stack.preview())
    if os.environ.get("BATCH_GOLDEN") == "write":
        path.write_text(plan)

    assert plan == path.read_text()


def test_an_update_makes_what_the_preview_said_and_a_second_preview_changes_nothing(stack):
    previewed = stack.preview().changes
    made = stack.up().changes

    assert made == previewed
    assert stack.preview().changes == []
    assert len(stack.cloud.resources) == len([c for c in made if not c.startswith("create batch.")])


@pytest.fixture
def stg(tmp_path):
    with stacks.backend_of(tmp_path, "stg") as backend:
        yield backend.of_project("stg")


# The table of names in docs/resources.md. Tasks have no name of their own.
CONTRACT = {
    "sfn.StateMachine hello": "batch-stg-hello",
    "sfn.StateMachine batch-run-task": "batch-stg-run-task",
    "sfn.StateMachine batch-recorder": "batch-stg_recorder",
    "sfn.StateMachine batch-sweep": "batch-stg_sweep",
    "scheduler.ScheduleGroup batch": "batch-stg",
    "scheduler.ScheduleGroup batch-manual": "batch-stg_manual",
    "scheduler.Schedule hello": "hello",
    "scheduler.Schedule two-shifts.early": "two-shifts.early",
    "scheduler.Schedule batch-sweep": "batch-stg_sweep",
    "dynamodb.Table batch-control": "batch-stg-control",
    "cloudwatch.LogGroup batch-tasks": "/batch/batch-stg",
    "cloudwatch.LogGroup batch-machines": "/aws/vendedlogs/states/batch-stg",
    "sns.Topic batch-success": "batch-stg-success",
    "sns.Topic batch-failure": "batch-stg-failure",
}
PLACES = {
    "scheduler.Schedule hello": ("groupName", "batch-stg"),
    "cloudwatch.Dashboard batch": ("dashboardName", "batch-stg"),
    "ecs.TaskDefinition batch": ("family", "batch-stg"),
    "ecs.TaskDefinition rails-report": ("family", "batch-stg-rails-report"),
    "iam.Role batch-machine": ("path", "/batch/batch-stg/"),
    "iam.Role sized-export-execution": ("path", "/batch/batch-stg/jobs/"),
}


def test_every_name_of_the_contract_is_known_at_the_first_preview(stg):
    plan = stg.preview()

    assert {key: plan.states[key].get("name") for key in CONTRACT} == CONTRACT
    assert {key: (p, plan.states[key].get(p)) for key, (p, _) in PLACES.items()} == PLACES


def test_the_first_preview_knows_what_only_names_and_place_decide(stg):
    outputs = stg.preview().outputs

    known = {"platform", "taskLogGroup", "jobs"}
    assert {key for key in known if wire.UNKNOWN in str(outputs[key])} == set()
    assert outputs["platform"] == "batch-stg"
    assert outputs["taskLogGroup"] == "/batch/batch-stg"
