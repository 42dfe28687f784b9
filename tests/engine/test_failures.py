"""Updates that fail in the middle and are run again, and what others did to the account."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.engine import plan, stacks
from tests.engine.programs import OF_A_JOB, OF_A_PLATFORM, all_of, nightly

DENIED = "AccessDeniedException: not authorized to perform: states:CreateStateMachine"

EVERYTHING = all_of("create", (OF_A_PLATFORM, "batch"), (OF_A_JOB, "nightly"))

COMPONENTS = {"create batch.BatchPlatform batch", "create batch.ScheduledJob nightly"}


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
        (call.verb, f"{plan.short(call.type)} {call.name}")
        for call in cloud.calls
        if call.verb != "read"
    ]


def missing(cloud):
    """Return what a plan has to make: the engine begins nothing new after an error."""
    made = {f"create {plan.short(one.type)} {one.name}" for one in cloud.resources.values()}
    return sorted(set(EVERYTHING) - COMPONENTS - made)


def test_an_update_that_fails_in_the_middle_is_completed_by_the_next(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    attempt(stack)
    rest = missing(cloud)

    assert {"create scheduler.Schedule nightly", "create sfn.StateMachine nightly"} <= {*rest}
    assert stack.preview().changes == rest
    assert stack.up().changes == rest
    assert stack.preview().changes == []


@pytest.mark.parametrize("failing", ["sns.Topic batch-failure", "iam.RolePolicy batch-scheduler"])
def test_an_update_that_fails_early_goes_on_where_it_stopped(backend, cloud, failing):
    stack = backend.stack(nightly())
    cloud.fail("create", *failing.partition(".")[2].split(), "InternalFailure: try again")

    attempt(stack)
    rest = missing(cloud)

    assert f"create {failing}" in rest
    assert len(rest) < len(EVERYTHING) - len(COMPONENTS)
    assert sorted(set(stack.preview().changes) - COMPONENTS) == rest
    assert stack.up().outputs["connection"]["stack"] == "test"
    assert missing(cloud) == []
    assert stack.preview().changes == []


def test_nothing_is_made_twice(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)
    attempt(stack)
    stack.up()

    creates = Counter(done(cloud))
    assert {what for what, times in creates.items() if times > 1} == {
        ("create", "sfn.StateMachine nightly")  # the one that failed, and the one that did not
    }
    assert len(cloud.resources) == len(EVERYTHING) - len(COMPONENTS)


def test_what_is_said_names_the_resource_and_the_error(backend, cloud):
    stack = backend.stack(nightly())
    cloud.fail("create", "StateMachine", "nightly", DENIED)

    said = attempt(stack).said

    assert f"aws:sfn:StateMachine (nightly):\n    error: {DENIED}\n" in said


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

    # A name is taken until the old one is gone: that one goes first.
    assert attempt(stack, renamed).changes == [
        "replace-deleting-first sfn.StateMachine nightly: definition, name, tags.batch:job"
    ]
    assert "nightly" not in cloud.of("StateMachine")

    assert stack.up().changes == [
        "replace sfn.StateMachine nightly: definition, name, tags.batch:job",
        "replace-deleting-first scheduler.Schedule nightly: name, target.arn",
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
