"""Every command of an operator against a platform that has a run in each state."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.text import Text

from batchctl import runs
from batchctl.main import batchctl
from tests.local.ecs import wait_for
from tests.local.platforms import PLATFORM, UNTIL_TOLD, deployed

ROOT = Path(__file__).parents[2]
ONCE = {"start_retry": {"attempts": 1}}
JOBS = {
    "good": {"shell": "echo fine", "schedule": "cron(0 3 * * ? *)", "timezone": "Asia/Tokyo"},
    "bad": {"shell": "echo no answer from db; exit 3", "owner": "shop"},
    "never": {"command": ["/no/such/program"], **ONCE},
    "slow": {"shell": "echo begun; sleep 600", "attempt_timeout": "1s"},
    "held": {"shell": UNTIL_TOLD, "overlap": "skip"},
    "flaky": {
        "shell": 'echo "try $BATCH_ATTEMPT"; exit $((2 - BATCH_ATTEMPT))',
        "retry": {"attempts": 2, "interval": "1s", "jitter": False},
    },
    "off": {"shell": "true", "schedule": "rate(1 hour)", "enabled": False},
}
RUNS = {
    "good": ("good/r", 0, "SUCCEEDED"),
    "bad": ("bad/r", 3, "Job.ExitCode"),
    "never": ("never/r", 125, "Job.NotStarted"),
    "timed out": ("slow/r", 124, "Job.TimedOut"),
    "stopped": ("run-task/stopped", 130, "ABORTED"),
    "skipped": ("held/second", 75, "SKIPPED"),
    "retried": ("flaky/r", 0, "SUCCEEDED"),
}
"""A run in each state in which one can have ended, the exit status of ``--wait``, its result."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "BATCHCTL_ENV": ""}


class Operator:
    """Somebody at a command line, outside of the checkout."""

    def __init__(self, platform) -> None:
        emulator = platform.emulator
        self.where = [
            "--platform", PLATFORM.name, "--stack", PLATFORM.stack, "--region", emulator.region,
            "--endpoint", emulator.endpoint,
        ]  # fmt: skip

    def __call__(self, *words, **environment):
        at = words.index("--") if "--" in words else len(words)
        words = [*words[:at], *self.where, *words[at:]]
        return CliRunner().invoke(batchctl, words, env={**CREDENTIALS, **environment})

    def data(self, *words):
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture(scope="module")
def platform():
    with deployed(JOBS) as running:
        yield running


@pytest.fixture(scope="module")
def statuses(platform):
    """Start a run in each state, and return what the commands that waited for them ended with."""
    call = Operator(platform)
    assert call("run", "held", "--name", "now").exit_code == 0
    wait_for(lambda: platform.tasks("now", "RUNNING"), "the run that goes on")
    call("run", "--command", "sleep 600", "--name", "stopped")
    wait_for(lambda: platform.tasks("stopped", "RUNNING"), "the run to stop")
    call("stop", "run-task/stopped", "--reason", "wrong day", "--wait")
    found = {}
    for state, (run, _, _) in RUNS.items():
        job, _, name = run.partition("/")
        command = ["run", job, "--name", name, "--wait"]
        if job == "run-task":
            command += ["--command", "sleep 600"]
        found[state] = call(*command).exit_code
    platform.quiet()
    return found


@pytest.fixture
def call(platform, statuses):
    return Operator(platform)


@pytest.mark.parametrize("state", RUNS)
def test_waiting_ends_as_the_run_does(statuses, state):
    assert statuses[state] == RUNS[state][1]


# Looking on


def test_ls_says_of_each_job_how_it_is(call):
    jobs = {job["job"]: job for job in call.data("ls")}

    assert {name: job["lastResult"] for name, job in jobs.items()} == {
        "good": "SUCCEEDED", "bad": "Job.ExitCode", "never": "Job.NotStarted",
        "slow": "Job.TimedOut", "held": None, "flaky": "SUCCEEDED", "off": None,
    }  # fmt: skip
    assert jobs["held"]["running"] == ["held/now"]
    assert jobs["good"]["next"].endswith("T03:00:00+09:00")
    assert (jobs["off"]["enabled"], jobs["off"]["next"]) == (False, None)
    assert jobs["bad"]["owner"] == "shop"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--state", "failing"], ["bad", "never", "slow"]),
        (["--state", "ok"], ["flaky", "good"]),
        (["--state", "never"], ["held", "off"]),
        (["--state", "running"], ["held"]),
        (["--state", "disabled"], ["off"]),
        (["--state", "paused"], []),
        (["--state", "running", "--state", "disabled"], ["held", "off"]),
        (["--owner", "shop"], ["bad"]),
        (["*l*", "--state", "ok"], ["flaky"]),
        (["good", "bad"], ["bad", "good"]),
    ],
)
def test_ls_shows_the_jobs_that_are_asked_for(call, options, names):
    assert [job["job"] for job in call.data("ls", *options)] == names


def test_show_tells_where_the_console_has_it(call):
    links = call.data("show", "good")["links"]

    assert "stateMachine:batch-local-good" in links["stateMachine"]
    assert "batch-local/good" in links["schedules"]["default"]
    assert "$252Fbatch$252Fbatch-local" in links["logs"]


def test_history_has_each_run_with_what_became_of_it(call):
    found = {run["run"]: run for run in call.data("history", "-n", "100")}

    for run, _, result in RUNS.values():
        assert found[run]["result"] == result
        assert found[run]["requestedBy"].startswith("arn:aws:")
    assert found["bad/r"]["exitCode"] == 3
    assert found["flaky/r"]["attempts"] == 2
    assert found["held/now"]["result"] == "RUNNING"


def test_history_reads_no_more_than_it_shows(call):
    assert len(call.data("history", "-n", "2")) == 2


def test_history_shows_the_failures_of_a_job(call):
    found = call.data("history", "bad", "--failed", "--since", "1h")

    # Another test may have run it again.
    assert {run["result"] for run in found} == {"Job.ExitCode"}
    assert found[-1]["run"] == "bad/r"


@pytest.mark.parametrize(
    ("run", "first", "todo"),
    [
        ("good/r", "good/r succeeded", None),
        ("bad/r", "bad/r failed with exit code 3", "read its last log lines"),
        ("never/r", "never/r never started: its command is not in the image", "spelling"),
        ("slow/r", "slow/r was stopped at its time limit", "attempt_timeout"),
        ("run-task/stopped", "run-task/stopped was stopped by moto: wrong day", "rerun"),
        ("held/second", "held/second was skipped: the run", "batchctl why"),
        ("flaky/r", "flaky/r succeeded, after 2 attempts", None),
        ("held/now", "held/now is running, for ", None),
    ],
)
def test_why_tells_what_happened_and_what_to_do(call, run, first, todo):
    lines = call("why", run).stdout.splitlines()

    assert lines[0].startswith(first)
    assert [line for line in lines if line.startswith("To do: ")] == ([lines[1]] if todo else [])
    assert todo is None or todo in lines[1]


def test_why_tells_each_attempt_apart(call):
    tasks = call.data("why", "flaky/r")["tasks"]

    assert [task["exitCode"] for task in tasks] == [1, 0]


def test_logs_tell_attempts_apart(call):
    result = call("logs", "flaky/r")

    assert result.stdout.splitlines() == ["try 1", "try 2"]
    assert "attempt 2" in result.stderr.splitlines()
    assert call("logs", "flaky/r", "--attempt", "2").stdout == "try 2\n"
    assert call("logs", "flaky/r", "--grep", "1$").stdout == "try 1\n"


def test_a_pattern_that_is_none_is_wrong_usage(call):
    result = call("logs", "flaky/r", "--grep", "(")

    assert (result.exit_code, result.stdout) == (2, "")


def test_next_of_a_job_that_is_off_says_so(call):
    result = call("next", "off")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "off is disabled in code: no schedule of it fires\n"


def test_a_shell_is_offered_the_jobs_that_begin_like_that(call):
    words = ["batchctl", "show", *call.where, "b"]
    ended = subprocess.run(
        [sys.executable, "-m", "batchctl"],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={
            **CREDENTIALS, "PATH": "/usr/bin:/bin", "_BATCHCTL_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1),
        },
    )  # fmt: skip

    assert ended.stdout.split() == ["plain,bad"]


# Wrong input


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["show", "goo"], "goo: batch-local has no such job; did you mean good"),
        (["why", "goo"], "goo: batch-local has no job or run of that name; did you mean good"),
        (["run", "goo"], "goo: batch-local has no such job; did you mean good"),
        (["why", "run-task/stoped"], "has no such run; did you mean run-task/stopped"),
        (["logs", "good/zzzzzz"], "has no such run; list them with `batchctl history good`"),
        (["run", "good", "--name", "a b"], "a b: no name for a run; use up to 80 letters"),
        (["schedule", "rm", "nothing"], "no schedule made by hand has this name"),
        (["backfill", "bad", "--from", "2026-11-01", "--to", "2026-11-02"], "has no schedule"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_name_that_is_none_is_answered_with_what_there_is(call, command, message):
    result = call(*command)

    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["ls"], ["show", "good"], ["history", "good"], ["why", "good"], ["logs", "good"],
        ["next"], ["run", "good"], ["stop", "good"], ["rerun", "good"], ["schedule", "ls"],
        ["pause", "good", "--reason", "x"], ["resume", "good"], ["notify", "test"],
        ["schedule", "add", "x", "--rate", "1 day", "true"],
        ["backfill", "good", "--from", "2026-11-01", "--to", "2026-11-02"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_platform_that_is_not_there_is_said_to_be_not_there(call, command):
    call.where[call.where.index(PLATFORM.stack)] = "prod"

    result = call(*command)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: batch-prod: there is no such platform in us-east-1 of account 123456789012; "
        "check --env, --region and --profile, or deploy it\n"
    )


# Acting


def test_a_run_that_ended_is_not_stopped_and_that_is_said(call):
    result = call("stop", "good/r")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "good/r has ended already: it succeeded" in result.stderr


@pytest.mark.parametrize("run", ["good/r", "bad/r", "never/r", "run-task/stopped", "held/second"])
def test_rerun_does_the_same_again_under_another_trigger(call, platform, run):
    if run == "run-task/stopped":
        started = call("rerun", run, "--command", "true")
    else:
        started = call("rerun", run)

    assert started.exit_code == 0
    arn = PLATFORM.execution_arn(*started.stdout.strip().split("/"))
    asked = json.loads(platform.states.describe_execution(executionArn=arn)["input"])
    assert asked["trigger"] == "rerun"
    platform.end(arn)


def test_what_changes_production_is_confirmed_by_its_name(call, platform):
    machine = PLATFORM.state_machine_arn("run-task")
    production = [{"key": "batch:production", "value": "true"}]
    platform.states.tag_resource(resourceArn=machine, tags=production)
    try:
        refused = call("run", "good")
        done = call("run", "good", "--yes")
    finally:
        platform.states.untag_resource(resourceArn=machine, tagKeys=["batch:production"])

    assert (refused.exit_code, done.exit_code) == (2, 0)
    assert "local is production, and there is no terminal" in refused.stderr
    platform.end(PLATFORM.execution_arn(*done.stdout.strip().split("/")))


@pytest.mark.parametrize(
    "command",
    [
        ["run", "good"],
        ["rerun", "bad/r"],
        ["stop", "held/now"],
        ["backfill", "good", "--from", "2026-11-01", "--to", "2026-11-02"],
        ["schedule", "add", "x", "--rate", "1 day", "true"],
        ["schedule", "rm", "x"],
        ["schedule", "enable", "x"],
        ["schedule", "disable", "x"],
        ["pause", "good", "--reason", "x"],
        ["resume", "good"],
        ["notify", "test"],
    ],
    ids=" ".join,
)
def test_each_command_that_changes_something_asks_in_production(call, platform, command):
    machine = PLATFORM.state_machine_arn("run-task")
    production = [{"key": "batch:production", "value": "true"}]
    platform.states.tag_resource(resourceArn=machine, tags=production)
    try:
        result = call(*command)
    finally:
        platform.states.untag_resource(resourceArn=machine, tagKeys=["batch:production"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert "give --yes" in result.stderr


def test_a_wait_has_no_end_of_its_own(call, platform, monkeypatch):
    """Twenty minutes of looks pass, and the status is still the run's."""
    waited = 0.0
    monkeypatch.setenv("BATCHCTL_ENV", "")

    def pass_by(aws):
        nonlocal waited
        waited += runs.POLL_SECONDS
        if waited > 1200:
            platform.tell("long", 3)
        if waited > 1200:
            platform.end(PLATFORM.execution_arn("run-task", "long"))

    monkeypatch.setattr(runs, "pause", pass_by)

    result = call("run", "--command", platform_command(platform), "--name", "long", "--wait")

    assert (result.exit_code, waited) == (3, 1200 + runs.POLL_SECONDS)


def platform_command(platform):
    return UNTIL_TOLD.replace("$ENDS", str(platform.ends))


def batchctl_process(call, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "batchctl", *words, *call.where],
        cwd=ROOT, env={**CREDENTIALS, "PATH": "/usr/bin:/bin"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def interrupted(call, platform, name, *options):
    """Wait for a run in another process, press Ctrl-C, and return its status and words."""
    import signal

    words = ["run", "--command", "sleep 600", "--name", name, "--wait", *options]
    with batchctl_process(call, *words) as process:
        wait_for(lambda: platform.tasks(name, "RUNNING"), f"the task of {name}")
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    return process.returncode, told


def test_ctrl_c_ends_the_waiting_and_says_how_to_come_back(call, platform):
    status, told = interrupted(call, platform, "goes-on")

    arn = PLATFORM.execution_arn("run-task", "goes-on")
    still = platform.states.describe_execution(executionArn=arn)["status"]
    call("stop", "run-task/goes-on", "--wait")
    assert (status, still) == (130, "RUNNING")
    assert "batchctl logs run-task/goes-on --env local --follow" in told


def test_ctrl_c_stops_the_run_where_that_is_wanted(call, platform):
    status, told = interrupted(call, platform, "goes", "--stop-on-interrupt")

    arn = PLATFORM.execution_arn("run-task", "goes")
    assert status == 130
    assert platform.states.describe_execution(executionArn=arn)["status"] == "ABORTED"
    assert "aborted: stopped by moto" in told


def test_a_schedule_by_hand_is_made_listed_switched_and_removed(call):
    made = call(
        "schedule", "add", "clean", "--cron", "0 3 * * 1-5", "--timezone", "Asia/Tokyo",
        "-e", "A=1", "--cpu", "512", "--memory", "1024", "--", "rake", "tmp:clear",
    )  # fmt: skip
    (listed,) = [one for one in call.data("schedule", "ls") if one["name"] == "clean"]
    off = call("schedule", "disable", "clean")
    (disabled,) = [one for one in call.data("schedule", "ls") if one["name"] == "clean"]
    on = call("schedule", "enable", "clean")
    gone = call("schedule", "rm", "clean")

    assert [one.exit_code for one in (made, off, on, gone)] == [0, 0, 0, 0], made.output
    assert made.stdout.startswith("clean: every weekday at 03:00 Asia/Tokyo\nnext ")
    assert (listed["expression"], listed["commands"]) == (
        "cron(0 3 ? * MON-FRI *)", ["rake", "tmp:clear"],
    )  # fmt: skip
    assert (listed["enabled"], disabled["enabled"], disabled["next"]) == (True, False, [])
    assert "clean" not in [one["name"] for one in call.data("schedule", "ls")]


def test_a_schedule_for_one_time_fires_and_is_gone(call, platform):
    soon = datetime.now(UTC) + timedelta(seconds=2)

    made = call("schedule", "add", "soon", "--at", f"{soon:%Y-%m-%dT%H:%M:%S}", "--", "exit 4")

    def ended():
        runs = call.data("history", "run-task", "-n", "50")
        return [one for one in runs if one["schedule"] == "soon" and one["result"] != "RUNNING"]

    assert made.exit_code == 0, made.output
    (run,) = wait_for(ended, "the run of the schedule")
    assert (run["trigger"], run["exitCode"]) == ("schedule", 4)
    wait_for(
        lambda: "soon" not in [one["name"] for one in call.data("schedule", "ls")],
        "the end of the schedule",
    )


def test_a_name_that_is_taken_is_not_written_over(call):
    first = call("schedule", "add", "taken", "--rate", "9 days", "--", "true")
    second = call("schedule", "add", "taken", "--rate", "8 days", "--", "false")

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "taken: there is a schedule of that name" in second.stderr
    (kept,) = [one for one in call.data("schedule", "ls") if one["name"] == "taken"]
    assert kept["expression"] == "rate(9 days)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cron", "0 3 1 * 1"], "use two schedules"),
        (["--at", "2020-01-01T00:00"], "never comes any more"),
        (["--rate", "1 day", "--timezone", "Mars"], "is no IANA time zone"),
        ([], "when? give one of --cron, --rate and --at"),
        (["--rate", "1 day", "--cron", "0 3 * * *"], "when? give one of"),
    ],
)
def test_a_schedule_that_is_none_is_wrong_usage(call, options, message):
    result = call("schedule", "add", "x", *options, "--", "true")

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


# GitHub Actions


def test_a_step_of_a_workflow_is_annotated_and_summarised(call, tmp_path):
    summary = tmp_path / "summary.md"
    command = "echo '::error::mine'; echo '```'; echo '<b>|'; exit 3"

    result = call(
        "run", "--command", command, "--follow",
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip

    first, *lines, last = result.stdout.splitlines()
    (token,) = re.findall(r"^::stop-commands::([0-9a-f]{32})$", first)
    assert last == f"::{token}::"
    assert lines == ["::error::mine", "```", "<b>|"]
    (annotation,) = [line for line in result.stderr.splitlines() if line.startswith("::")]
    assert annotation.startswith("::error title=run-task/run-task-")
    assert "failed with exit code 3::read its last log lines" in annotation
    text = summary.read_text()
    assert "### ❌ run-task failed with exit code 3" in text
    assert "````text\n::error::mine\n```\n<b>|\n````" in text


def test_outside_of_a_workflow_no_command_is_written(call):
    result = call("run", "good", "--follow", GITHUB_ACTIONS="")

    assert result.stdout == "fine\n"
    assert "::" not in result.stderr


# Where it is written to


def test_a_reader_that_leaves_is_no_failure_to_tell_of(call):
    process = batchctl_process(call, "history", "-n", "100", "--json")
    with process:
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()

    assert told == ""


def on_a_terminal(call, columns, *words):
    """Return the lines that a command writes on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**CREDENTIALS, "PATH": "/usr/bin:/bin", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "batchctl", *words, *call.where],
        cwd=ROOT, env=environment, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    with process, contextlib.suppress(OSError):
        while some := os.read(ours, 65536):
            written += some
    os.close(ours)
    return [Text.from_ansi(line).plain for line in written.decode().splitlines()]


@pytest.mark.parametrize("command", [["ls"], ["show", "good"], ["history"], ["schedule", "ls"]])
def test_a_terminal_of_60_columns_shows_no_line_that_is_longer(call, command):
    call("schedule", "add", f"narrow-{command[0]}", "--cron", "0 3 1 1 *", "true")

    lines = on_a_terminal(call, 60, *command)

    # A run's name is not broken: it is to be copied.
    long = [line for line in lines if len(line) > 60 and max(map(len, line.split())) < 38]
    assert long == []
    assert len(lines) > 3
