"""The operator's commands against the program's own platform, deployed in an emulator."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from batchctl import finding, runs
from batchctl.aws import Aws
from batchctl.main import batchctl
from batchctl.target import Target
from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.feed import SlackMessage
from tests.local.ecs import wait_for

ROOT = Path(__file__).parents[2]
JOBS = [
    "cutover", "flaky", "hello", "rails-report", "retired", "sized-export", "too-slow", "two-shifts",
]  # fmt: skip


@pytest.fixture(scope="module")
def emulator():
    with Emulator(fires=False) as running:
        deploy(running, stack="local", project_dir=ROOT)
        yield running


@pytest.fixture(scope="module")
def aws(emulator):
    return Aws(
        Target(
            "batch",
            "local",
            emulator.region,
            endpoint=emulator.endpoint,
            credentials=("test", "test"),
        )
    )


@pytest.fixture
def call(emulator):
    """Call batchctl as from outside the checkout: by platform, stack and region."""
    where = [
        "--platform", "batch", "--stack", "local", "--region", emulator.region,
        "--endpoint", emulator.endpoint,
    ]  # fmt: skip
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def call(*arguments: str):
        return CliRunner().invoke(batchctl, [*arguments, *where], env=credentials)

    return call


def test_ls_lists_every_job_and_says_what_is_off(call):
    result = call("ls")

    listed = [line.split()[0] for line in result.stdout.splitlines()[1:]]
    assert (result.exit_code, result.stderr) == (0, "")
    assert listed == JOBS
    retired = next(line for line in result.stdout.splitlines() if line.startswith("retired"))
    assert "disabled in code" in retired


def test_ls_as_json_has_the_schedules(call):
    jobs = {job["job"]: job for job in json.loads(call("ls", "--json").stdout)}

    assert list(jobs) == JOBS
    assert len(jobs["two-shifts"]["schedules"]) == 2
    assert jobs["retired"] | {"enabled": False, "next": None} == jobs["retired"]


def test_show_tells_the_schedule_and_the_newest_runs(call):
    call("run", "hello", "--wait", "--name", "shown")

    shown = json.loads(call("show", "hello", "--json").stdout)

    assert shown["stateMachine"].endswith(":stateMachine:batch-local-hello")
    assert [run["result"] for run in shown["runs"] if run["run"] == "hello/shown"] == ["SUCCEEDED"]


def test_show_tells_what_the_job_runs(call):
    shown = call("show", "sized-export").stdout

    assert "cpu 1024, memory 4096 MiB" in shown
    assert "EXPORT_TARGET=warehouse" in shown
    assert "EXPORT_TOKEN (secret)" in shown
    assert "an attempt 1 h, a run 24 h" in shown


def test_next_gives_as_many_times_as_asked(call):
    times = json.loads(call("next", "two-shifts", "-n", "3", "--json").stdout)["times"]

    assert [len(schedule["times"]) for schedule in times] == [3, 3]


def test_next_of_all_is_in_order_of_time(call):
    result = call("next")

    assert result.exit_code == 0
    assert "retired" not in result.stdout


@pytest.mark.parametrize("command", ["show", "next", "run"])
def test_a_job_that_does_not_exist_gets_the_nearest_name(call, command):
    result = call(command, "helo")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "helo: batch-local has no such job; did you mean hello" in result.stderr


@pytest.fixture
def quick_waits(monkeypatch):
    """A wait between two starts is over at once: 15 s and more are nothing to sit through."""
    monkeypatch.setattr(WaitFunction, "_wait_interval", lambda *_, **__: None)


@pytest.mark.usefixtures("quick_waits")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["hello"], 0),
        (["--command", "exit 3"], 3),
        (["--command", '["no-such-program"]'], 125),
        (["too-slow"], 124),
        (["flaky"], 0),
    ],
)
def test_run_and_wait_ends_as_the_container_did(call, arguments, status):
    assert call("run", *arguments, "--wait").exit_code == status


def test_an_aborted_run_ends_with_130(call, aws):
    name = runs.start(aws, "run-task", {"commands": ["sleep", "600"]})
    aws.machines.stop_execution(executionArn=aws.platform.execution_arn("run-task", name))

    ended = runs.wait(aws, "run-task", name)

    assert ended.outcome.exit_status() == 130


def test_follow_writes_the_lines_to_stdout_and_the_rest_to_stderr(call):
    result = call("run", "--command", "echo one; echo two >&2; exit 4", "--follow")

    assert result.exit_code == 4
    assert result.stdout == "one\ntwo\n"
    assert "failed with exit code 4" in result.stderr


def test_an_input_overrides_one_run(call):
    result = call(
        "run", "hello", "--command", "echo $GREETING from $BATCH_JOB", "-e", "GREETING=good day",
        "--follow",
    )  # fmt: skip

    assert result.stdout == "good day from hello\n"


def test_run_without_waiting_prints_what_other_commands_take(call, aws):
    result = call("run", "hello")

    assert re.fullmatch(r"hello/hello-\d{8}T\d{6}-[0-9a-f]{8}\n", result.stdout)
    assert finding.find(aws, result.stdout.strip()).job == "hello"


def runs_of(aws, job, name):
    machine = aws.platform.state_machine_arn(job)
    listed = aws.machines.list_executions(stateMachineArn=machine)["executions"]
    return [run for run in listed if run["name"] == name]


def test_one_name_is_one_run(call, aws):
    statuses = [call("run", "hello", "--name", "once", "--wait").exit_code for _ in range(2)]

    assert statuses == [0, 0]
    assert len(runs_of(aws, "hello", "once")) == 1


def test_one_name_with_other_input_is_refused(call):
    call("run", "hello", "--name", "twice", "--wait")

    result = call("run", "hello", "--name", "twice", "--wait", "-e", "A=1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "hello/twice: another run has this name, with other input" in result.stderr


def test_rejects_a_run_of_another_task_definition(call):
    result = call(
        "run", "hello", "--wait", "--expect-task-definition", "arn:aws:ecs:x:1:task-definition/y:1"
    )

    assert result.exit_code == 1
    assert "it used task definition arn:" in result.stderr


def test_a_run_that_never_started_says_so_whatever_was_expected(call):
    result = call(
        "run", "sized-export", "-e", "EXPORT_TOKEN=mine", "--expect-task-definition", "arn:any"
    )

    assert result.exit_code == 125
    assert "is one of the secrets of the job; leave it out" in result.stderr


def test_the_expected_task_definition_is_found(call, aws):
    arn = aws.tasks.describe_task_definition(taskDefinition="batch-local")["taskDefinition"][
        "taskDefinitionArn"
    ]

    assert call("run", "hello", "--wait", "--expect-task-definition", arn).exit_code == 0


def test_logs_of_a_run_tell_its_attempts_apart(call):
    call("run", "flaky", "--wait", "--name", "twice")

    lines = [json.loads(line) for line in call("logs", "flaky/twice", "--json").stdout.splitlines()]

    assert {line["attempt"] for line in lines} == {1, 2}
    assert len({line["stream"] for line in lines}) == 2


@pytest.mark.parametrize("how", ["job/run", "run", "arn"])
def test_a_run_is_found_by_each_of_its_names(call, aws, how):
    name = f"named-{how.replace('/', '-')}"
    call("run", "--command", f"echo {name}", "--wait", "--name", name)
    text = {
        "job/run": f"run-task/{name}",
        "run": name,
        "arn": aws.platform.execution_arn("run-task", name),
    }[how]

    assert call("logs", text).stdout == f"{name}\n"


# Pause, history, why, rerun: as the platform's own machines write and read the table


def recorded(call, emulator, *arguments):
    """Return a run's history once it is complete."""

    def complete():
        runs = json.loads(call("history", *arguments, "--json").stdout)
        return runs if runs and all(run["result"] != "RUNNING" for run in runs) else None

    assert emulator.drain()
    return wait_for(complete, f"the record of {arguments}")


@pytest.fixture
def paused(call):
    """``hello`` is paused."""
    assert call("pause", "hello", "--reason", "the database moves").exit_code == 0
    yield
    assert call("resume", "hello").exit_code == 0


@pytest.mark.usefixtures("paused")
def test_a_pause_skips_what_a_schedule_starts(call):
    result = call("run", "hello", "--trigger", "schedule", "--wait")

    assert result.exit_code == 75
    assert "skipped: the job is paused" in result.stderr


@pytest.mark.usefixtures("paused")
def test_a_pause_lets_runs_by_hand_start(call):
    assert call("run", "hello", "--wait").exit_code == 0


def test_a_job_that_was_resumed_runs_on_schedule_again(call):
    call("pause", "hello", "--reason", "the database moves")
    call("resume", "hello")

    assert call("run", "hello", "--trigger", "schedule", "--wait").exit_code == 0


def test_a_run_is_in_the_history_with_its_end(call, emulator):
    call("run", "cutover", "--command", "exit 3", "--wait", "--name", "recorded")

    (run,) = recorded(call, emulator, "cutover")

    assert run | {"result": "Job.ExitCode", "exitCode": 3, "trigger": "manual"} == run
    assert json.loads(call("ls", "--json").stdout)[0]["lastResult"] == "Job.ExitCode"


def test_why_has_the_last_lines_and_no_value_of_the_environment(call):
    call("run", "hello", "-e", "TOKEN=s3cret", "--command", "echo no; exit 4", "--name", "broken",
         "--wait")  # fmt: skip

    told = call("why", "hello/broken").stdout

    assert told.startswith("hello/broken failed with exit code 4\n")
    assert "  no\n" in told
    assert "TOKEN" in told
    assert "s3cret" not in told


def test_rerun_does_the_same_with_the_same_values(call, aws):
    call("run", "hello", "-e", "TOKEN=s3cret", "--command", "echo $TOKEN for $BATCH_TRIGGER",
         "--name", "once-more", "--wait")  # fmt: skip

    result = call("rerun", "hello/once-more", "--follow")

    assert (result.exit_code, result.stdout) == (0, "s3cret for rerun\n")


def test_rerun_ends_as_the_container_did(call):
    call("run", "hello", "--command", "exit 3", "--name", "fails", "--wait")

    assert call("rerun", "hello/fails", "--wait").exit_code == 3


def test_notify_test_sends_one_of_each_kind_and_its_commands_exist(call, emulator):
    told = []
    unsubscribe = emulator.feed.subscribe(told.append)

    result = call("notify", "test", "--json")
    assert emulator.drain()
    unsubscribe()

    kinds = {"failure", "success", "recovered", "late", "over limit", "did not run", "runs again"}
    messages = [one for one in told if isinstance(one, SlackMessage)]
    verbs = {step.split()[1] for message in messages for step in message.next_steps}
    assert {one["message"] for one in json.loads(result.stdout)["sent"]} == kinds
    assert {"why", "rerun"} <= verbs <= set(batchctl.commands)


def test_logs_of_a_job_are_those_of_its_newest_run(call):
    call("run", "hello", "--command", "echo the newest", "--wait")

    assert call("logs", "hello").stdout == "the newest\n"


def test_more_lines_than_a_page_come_once_each(call):
    call("run", "--command", "seq 12000", "--wait", "--name", "many")

    lines = call("logs", "run-task/many").stdout.splitlines()

    assert lines == [str(number) for number in range(1, 12001)]


@pytest.mark.parametrize("what", ["helo", "hello/nope"])
def test_logs_of_what_does_not_exist_says_so(call, what):
    result = call("logs", what)

    assert (result.exit_code, result.stdout) == (1, "")
    assert what in result.stderr


def test_logs_of_a_job_that_never_ran_says_how_to_start_it(call):
    result = call("logs", "retired")

    assert result.exit_code == 1
    assert "it never ran; start it with `batchctl run retired`" in result.stderr
