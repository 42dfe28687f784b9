"""Updates that fail in the middle and are run again, and what others did to the account."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.engine import stacks
from tests.engine.programs import OF_A_JOB, OF_A_PLATFORM, all_of, nightly

DENIED = "AccessDeniedException: not authorized to perform: states:CreateStateMachine"

EVERYTHING = all_of("create", (OF_A_PLATFORM, "batch"), (OF_A_JOB, "nightly"))


@pytest.fixture
def stack(backend):
    made = backend.stack(nightly())
    made.up()
    backend.cloud.calls.clear()
    return made


@pytest.fixture
def cloud(backend):
    return backend.cloud


def attempt(stack, program=None):
    """Return what an update said that failed."""
    with pytest.raises(stacks.Failed) as failure:
        stack.up(program)
    return failure.value.plan


def done(cloud):
    return [
        (call.verb, f"{stacks.short(call.type)} {call.name}")
        for call in cloud.calls
        if call.verb != "read"
    ]


def test_an_update_that_fails_in_the_middle_is_completed_by_the_next(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    attempt(stack)
    rest = ["create scheduler.Schedule nightly", "create sfn.StateMachine nightly"]

    assert stack.preview().changes == rest
    assert stack.up().changes == rest
    assert stack.preview().changes == []


def test_a_failed_update_makes_what_does_not_need_what_failed(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    attempt(stack)

    missing = {"create scheduler.Schedule nightly", "create sfn.StateMachine nightly"}
    made = [f"create {stacks.short(one.type)} {one.name}" for one in cloud.resources.values()]
    components = {"create batch.BatchPlatform batch", "create batch.ScheduledJob nightly"}
    assert sorted(made) == sorted(set(EVERYTHING) - components - missing)


def test_nothing_is_made_twice(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)
    attempt(stack)
    stack.up()

    creates = Counter(done(cloud))
    assert {what for what, times in creates.items() if times > 1} == {
        ("create", "sfn.StateMachine nightly")  # the one that failed, and the one that did not
    }
    assert len(cloud.resources) == len(EVERYTHING) - len(("BatchPlatform", "ScheduledJob"))


def test_what_is_said_names_the_resource_and_the_error(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    said = attempt(stack).said

    assert f"aws:sfn:StateMachine (nightly):\n    error: {DENIED}\n" in said


def test_a_role_that_cannot_be_made_holds_up_only_what_needs_it(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "RolePolicy", "batch-scheduler", "AccessDenied: iam:PutRolePolicy")

    attempt(stack)

    assert stack.preview().changes == [
        "create iam.RolePolicy batch-scheduler",
        "create scheduler.Schedule nightly",
    ]


def test_a_change_that_fails_is_tried_again(stack, cloud):
    changed = nightly(shell="echo 2")
    cloud.fail("update", "StateMachine", "nightly", "ThrottlingException: rate exceeded")

    attempt(stack, changed)

    assert stack.preview().changes == ["update sfn.StateMachine nightly: definition"]
    assert stack.up().changes == ["update sfn.StateMachine nightly: definition"]
    assert stack.preview().changes == []
    assert "echo 2" in cloud.of("StateMachine")["nightly"].inputs["definition"]


def test_an_old_revision_that_stays_is_ended_by_the_next_update(stack, cloud):
    changed = nightly(of={"image": "app:2"})
    cloud.fail("delete", "TaskDefinition", "batch", "ClientException: rate exceeded")

    assert attempt(stack, changed).changes == [
        "replace ecs.TaskDefinition batch: containerDefinitions"
    ]
    revisions = [
        one.outputs["revision"] for one in cloud.resources.values() if one.kind == "TaskDefinition"
    ]

    assert sorted(revisions) == [1, 2]
    assert stack.preview().changes == ["delete-replaced ecs.TaskDefinition batch"]
    assert stack.up().changes == ["delete-replaced ecs.TaskDefinition batch"]
    assert stack.preview().changes == []
    assert done(cloud) == [
        ("create", "ecs.TaskDefinition batch"),
        ("delete", "ecs.TaskDefinition batch"),
        ("delete", "ecs.TaskDefinition batch"),
    ]
    assert cloud.of("TaskDefinition")["batch"].outputs["revision"] == 2


def test_a_state_machine_whose_renaming_fails_is_made_by_the_next_update(stack, cloud):
    renamed = nightly(name="weekly")
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    # A name is taken until the old one is gone: that one goes first, and what starts it with it.
    attempt(stack, renamed)
    assert cloud.of("StateMachine").keys() == {"batch-run-task"}

    assert stack.up().changes == [
        "create scheduler.Schedule nightly",
        "create sfn.StateMachine nightly",
    ]
    assert stack.preview().changes == []
    assert cloud.of("StateMachine")["nightly"].outputs["name"] == "batch-test-weekly"


def test_a_refresh_finds_nothing_where_nobody_did_anything(stack):
    assert stack.refresh().changes == []
    assert stack.preview().changes == []


def test_a_schedule_that_somebody_deleted_comes_back(stack, cloud):
    cloud.remove("Schedule", "nightly")

    assert stack.refresh().changes == ["delete scheduler.Schedule nightly"]
    assert stack.preview().changes == ["create scheduler.Schedule nightly"]


def test_without_a_refresh_an_update_does_not_see_what_somebody_did(stack, cloud):
    cloud.of("Schedule")["nightly"].inputs["state"] = "DISABLED"
    cloud.remove("StateMachine", "nightly")

    assert stack.preview().changes == []


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("scheduler.Schedule", "state", "DISABLED"),
        ("scheduler.Schedule", "scheduleExpression", "rate(1 hour)"),
        ("sfn.StateMachine", "definition", "{}"),
    ],
)
def test_what_somebody_changed_by_hand_is_put_back(stack, cloud, kind, key, value):
    made = cloud.of(kind.partition(".")[2])["nightly"]
    before = made.inputs[key]
    made.inputs[key] = value

    assert stack.refresh().changes == [f"update {kind} nightly: {key}"]
    assert stack.preview().changes == [f"update {kind} nightly: {key}"]
    assert stack.up().changes == [f"update {kind} nightly: {key}"]
    assert cloud.of(kind.partition(".")[2])["nightly"].inputs[key] == before
    assert stack.refresh().changes == []


def test_a_machine_that_somebody_deleted_comes_back_for_its_schedule(stack, cloud):
    cloud.remove("StateMachine", "nightly")

    assert stack.refresh().changes == ["delete sfn.StateMachine nightly"]
    assert stack.up().changes == ["create sfn.StateMachine nightly"]
    assert stack.preview().changes == []


def test_a_log_group_that_somebody_deleted_comes_back_alone(stack, cloud):
    cloud.remove("LogGroup", "batch-tasks")
    stack.refresh()

    assert stack.preview().changes == ["create cloudwatch.LogGroup batch-tasks"]
    assert stack.up().changes == ["create cloudwatch.LogGroup batch-tasks"]
    assert stack.preview().changes == []
