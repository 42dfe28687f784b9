"""What a machine makes of a task that ended, and of an error without a task."""

from __future__ import annotations

import json

import pytest

from batch.documents import job_outcome, task_end
from localaws.fidelity.expressions import evaluate
from tests.documents_examples import PLATFORM

TASK = "arn:aws:ecs:eu-west-1:123456789012:task/batch-stg/0123"
DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/batch-stg:7"


def value(written, **variables):
    return evaluate(written[len("{%") : -len("%}")], variables)


def task(exit_code=None, *, started=True, stop_code="EssentialContainerExited", **others):
    own = {"Name": "app"}
    if exit_code is not None:
        own["ExitCode"] = exit_code
    made = {
        "TaskArn": TASK,
        "TaskDefinitionArn": DEFINITION,
        "StopCode": stop_code,
        "StoppedReason": "Essential container in task exited",
        # An injected agent is often the first of the list.
        "Containers": [{"Name": "guard", "ExitCode": 137}, own],
        **others,
    }
    if started:
        made["StartedAt"] = 1770000000000
    return made


def of_error(cause, error="States.TaskFailed"):
    written = job_outcome.of_error(container="app")
    told = {"Error": error} if cause is None else {"Error": error, "Cause": cause}
    return value(written, states={"errorOutput": told})


def of_result(result):
    return value(job_outcome.of_result(container="app"), states={"result": result})


def kind(made):
    return of_error(json.dumps(made))["kind"]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (task(0), "succeeded"),
        (task(3), "exit code"),
        (task(137), "exit code"),
        (task(), "stopped"),
        (task(0, stop_code="UserInitiated"), "stopped"),
        (task(143, stop_code="UserInitiated"), "stopped"),
        (task(started=False, stop_code="UserInitiated"), "stopped"),
        (task(143, stop_code="SpotInterruption"), "interrupted"),
        (task(137, stop_code="InfrastructureHealth"), "interrupted"),
        (task(stop_code="TerminationNotice"), "interrupted"),
        (task(started=False, stop_code="TaskFailedToStart"), "not started"),
        (task(started=False, stop_code="SpotInterruption"), "not started"),
        (task(started=False, Containers=[]), "not started"),
        (task(Containers=[{"Name": "other", "ExitCode": 0}]), "stopped"),
        ({}, "not started"),
    ],
)
def test_a_task_is_told_by_its_shape(made, expected):
    assert kind(made) == expected


@pytest.mark.parametrize("made", [task(0), task(3), task(), task(0, stop_code="UserInitiated")])
def test_it_does_not_matter_what_step_functions_took_it_for(made):
    assert of_result(made) == of_error(json.dumps(made))


@pytest.mark.parametrize(
    "error",
    ["ECS.AmazonECSException", "AmazonECS.Unknown", "ECS.ClientException", "States.TaskFailed"],
)
def test_no_task_is_never_started_whatever_the_error_is_called(error):
    ended = of_error("Rate exceeded", error)

    assert (ended["kind"], ended["started"]) == ("not started", False)
    assert ended["reason"] == f"{error}: Rate exceeded"


def test_an_error_may_have_no_cause():
    assert of_error(None)["reason"] == "States.TaskFailed: "


def test_a_task_whose_description_was_cut_is_not_taken_for_none():
    assert of_error(json.dumps(task(0))[:-5])["kind"] == "stopped"


def test_the_reason_is_the_tasks_and_the_containers():
    made = task(137, Containers=[{"Name": "app", "ExitCode": 137, "Reason": "OutOfMemoryError"}])

    assert (
        of_error(json.dumps(made))["reason"]
        == "Essential container in task exited; OutOfMemoryError"
    )


def test_a_reason_is_told_once():
    made = task(
        started=False, StoppedReason="no image", Containers=[{"Name": "app", "Reason": "no image"}]
    )

    assert of_error(json.dumps(made))["reason"] == "no image"


def cause(ended, started=0):
    return value(job_outcome.cause(), ended=ended, started=started)


def test_a_cause_says_everything_once():
    assert json.loads(cause(of_error(json.dumps(task(3))), started=2)) == {
        "exitCode": 3,
        "reason": "Essential container in task exited",
        "attempts": 3,
        "taskArn": TASK,
        "taskDefinitionArn": DEFINITION,
        "logStream": "task/app/0123",
    }


def test_a_cause_without_a_task_leaves_out_what_there_is_not():
    ended = of_error("no capacity", "ECS.Whatever")

    assert json.loads(cause(ended)) == {"reason": "ECS.Whatever: no capacity", "attempts": 0}


@pytest.mark.parametrize("character", ["x", '"', "\\", "\n", "\x01", "漢"])
def test_a_cause_stays_small_and_valid(character):
    made = of_error(character * 32_000)

    assert len(cause(made)) < 32_768
    assert json.loads(cause(made))["reason"].startswith("States.TaskFailed: " + character)


STATES = task_end.states(
    platform=PLATFORM, seen=job_outcome.of_task(container="app"), after="After", lost="Lost"
)


def looked_up(described, *, failures=(), looks=0):
    ended = value(job_outcome.of_timeout(900, left="")) | {"taskArn": TASK}
    written = STATES["Look at the task"]["Assign"]["ended"]
    result = {"Tasks": described, "Failures": list(failures)}
    return value(written, states={"result": result}, ended=ended, looks=looks)


@pytest.mark.parametrize(
    ("attempt", "run", "left", "words"),
    [
        (900, None, None, "the attempt took longer than its limit of 15 min"),
        (900, 3600, 3600, "the attempt took longer than its limit of 15 min"),
        (900, 3600, 899, "the run took longer than its limit of 1 h"),
        (None, 3600, 3600, "the run took longer than its limit of 1 h"),
    ],
)
def test_a_time_out_says_which_limit_it_was(attempt, run, left, words):
    written = job_outcome.of_timeout(attempt, run, left="$left")

    assert value(written, **({} if left is None else {"left": left}))["reason"] == words


def test_a_task_over_its_limit_stays_timed_out_whatever_its_exit_code():
    ended = looked_up([task(0, LastStatus="STOPPED", stop_code="UserInitiated")])

    assert (ended["kind"], ended["stopped"], ended["exitCode"]) == ("timed out", True, 0)
    assert ended["logStream"] == "task/app/0123"


def test_a_task_that_is_stopping_has_not_stopped():
    assert looked_up([task(LastStatus="DEPROVISIONING")])["stopped"] is False


@pytest.mark.parametrize(("looks", "stopped"), [(0, False), (3, False), (4, True)])
def test_a_task_that_ecs_does_not_know_is_over_only_if_it_stays_unknown(looks, stopped):
    missing = {"Arn": TASK, "Reason": "MISSING"}

    assert looked_up([], failures=[missing], looks=looks)["stopped"] is stopped


def test_no_answer_about_a_task_is_not_its_end():
    assert looked_up([], looks=20)["stopped"] is False


def found(events):
    written = STATES[task_end.find()]["Assign"]["ended"]
    return value(written, states={"result": {"Events": events}}, ended={"kind": "timed out"})


def scheduled(number, resource="runTask.sync"):
    return {
        "Id": number,
        "Type": "TaskScheduled",
        "TaskScheduledEventDetails": {"Resource": resource},
    }


def submitted(number, arn):
    output = json.dumps({"Tasks": [{"TaskArn": arn, "TaskDefinitionArn": DEFINITION}]})
    return {"Id": number, "Type": "TaskSubmitted", "TaskSubmittedEventDetails": {"Output": output}}


@pytest.mark.parametrize(
    ("events", "arn"),
    [
        ([submitted(6, "new"), scheduled(4)], "new"),
        ([scheduled(4), submitted(6, "new")], "new"),
        ([submitted(16, "new"), scheduled(14), submitted(6, "old"), scheduled(4)], "new"),
        ([scheduled(20, "getExecutionHistory"), submitted(6, "new"), scheduled(4)], "new"),
        ([scheduled(14), submitted(6, "old"), scheduled(4)], None),
        ([submitted(6, "old")], None),
        ([scheduled(4)], None),
        ([], None),
    ],
)
def test_the_task_of_the_newest_start_is_found_and_no_other(events, arn):
    assert found(events).get("taskArn") == arn


OTHERS = task_end.states(
    platform=PLATFORM, execution="$old.execution", variable="old", after="After", lost="Lost"
)
STARTED = {"Id": 1, "Type": "ExecutionStarted"}
PASSED = {"Id": 2, "Type": "PassStateEntered"}
OVER = {"Id": 9, "Type": "ExecutionAborted"}


@pytest.mark.parametrize(
    ("events", "learned"),
    [
        ([OVER, PASSED, STARTED], {"none": True}),
        ([OVER, submitted(6, "new"), scheduled(4), STARTED], {"taskArn": "new"}),
        # The history lags: what comes after may be a task.
        ([PASSED, STARTED], {}),
        ([submitted(6, "old"), scheduled(4), STARTED], {}),
        # Not all of it was read, or the task is on its way.
        ([OVER, {"Id": 8, "Type": "PassStateExited"}], {}),
        ([OVER, scheduled(4), STARTED], {}),
        ([], {}),
    ],
)
def test_of_another_execution_nothing_is_concluded_before_its_end_is_seen(events, learned):
    written = OTHERS[task_end.find()]["Assign"]["old"]
    old = value(written, states={"result": {"Events": events}}, old={"execution": "e"})

    assert {key: old[key] for key in ("none", "taskArn") if key in old} == learned


def test_the_own_execution_had_a_task_if_it_asks_for_one():
    assert "none" not in found([PASSED, STARTED])
