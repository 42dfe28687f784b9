"""What batchctl makes of a control table, written here as the platform's machines write it.

The jobs are state machines that nothing runs; the table is DynamoDB's, as far as moto goes.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from batch import control
from batchctl.aws import Aws
from batchctl.main import batchctl
from batchctl.records import Pause
from batchctl.table import Table
from batchctl.target import Target
from tests.local.control import ControlTable
from tests.local.platforms import PLATFORM
from tests.roles import open_role

CALLER = "moto"
"""The last part of the ARN of whoever calls in moto."""

KEYS = ("test", "test")

JOBS = ("nightly", "report", "weekly")


@pytest.fixture
def table(bench):
    return ControlTable(bench.client("dynamodb"), PLATFORM).make()


@pytest.fixture
def jobs(bench):
    """Machines of jobs, each with a schedule, as far as ``ls`` reads them."""
    states, schedules = bench.client("stepfunctions"), bench.client("scheduler")
    role = open_role(bench.client("iam"))
    schedules.create_schedule_group(Name=PLATFORM.schedule_group)
    for name in JOBS:
        states.create_state_machine(
            name=PLATFORM.state_machine(name),
            definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
            roleArn=role,
        )
    # The platform's own is no job's.
    for name in (*JOBS, PLATFORM.sweep):
        schedules.create_schedule(
            Name=name,
            GroupName=PLATFORM.schedule_group,
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": PLATFORM.state_machine_arn(JOBS[0]), "RoleArn": role},
        )


@pytest.fixture
def calls(monkeypatch):
    """The calls that batchctl made: service and operation of each."""
    made, plain = [], Aws._client

    def client(self, service):
        client = plain(self, service)
        client.meta.events.register(
            "provide-client-params",
            lambda model, **_: made.append(f"{model.service_model.service_name}.{model.name}"),
        )
        return client

    monkeypatch.setattr(Aws, "_client", client)
    return made


@pytest.fixture
def call(served, calls):
    where = ["--platform", "batch", "--stack", "local", "--region", served.region]
    where += ["--endpoint", served.endpoint]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def call(*arguments):
        calls.clear()
        result = CliRunner().invoke(batchctl, [*arguments, *where], env=credentials)
        assert not isinstance(result.exception, Exception), result.exception
        return result

    return call


@pytest.fixture
def at_terminal(served):
    """Call batchctl at a terminal of so many columns; return the lines that it shows."""

    def call(columns, *arguments):
        screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        where = ["--platform", "batch", "--stack", "local", "--region", served.region]
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "batchctl", *arguments, *where, "--endpoint", served.endpoint],
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.PIPE,
            env={
                **environment,
                "TERM": "dumb",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            },
        )
        os.close(terminal)
        shown = b""
        while piece := _read(screen):
            shown += piece
        os.close(screen)
        with process:
            assert process.wait() == 0, process.stderr.read()
        return shown.decode().replace("\r\n", "\n").splitlines()

    return call


def _read(screen):
    try:
        return os.read(screen, 65536)
    except OSError:  # what Linux says once nobody writes any more
        return b""


def data(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def at(**ago):
    return control.moment(datetime.now(UTC) - timedelta(**ago))


def write_run(table, job, run, started, **attributes):
    key = control.run_key(job, run)
    attributes.setdefault("admitted", started)
    table.put(
        key,
        job=job,
        run=run,
        execution=PLATFORM.execution_arn(job, run),
        started=started,
        day=started[:10],
        trigger="schedule",
        schedule="default",
        **{name: value for name, value in attributes.items() if value is not None},
    )


def ended(result, *, code=None, **attributes):
    return {
        "result": result,
        "ended": at(),
        "attempts": 1,
        **({} if code is None else {"exitCode": code}),
        **attributes,
    }


def dynamodb(calls):
    return [name.partition(".")[2] for name in calls if name.startswith("dynamodb.")]


# Pause


def test_a_pause_is_written_as_the_machines_read_it(jobs, table, call):
    before = control.moment(datetime.now(UTC))
    result = call("pause", "report", "--reason", " the database \n moves ", "--until", "2h")

    (pause,) = table.all(control.PAUSES).values()
    assert result.exit_code == 0
    assert (pause["by"], pause["reason"]) == (CALLER, "the database moves")
    assert before <= pause["since"] <= control.moment(datetime.now(UTC))
    since, until = map(datetime.fromisoformat, (pause["since"], pause["until"]))
    assert until - since == timedelta(hours=2)
    assert 0 < pause["expires"] - until.timestamp() <= 1


def test_the_platform_is_paused_as_a_whole(table, call):
    result = call("pause", "--all", "--reason", "moving")

    assert result.stdout == "batch-local: paused until `batchctl resume`\n"
    assert list(table.all(control.PAUSES)) == [control.EVERY_JOB]


def test_a_time_without_a_zone_is_said_back_in_both(jobs, table, call, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        result = call("pause", "report", "--reason", "x", "--until", "2099-11-26T08:00")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert result.stdout == (
        "report: paused until Thu 2099-11-26 08:00:00 JST (2099-11-25 23:00:00Z)\n"
    )


def test_a_second_pause_takes_the_place_of_the_first_and_says_whose(jobs, table, call):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="first")

    result = call("pause", "report", "--reason", "second")

    assert "this takes the place of: paused by jane since " in result.stderr
    assert result.stderr.endswith(": first\n")
    assert table.all(control.PAUSES)["report"]["reason"] == "second"


def test_a_pause_that_has_ended_is_not_said_to_be_replaced(jobs, table, call):
    table.put(
        {"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), until=at(hours=1), reason="x"
    )

    assert call("pause", "report", "--reason", "second").stderr == ""


def test_a_pause_whose_answer_was_lost_did_not_replace_itself(table, served):
    target = Target("batch", "local", served.region, endpoint=served.endpoint, credentials=KEYS)
    pause = Pause("report", "jane", datetime.now(UTC), "moving")

    assert [Table(Aws(target)).pause(pause) for _ in range(2)] == [None, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report"], "Missing option '--reason'"),
        (["report", "--reason", " "], "--reason: it is empty"),
        (["--reason", "x"], "which job? give a JOB, or --all"),
        (["report", "--all", "--reason", "x"], "which job? give a JOB, or --all"),
        (["report", "--reason", "x", "--until", "2020-01-01"], "--until: 2020-01-01 is past"),
        (["report", "--reason", "x", "--until", "soon"], "--until: 'soon' is no time"),
    ],
)
def test_a_wrong_pause_writes_nothing(jobs, table, call, arguments, message):
    result = call("pause", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert table.all(control.PAUSES) == {}


@pytest.mark.parametrize("command", [["pause", "--reason", "x"], ["resume"], ["history"]])
def test_a_job_that_does_not_exist_gets_the_nearest_name(jobs, table, call, command):
    result = call(*command, "reprot")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "reprot: batch-local has no such job; did you mean report" in result.stderr
    assert table.all(control.PAUSES) == {}


def test_resume_ends_a_pause_and_says_which(jobs, table, call):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="moving")

    result = call("resume", "report")

    assert result.stdout.startswith("report: resumed; it was paused by jane since ")
    assert table.all(control.PAUSES) == {}


def test_resume_of_what_is_not_paused_is_no_failure(jobs, table, call):
    result = call("resume", "report")

    assert (result.exit_code, result.stdout) == (0, "report: was not paused\n")


def test_resume_of_a_job_that_is_no_longer_deployed_takes_its_pause_away(jobs, table, call):
    table.put({"pk": "pauses", "sk": "gone"}, by="jane", since=at(days=1), reason="moving")

    assert call("resume", "gone").exit_code == 0
    assert table.all(control.PAUSES) == {}


def test_resume_says_what_still_holds(jobs, table, call):
    for which in ("report", "weekly", control.EVERY_JOB):
        table.put({"pk": "pauses", "sk": which}, by="jane", since=at(days=1), reason="moving")

    of_job = call("resume", "report").stderr
    of_platform = call("resume", "--all").stderr

    assert "no schedule starts a run before `batchctl resume --all`" in of_job
    assert of_platform == "still paused: weekly\n"


# ls


def test_ls_shows_who_paused_what_since_when_until_when_and_why(jobs, table, call):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="moving")
    table.put(
        {"pk": "pauses", "sk": "*"}, by="joe", since="2026-01-01T00:00:00.000Z",
        until="2099-01-01T00:00:00.000Z", reason="no database",
    )  # fmt: skip

    lines = call("ls").stdout.splitlines()

    assert next(line for line in lines if line.startswith("report")).split()[-3] == "paused"
    platform, report = lines[-2:]
    assert re.split(" {2,}", platform) == [
        "every job of batch-local", "joe", "2026-01-01 00:00:00Z", "2099-01-01 00:00:00Z",
        "no database",
    ]  # fmt: skip
    assert report.split()[:2] == ["report", "jane"]
    assert report.endswith("batchctl resume       moving")


def test_ls_as_json_has_pauses_and_last_results(jobs, table, call):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="moving")
    table.put(
        {"pk": "jobs", "sk": "report"}, lastRun="r1", lastResult="Job.ExitCode", lastExitCode=3,
        lastStarted=at(hours=2), lastEnded=at(hours=1), failures=2, failingSince=at(days=2),
        version=4,
    )  # fmt: skip
    write_run(table, "weekly", "w1", at(minutes=5), open="running")

    listed = {job["job"]: job for job in data(call("ls", "--json"))}

    assert set(listed) == set(JOBS)
    assert listed["report"]["paused"] | {"by": "jane", "until": None} == listed["report"]["paused"]
    assert (listed["report"]["next"], listed["nightly"]["paused"]) == (None, None)
    assert listed["report"]["lastRun"] == "report/r1"
    assert (listed["report"]["lastResult"], listed["report"]["failures"]) == ("Job.ExitCode", 2)
    assert (listed["weekly"]["running"], listed["weekly"]["lastResult"]) == (["weekly/w1"], None)


def test_a_pause_with_an_end_leaves_the_fire_times_after_it(jobs, table, call):
    until = datetime.now(UTC) + timedelta(days=3)
    table.put(
        {"pk": "pauses", "sk": "report"}, by="jane", since=at(), until=control.moment(until),
        reason="moving",
    )  # fmt: skip

    listed = {job["job"]: job for job in data(call("ls", "--json"))}

    assert datetime.fromisoformat(listed["report"]["next"]) > until
    assert datetime.fromisoformat(listed["nightly"]["next"]) < until


def test_ls_asks_the_table_three_times_however_many_jobs_and_runs(jobs, table, call, calls):
    for job in JOBS:
        table.put({"pk": "jobs", "sk": job}, lastResult="SUCCEEDED", lastStarted=at(), version=1)
        for number in range(20):
            write_run(table, job, f"r{number}", at(minutes=number), open="running")

    call("ls")

    assert dynamodb(calls) == ["Query", "Query", "Query"]
    assert "stepfunctions.ListExecutions" not in calls
    assert "stepfunctions.DescribeExecution" not in calls


def test_next_warns_of_pauses(jobs, table, call):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="moving")

    assert "warning: report: paused by jane since" in call("next", "report").stderr
    assert call("next", "weekly").stderr == ""


def test_ls_fits_a_narrow_terminal(jobs, table, at_terminal):
    table.put({"pk": "pauses", "sk": "report"}, by="jane", since=at(days=1), reason="moving " * 9)

    lines = at_terminal(60, "ls")

    assert max(map(len, lines)) <= 60
    assert any("jane" in line for line in lines)


# History


@pytest.fixture
def past(jobs, table):
    """Runs of two jobs over ten days, an hour after one another."""
    write_run(table, "report", "old", at(days=10), **ended("SUCCEEDED", code=0))
    write_run(table, "report", "bad", at(days=2), **ended("Job.ExitCode", code=3))
    write_run(
        table, "report", "skipped", at(hours=3), **ended("SKIPPED", skip="PAUSED", reason="paused")
    )
    write_run(table, "report", "replaced", at(hours=2), **ended("ABORTED", error=control.REPLACED))
    write_run(table, "report", "now", at(hours=1), open="running")
    write_run(table, "weekly", "slow", at(hours=2, minutes=30), **ended("TIMED_OUT"))


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["report"], ["now", "replaced", "skipped", "bad", "old"]),
        (["report", "--limit", "2"], ["now", "replaced"]),
        (["report", "--since", "7d"], ["now", "replaced", "skipped", "bad"]),
        (["report", "--since", "7d", "--until", "1d"], ["bad"]),
        (["report", "--failed"], ["bad"]),
        (["report", "--result", "succeeded"], ["old"]),
        (["report", "--result", "RUNNING"], ["now"]),
        (["report", "--result", "SKIPPED"], ["skipped"]),
        ([], ["now", "replaced", "slow", "skipped", "bad"]),
        (["--since", "30d"], ["now", "replaced", "slow", "skipped", "bad", "old"]),
        (["--failed", "--since", "1d"], ["slow"]),
        (["--limit", "3"], ["now", "replaced", "slow"]),
    ],
)
def test_history_lists_the_newest_first(call, arguments, names):
    assert [run["name"] for run in data(call("history", *arguments, "--json"))] == names


@pytest.mark.usefixtures("past")
def test_history_is_a_row_a_run(call):
    header, row = call("history", "report", "--failed").stdout.splitlines()

    assert header.split() == ["STARTED", "RUN", "BY", "SCHEDULED", "TOOK", "RESULT", "EXIT"]
    assert "report/bad" in row
    assert row.endswith("failed with exit code 3  3")


@pytest.mark.usefixtures("past")
def test_history_keeps_names_and_times_whole_in_a_narrow_terminal(at_terminal):
    lines = at_terminal(60, "history", "report", "--failed")

    assert re.fullmatch(r"[0-9-]{10} [0-9:]{8}Z  report/bad", lines[0])
    assert lines[1] == "  failed with exit code 3"
    assert re.fullmatch(r"  took .*, exit 3, schedule", lines[2])


@pytest.mark.usefixtures("past")
def test_history_says_when_there_is_more(call):
    assert call("history", "report", "-n", "2").stderr == "the newest 2; see more with --limit\n"
    assert call("history", "report", "-n", "5").stderr == ""


@pytest.mark.usefixtures("jobs", "table")
def test_history_of_a_job_that_never_ran_says_so(call):
    result = call("history", "report")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "report: no such run\n"


def test_history_outlives_the_job(jobs, table, call):
    write_run(table, "gone", "g1", at(days=300), **ended("SUCCEEDED"))

    assert [run["run"] for run in data(call("history", "gone", "--json"))] == ["gone/g1"]
    assert call("history", "gone", "--failed").stderr == "gone: no such run\n"


def test_history_of_a_job_is_one_query(table, call, calls):
    for number in range(300):
        write_run(table, "report", f"r{number:03}", at(minutes=number), **ended("SUCCEEDED"))

    listed = data(call("history", "report", "--limit", "200", "--json"))

    assert len(listed) == 200
    assert calls == ["sts.GetCallerIdentity", "dynamodb.Query"]


def test_history_of_all_jobs_is_a_query_a_day(table, call, calls):
    call("history", "--since", at(days=3), "--limit", "5")

    assert calls == ["sts.GetCallerIdentity", *["dynamodb.Query"] * 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "1d", "--until", "2d"], "--since: it is not before --until"),
        (["--failed", "--result", "SKIPPED"], "one contradicts the other"),
        (["--result", "bad"], "--result: 'bad' is none; use FAILED"),
        (["--since", "then"], "--since: 'then' is no time"),
    ],
)
def test_rejects_a_history_that_cannot_be(call, arguments, message):
    result = call("history", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


# Why, and the log


FAILED = {
    "attempts": 2,
    "reason": "Essential container in task exited",
    "scheduledTime": "2026-11-23T18:00:00Z",
    "requestedBy": "arn:aws:sts::1:assumed-role/ops/jane",
    "taskArn": "arn:aws:ecs:us-east-1:1:task/batch-local/0123",
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/batch-local:7",
    "logStream": "task/app/0123",
    "imageDigest": "sha256:abc",
    "message": "failure",
    "told": "2026-11-23T18:05:00.000Z",
    "input": '{"environment":[{"Name":"TOKEN","Value":"***"}]}',
}


@pytest.fixture
def failed(table):
    started, over = "2026-11-23T18:00:01.000Z", "2026-11-23T18:04:11.000Z"
    facts = {**ended("Job.ExitCode", code=3), **FAILED, "ended": over}
    write_run(table, "report", "bad", started, **facts)


@pytest.fixture
def log(bench):
    """The log of the run's last attempt."""
    logs = bench.client("logs")
    group = PLATFORM.task_log_group
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="task/app/0123")
    now = int(datetime.now(UTC).timestamp() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="task/app/0123",
        logEvents=[{"timestamp": now + n, "message": f"line {n}"} for n in range(30)],
    )


@pytest.mark.usefixtures("failed", "log")
def test_why_tells_what_happened_first_and_what_to_do_last(call):
    lines = call("why", "report/bad", "-n", "2").stdout.splitlines()

    assert lines[:2] == [
        "report/bad failed with exit code 3, after 2 attempts",
        "To do: read its last log lines, correct the command, and `batchctl rerun` it",
    ]
    assert lines[-1] == "once more  batchctl rerun report/bad --env local"
    at = lines.index("last log lines")
    assert lines[at : at + 3] == ["last log lines", "  line 28", "  line 29"]


@pytest.mark.usefixtures("failed", "log")
@pytest.mark.parametrize(
    "fact",
    [
        "exit code        3",
        "reason           Essential container in task exited",
        "attempts         2",
        "scheduled for    2026-11-23 18:00:00Z",
        "started          2026-11-23 18:00:01Z",
        "ended            2026-11-23 18:04:11Z",
        "took             4 min 10 s",
        "task definition  arn:aws:ecs:us-east-1:1:task-definition/batch-local:7",
        "image            sha256:abc",
        "message          failure, sent 2026-11-23 18:05:00Z",
        'input            {"environment":[{"Name":"TOKEN","Value":"***"}]}',
    ],
)
def test_why_tells_all_that_the_record_has(call, fact):
    assert fact in call("why", "report/bad").stdout.splitlines()


@pytest.mark.usefixtures("jobs", "failed", "log")
@pytest.mark.parametrize(
    "text", ["report/bad", "bad", "report", PLATFORM.execution_arn("report", "bad")]
)
def test_a_run_is_found_by_each_of_its_names(call, text):
    assert data(call("why", text, "--json"))["run"] == "report/bad"


@pytest.mark.usefixtures("failed")
def test_why_without_a_log_says_so(call):
    assert "no log: nothing was written, or it is no longer kept" in call("why", "report").stdout


def test_why_of_a_run_that_runs_says_for_how_long(jobs, table, call):
    write_run(table, "report", "now", at(hours=2), open="running", limit=at(hours=1))

    first = call("why", "report/now").stdout.splitlines()[0]

    assert first.startswith("report/now is running, for 2 h")
    assert first.endswith(", which is over its limit")


def test_why_of_a_run_that_waits_says_so(jobs, table, call):
    write_run(table, "report", "now", at(hours=2), open="running", admitted=None)

    first = call("why", "report/now").stdout.splitlines()[0]

    assert first.startswith("report/now waits for its place, for 2 h")


def test_why_takes_few_calls(jobs, table, log, call, calls):
    facts = {**ended("Job.ExitCode", code=3), **FAILED, "attempts": 1}
    write_run(table, "report", "bad", "2026-11-23T18:00:01.000Z", **facts)

    call("why", "report/bad", "-n", "0")

    assert calls == ["sts.GetCallerIdentity", "dynamodb.GetItem"]


@pytest.mark.usefixtures("jobs", "table")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("report", "report: it never ran; start it with `batchctl run report`"),
        ("report/nope", "report/nope: batch-local has no such run; list them with"),
        ("reprot/nope", "reprot: batch-local has no such job; did you mean report"),
        ("reprot", "reprot: batch-local has no job or run of that name; did you mean report"),
        ("arn:aws:states:us-east-1:1:execution:other-x:r", "not a run of batch-local"),
    ],
)
@pytest.mark.parametrize("command", ["why", "rerun", "logs"])
def test_a_run_that_does_not_exist_is_not_found(call, command, text, message):
    result = call(command, text)

    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


@pytest.mark.usefixtures("jobs", "log")
def test_logs_takes_the_stream_from_the_record(table, call, calls):
    """Step Functions has forgotten the run; its log is still there."""
    write_run(
        table,
        "report",
        "bad",
        at(hours=2),
        **{**ended("Job.ExitCode"), "logStream": "task/app/0123"},
    )
    write_run(table, "report", "skipped", at(hours=1), **ended("SKIPPED", skip="OVERLAP"))

    lines = call("logs", "report").stdout.splitlines()

    assert lines == [f"line {number}" for number in range(30)]
    assert "stepfunctions.GetExecutionHistory" not in calls


# Rerun


@pytest.mark.usefixtures("jobs", "failed")
def test_rerun_refuses_what_nobody_knows_whole_any_more(call):
    result = call("rerun", "report/bad")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Step Functions no longer knows its input" in result.stderr


def test_rerun_uses_the_record_of_a_run_that_step_functions_forgot(jobs, table, bench, call):
    given = {"commands": ["a"], "schedule": "default", "scheduledTime": "t", "trigger": "schedule"}
    write_run(table, "report", "old", at(days=200), **ended("SUCCEEDED"), input=json.dumps(given))

    run = call("rerun", "report/old").stdout.strip().partition("/")[2]

    execution = bench.client("stepfunctions").describe_execution(
        executionArn=PLATFORM.execution_arn("report", run)
    )
    asked = json.loads(execution["input"])
    assert asked.pop("requestedBy").endswith(f"/{CALLER}")
    assert asked == {**given, "trigger": "rerun"}


def test_rerun_refuses_a_run_that_has_not_ended(jobs, table, call):
    write_run(table, "report", "now", at(hours=2), open="running")

    result = call("rerun", "report/now")

    assert result.exit_code == 1
    assert "report/now: it has not ended" in result.stderr


# A platform without a table


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(
    "command",
    [
        ["ls"],
        ["history"],
        ["why", "report"],
        ["pause", "--all", "--reason", "x"],
        ["resume", "--all"],
    ],
)
def test_a_platform_of_an_earlier_version_is_explained(call, command):
    result = call(*command)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "batch-local-control: the platform has no such table" in result.stderr


@pytest.mark.usefixtures("jobs")
def test_a_platform_without_a_recorder_is_explained(call):
    result = call("notify", "test")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "batch-local_recorder: the platform has no such machine" in result.stderr
