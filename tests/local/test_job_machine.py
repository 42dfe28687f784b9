"""The machines do what they promise, run by the emulator with tasks that really run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batch.job import Backoff, Retry
from localaws.emulator import Emulator
from tests.local.ecs import wait_for
from tests.local.machines import AT_ONCE, PLATFORM, Machines

NOT_STOPPED_BY_TERM = 'trap "" TERM; while :; do sleep 0.05; done'


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with Emulator(executor="process") as emulator:
        yield Machines(emulator)


def shell(text: str) -> tuple[str, ...]:
    return ("bash", "-c", text)


def again(attempts: int, **changed: Any) -> Retry:
    return replace(Retry(attempts, 0, 1, 1, jitter=False), **changed)


# How a run ends


def test_exit_0_succeeds(machines):
    run = machines.run(machines.make("true"))

    task = run["told"].pop("taskArn")
    assert run["status"] == "SUCCEEDED"
    assert run["told"] == {
        "result": "SUCCEEDED",
        "exitCode": 0,
        "attempts": 1,
        "taskDefinitionArn": PLATFORM.arn("ecs", "task-definition/batch-local:1"),
        "logStream": f"task/app/{task.rsplit('/', 1)[-1]}",
    }


def test_another_exit_code_fails_and_is_in_the_cause(machines):
    error, cause = machines.failed(machines.make(*shell("exit 3")))

    task = cause.pop("taskArn")
    assert error == "Job.ExitCode"
    assert cause == {
        "exitCode": 3,
        "reason": "Essential container in task exited",
        "attempts": 1,
        "taskDefinitionArn": PLATFORM.arn("ecs", "task-definition/batch-local:1"),
        "logStream": f"task/app/{task.rsplit('/', 1)[-1]}",
    }


def test_a_failed_attempt_is_tried_again_until_one_succeeds(machines):
    machine = machines.make(*shell('test "$BATCH_ATTEMPT" = 3'), retry=again(5))

    run = machines.run(machine)

    assert (run["status"], run["told"]["attempts"]) == ("SUCCEEDED", 3)


def test_attempts_end(machines):
    error, cause = machines.failed(machines.make(*shell("exit 4"), retry=again(3)))

    assert (error, cause["exitCode"], cause["attempts"]) == ("Job.ExitCode", 4, 3)


@pytest.mark.parametrize(("code", "attempts"), [(75, 2), (1, 1)])
def test_only_named_exit_codes_are_tried_again(machines, code, attempts):
    machine = machines.make(*shell(f"exit {code}"), retry=again(2, exit_codes=(75, 76)))

    _, cause = machines.failed(machine)

    assert (cause["exitCode"], cause["attempts"]) == (code, attempts)


@pytest.mark.parametrize(
    ("own", "sidecar", "status"), [(0, 1, "SUCCEEDED"), (0, 0, "SUCCEEDED"), (5, 0, "FAILED")]
)
def test_a_sidecar_decides_nothing(machines, own, sidecar, status):
    guard = {
        "name": "guard",
        "essential": False,
        "command": ["bash", "-c", f"exit {sidecar}"],
    }
    family = machines.register(PLATFORM.family(f"sidecar-{own}-{sidecar}"), guard)

    run = machines.run(machines.make(*shell(f"sleep 0.2; exit {own}"), family=family))

    assert (run["status"], run["told"]["exitCode"]) == (status, own)


def test_a_task_that_was_stopped_is_not_tried_again(machines):
    run = machines.start(machines.make("sleep", "60", retry=again(3)))
    task = machines.running_task(run)

    machines.ecs.stop_task(cluster=PLATFORM.prefix, task=task, reason="not tonight")

    ended = machines.end(run)
    assert ended["error"] == "Job.Stopped"
    assert (ended["told"]["attempts"], ended["told"]["taskArn"]) == (1, task)
    assert "not tonight" in ended["told"]["reason"]


def test_a_stopped_task_that_exits_with_0_has_not_succeeded(machines):
    command = shell('trap "exit 0" TERM; while :; do sleep 0.05; done')
    run = machines.start(machines.make(*command))
    machines.ecs.stop_task(cluster=PLATFORM.prefix, task=machines.running_task(run), reason="x")

    assert machines.end(run)["error"] == "Job.Stopped"


# Starts


def test_a_command_that_cannot_start_is_never_started(machines):
    machine = machines.make("no-such-program", start_retry=replace(AT_ONCE, attempts=3))

    run = machines.start(machine)

    ended = machines.end(run)
    assert (ended["error"], ended["told"]["attempts"]) == ("Job.NotStarted", 0)
    assert "no-such-program" in ended["told"]["reason"]
    assert "exitCode" not in ended["told"]
    assert [status for _, status in machines.changes(run)].count("STOPPED") == 3


def test_a_task_that_ecs_refuses_is_never_started(machines):
    machine = machines.make("true", family=PLATFORM.family("nowhere"))

    error, cause = machines.failed(machine)

    assert (error, cause["attempts"]) == ("Job.NotStarted", 0)
    assert "taskArn" not in cause
    assert cause["reason"]


def test_a_failed_start_does_not_count_as_an_attempt(machines):
    family = PLATFORM.family("later")
    machine = machines.make(
        *shell("echo attempt $BATCH_ATTEMPT"),
        family=family,
        start_retry=Backoff(30, 1, 1, 1, jitter=False),
    )
    run = machines.start(machine)
    wait_for(lambda: has_failed_once(machines, run), "a failed start")

    machines.register(family)

    ended = machines.end(run)
    assert (ended["status"], ended["told"]["attempts"]) == ("SUCCEEDED", 1)
    assert machines.lines(ended) == ["attempt 1"]


def has_failed_once(machines, run):
    events = machines.states.get_execution_history(executionArn=run)["events"]
    return any(event["type"] == "TaskFailed" for event in events)


# Time limits


def test_an_attempt_over_its_limit_is_stopped_and_waited_for(machines):
    family = machines.register(PLATFORM.family("deaf"), stopTimeout=2)
    machine = machines.make(*shell(NOT_STOPPED_BY_TERM), family=family, attempt_timeout_seconds=1)

    error, cause = machines.failed(machine)

    task = machines.task(cause["taskArn"])
    assert (error, cause["attempts"], cause["exitCode"]) == ("Job.TimedOut", 1, 137)
    assert cause["reason"] == "the attempt took longer than its limit of 1 s"
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")


def test_two_attempts_never_run_at_once(machines):
    family = machines.register(PLATFORM.family("slow"), stopTimeout=2)
    machine = machines.make(
        *shell(NOT_STOPPED_BY_TERM), family=family, attempt_timeout_seconds=1, retry=again(2)
    )
    run = machines.start(machine)

    ended = machines.end(run)

    shown = [c for c in machines.changes(run) if c[1] in {"RUNNING", "STOPPED"}]
    assert (ended["error"], ended["told"]["attempts"]) == ("Job.TimedOut", 2)
    assert shown == [(1, "RUNNING"), (1, "STOPPED"), (2, "RUNNING"), (2, "STOPPED")]


def test_an_attempt_after_one_that_timed_out_may_succeed(machines):
    command = shell('test "$BATCH_ATTEMPT" = 2 || sleep 60')

    run = machines.run(machines.make(*command, attempt_timeout_seconds=1, retry=again(2)))

    assert (run["status"], run["told"]["attempts"]) == ("SUCCEEDED", 2)


def test_a_time_out_is_no_exit_code(machines):
    machine = machines.make(
        "sleep", "60", attempt_timeout_seconds=1, retry=again(2, exit_codes=(143,))
    )

    error, cause = machines.failed(machine)

    assert (error, cause["attempts"]) == ("Job.TimedOut", 1)


def test_what_is_left_of_the_runs_limit_bounds_an_attempt(machines):
    machine = machines.make("sleep", "60", attempt_timeout_seconds=None, run_timeout_seconds=1)

    error, cause = machines.failed(machine)

    assert (error, cause["reason"]) == ("Job.TimedOut", "the run took longer than its limit of 1 s")
    assert machines.task(cause["taskArn"])["lastStatus"] == "STOPPED"


def test_no_attempt_begins_that_the_runs_limit_leaves_no_time_to_wait_for(machines):
    machine = machines.make(
        *shell("exit 3"),
        run_timeout_seconds=20,
        retry=again(5, interval_seconds=60, max_delay_seconds=60),
    )

    error, cause = machines.failed(machine)

    assert (error, cause["attempts"]) == ("Job.ExitCode", 1)


# Input


def test_an_input_overrides_command_and_environment_for_one_run(machines):
    machine = machines.make(*shell("exit 9"), environment={"A": "job", "B": "job"})
    given = {
        "commands": list(shell("echo $A $B; env | grep ^BATCH_ | sort")),
        "environment": [
            {"Name": "A", "Value": 'say "hi"'},
            {"Name": "BATCH_JOB", "Value": "mine"},
        ],
        "scheduledTime": "2026-11-23T03:00:00Z",
        "trigger": "backfill",
        "note": {"kept": [1, 2]},
    }

    run = machines.run(machine, given)

    job = PLATFORM.job_of(machine)
    assert run["status"] == "SUCCEEDED"
    assert machines.lines(run) == [
        'say "hi" job',
        "BATCH_ATTEMPT=1",
        f"BATCH_JOB={job}",
        f"BATCH_RUN={run['name']}",
        "BATCH_SCHEDULED_TIME=2026-11-23T03:00:00Z",
        "BATCH_TRIGGER=backfill",
    ]
    assert machines.failed(machine)[1]["exitCode"] == 9


def test_an_input_overrides_the_size(machines):
    run = machines.run(machines.make("true"), {"cpu": "512", "memory": "2048"})

    overrides = machines.task(run["told"]["taskArn"])["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("512", "2048")


def test_a_task_carries_the_tags_of_its_job(machines):
    machine = machines.make("true", owner="reporting")

    tags = machines.task(machines.run(machine)["told"]["taskArn"])["tags"]

    assert {tag["key"]: tag["value"] for tag in tags}.items() >= {
        ("batch:platform", "batch-local"),
        ("batch:job", PLATFORM.job_of(machine)),
        ("batch:owner", "reporting"),
        ("batch:project", "batch"),
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"commands": None}, "commands: is null"),
        ({"commands": "x"}, "commands: is not a list"),
        ({"cpu": 1}, "cpu: is not a string"),
        ([], "input: not an object"),
        ({"environment": [{"Name": "TOKEN", "Value": "x"}]}, "TOKEN is one of the secrets"),
        ({"environment": [{"Name": "A", "Value": "x" * 9000}]}, "ECS allows 8192"),
    ],
)
def test_rejects_a_wrong_input_before_anything_starts(machines, given, problem):
    secrets = {"TOKEN": PLATFORM.arn("ssm", "parameter/token")}
    run = machines.start(machines.make("true", secrets=secrets), given)

    ended = machines.end(run)

    assert (ended["error"], ended["told"]["attempts"]) == ("Job.NotStarted", 0)
    assert problem in ended["told"]["reason"]
    assert machines.changes(run) == []


def test_arbitrary_commands_need_commands(machines):
    machine = machines.make_for_commands()

    error, cause = machines.failed(machine)
    run = machines.run(machine, {"commands": list(shell("exit 0"))})

    assert error == "Job.NotStarted"
    assert cause["reason"].startswith("commands: missing; pass")
    assert run["status"] == "SUCCEEDED"


def test_a_job_on_spot_runs(machines):
    run = machines.run(machines.make("true", spot=True, start_retry=replace(AT_ONCE, attempts=2)))

    assert machines.task(run["told"]["taskArn"])["capacityProviderName"] == "FARGATE_SPOT"
