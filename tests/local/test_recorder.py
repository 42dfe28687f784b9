"""What the recorder makes of the ends of runs: the record, the job's state, the message."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from batch import control
from batch.contract import RUN_TASK
from localaws.emulator import Emulator
from tests import recorder_transitions
from tests.local.ecs import wait_for
from tests.local.faults import Faults
from tests.local.machines import PLATFORM
from tests.local.recorder import CAUSE, ENDED_AT, STARTED, Recorder


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Emulator(executor="process") as emulator:
        yield Recorder(emulator)


@pytest.fixture
def job(recorder: Recorder) -> str:
    return recorder.new_job()


# Each outcome


def test_a_success_completes_the_record_and_is_told(recorder, job):
    recorder.open_record(job)

    recorder.take(recorder.event(job), name="one-recorder")

    record = recorder.record(job)
    assert {key: record.get(key) for key in ("result", "exitCode", "attempts", "recorder")} == {
        "result": "SUCCEEDED",
        "exitCode": 0,
        "attempts": 1,
        "recorder": "one-recorder",
    }
    assert record["ended"] == "2026-11-23T20:05:00.000Z"
    assert "open" not in record
    assert record["told"] > record["ended"]
    assert recorder.channels(job) == [("success", "succeeded")]
    assert recorder.state(job) == {
        "lastRun": "r1",
        "lastResult": "SUCCEEDED",
        "lastStarted": STARTED,
        "lastEnded": "2026-11-23T20:05:00.000Z",
        "lastExitCode": 0,
        "lastSuccess": "2026-11-23T20:05:00.000Z",
        "lastSuccessRun": "r1",
        "failures": 0,
        "version": 1,
    }


@pytest.mark.parametrize(
    ("changed", "result", "words"),
    [
        ({"error": "Job.ExitCode"}, "Job.ExitCode", "failed with exit code 3 after 2 attempts"),
        (
            {"error": "Job.TimedOut"},
            "Job.TimedOut",
            "stopped at the time limit of an attempt after 2 attempts",
        ),
        (
            {"error": "Job.NotStarted", "cause": {"reason": "no such image", "attempts": 0}},
            "Job.NotStarted",
            "never started: no such image",
        ),
        (
            {"error": "Job.Stopped", "cause": {"reason": "Spot capacity", "attempts": 1}},
            "Job.Stopped",
            "its task was stopped: Spot capacity",
        ),
    ],
)
def test_a_failure_completes_the_record_and_is_told(recorder, job, changed, result, words):
    recorder.open_record(job)

    recorder.take(recorder.event(job, status="FAILED", **changed))

    cause = changed.get("cause", CAUSE)
    record = recorder.record(job)
    assert (record["result"], record["reason"]) == (result, cause["reason"])
    assert (record.get("exitCode"), record["attempts"]) == (
        cause.get("exitCode"),
        cause["attempts"],
    )
    assert recorder.channels(job) == [("failure", words)]
    state = recorder.state(job)
    assert (state["lastResult"], state["failures"]) == (result, 1)
    assert state["failingSince"] == record["ended"]
    assert "lastSuccess" not in state


def test_a_run_that_never_started_is_counted(recorder, job):
    recorder.open_record(job)
    event = recorder.event(
        job, status="FAILED", error="Job.NotStarted", cause={"reason": "no", "attempts": 0}
    )

    states = recorder.take(event)

    assert "Count the failed start" in states
    assert recorder.emulator.client("cloudwatch").list_metrics(Namespace="BatchPlatform")["Metrics"]


def test_a_run_that_came_too_late_is_told_and_changes_nothing_else(recorder, job):
    skip = {"result": "SKIPPED", "code": "START_DEADLINE", "why": "it came 2 h too late"}
    recorder.open_record(
        job,
        open="untold",
        message="late",
        result="SKIPPED",
        skip="START_DEADLINE",
        reason=skip["why"],
        ended=STARTED,
        admitted=None,
    )

    recorder.take(recorder.event(job, output=skip))

    assert recorder.channels(job) == [("failure", "came too late: skipped: it came 2 h too late")]
    assert recorder.state(job) is None
    assert "open" not in recorder.record(job)


def test_a_run_that_another_one_replaced_is_no_failure(recorder, job):
    machine = recorder.machines.make("true")
    job = PLATFORM.job_of(machine)
    run = recorder.machines.run(machine)
    recorder.take(
        recorder.event(
            job,
            run["name"],
            "ABORTED",
            error=control.REPLACED,
            cause={"reason": "replaced by the run r2"},
        )
    )

    record = recorder.record(job, run["name"])
    assert (record["result"], record["reason"]) == ("ABORTED", "replaced by the run r2")
    assert "open" not in record
    assert recorder.messages(job) == []
    assert recorder.state(job) is None


# Twice, late, out of order


def test_the_second_of_two_events_says_nothing(recorder, job):
    recorder.open_record(job)
    event = recorder.event(job, status="FAILED")
    recorder.take(event, name=f"{job}-first")

    states = recorder.take(event)

    assert states == ["Read the record", "What is there to do?", "Nothing to do"]
    assert recorder.record(job)["recorder"] == f"{job}-first"
    assert len(recorder.messages(job)) == 1
    assert recorder.state(job)["failures"] == 1


def test_a_redriven_run_is_not_told_again(recorder, job):
    recorder.open_record(job)
    recorder.take(recorder.event(job, status="FAILED"))

    recorder.take(recorder.event(job, ended=ENDED_AT + 60_000, redriveCount=1))

    assert recorder.record(job)["result"] == "Job.ExitCode"
    assert len(recorder.messages(job)) == 1


def test_of_two_at_once_one_records(recorder, job):
    recorder.open_record(job)
    event = recorder.event(job, status="FAILED")
    with Faults() as faults:
        both = faults.hold("dynamodb.TransactWriteItems", times=2)
        first, second = recorder.start(event), recorder.start(event)
        both.wait()
        both.release()
        ended = [recorder.end(first), recorder.end(second)]

    assert [e["status"] for e in ended] == ["SUCCEEDED", "SUCCEEDED"]
    assert len(recorder.messages(job)) == 1
    assert recorder.state(job)["failures"] == 1


def test_an_older_end_does_not_become_the_last(recorder, job):
    for run in ("r1", "r2"):
        recorder.open_record(job, run)
    recorder.take(recorder.event(job, "r2"))

    recorder.take(recorder.event(job, "r1", "FAILED", ended=ENDED_AT - 60_000))

    state = recorder.state(job)
    assert (state["lastRun"], state["lastResult"]) == ("r2", "SUCCEEDED")
    assert state["failures"] == 0
    assert recorder.record(job, "r1")["result"] == "Job.ExitCode"
    assert recorder.channels(job)[-1][0] == "failure"


def test_an_older_success_ends_no_failures(recorder, job):
    for run in ("r1", "r2"):
        recorder.open_record(job, run)
    recorder.take(recorder.event(job, "r2", "FAILED"))

    recorder.take(recorder.event(job, "r1", ended=ENDED_AT - 60_000))

    state = recorder.state(job)
    assert (state["lastRun"], state["failures"], state["lastSuccessRun"]) == ("r2", 1, "r1")
    assert recorder.channels(job)[-1] == ("success", "succeeded")


def test_runs_of_a_job_that_end_at_once_are_all_counted(recorder, job):
    runs = [f"r{n}" for n in range(6)]
    for run in runs:
        recorder.open_record(job, run)

    started = [recorder.start(recorder.event(job, run, "FAILED")) for run in runs]

    assert {recorder.end(each)["status"] for each in started} == {"SUCCEEDED"}
    assert recorder.state(job)["failures"] == len(runs)
    assert len(recorder.messages(job)) == len(runs)


# Lost answers, refusals


@pytest.mark.parametrize(
    "call", ["dynamodb.TransactGetItems", "dynamodb.TransactWriteItems", "dynamodb.UpdateItem"]
)
def test_a_lost_answer_changes_nothing(recorder, job, call):
    recorder.open_record(job)
    with Faults() as faults:
        lost = faults.lose_answer(call, by=PLATFORM.recorder)
        recorder.take(recorder.event(job, status="FAILED"))

    assert lost.met == 1
    assert len(recorder.messages(job)) == 1
    assert recorder.state(job)["failures"] == 1
    assert "open" not in recorder.record(job)


def test_its_own_write_is_seen_where_the_request_token_does_not_help(recorder, job):
    recorder.open_record(job)
    with Faults() as faults:
        faults.fail_after("dynamodb.TransactWriteItems", "TransactionCanceledException")
        recorder.take(recorder.event(job, status="FAILED"))

    assert len(recorder.messages(job)) == 1
    assert recorder.state(job)["failures"] == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_what_passes_is_tried_again(recorder, job, code):
    recorder.open_record(job)
    with Faults() as faults:
        for call in ("dynamodb.TransactGetItems", "dynamodb.TransactWriteItems", "sns.Publish"):
            faults.refuse(call, code, by=PLATFORM.recorder)
        recorder.take(recorder.event(job, status="FAILED"))

    assert len(recorder.messages(job)) == 1


def test_conflicting_transactions_are_tried_again(recorder, job):
    recorder.open_record(job)
    with Faults() as faults:
        faults.cancel("TransactionConflict", "None")
        recorder.take(recorder.event(job, status="FAILED"))

    assert len(recorder.messages(job)) == 1


@pytest.mark.parametrize("code", ["InternalServerError", "ResourceNotFoundException"])
def test_an_event_that_cannot_be_recorded_is_put_aside(recorder, job, code):
    event = recorder.event(job, status="FAILED")
    with Faults() as faults:
        faults.refuse("dynamodb.TransactGetItems", code, times=99)
        failed = recorder.fail(event)

    assert failed["error"] == "Recorder.Failed"
    assert "on purpose" in failed["cause"]
    [aside] = recorder.put_aside()
    assert json.loads(aside["Body"]) == event
    assert aside["MessageAttributes"]["EXECUTION"]["StringValue"] == failed["executionArn"]


def test_a_message_that_cannot_be_sent_stays_owed(recorder, job):
    recorder.open_record(job)
    with Faults() as faults:
        faults.refuse("sns.Publish", "InternalError", times=99)
        recorder.fail(recorder.event(job, status="FAILED"))

    assert recorder.record(job)["open"] == "untold"
    assert len(recorder.put_aside()) == 1
    recorder.sweep(job)
    assert recorder.channels(job) == [("failure", "failed with exit code 3 after 2 attempts")]
    assert "open" not in recorder.record(job)


# Runs without a record


def test_a_run_without_a_record_gets_one(recorder, job):
    given = {
        "environment": [{"Name": "TOKEN", "Value": "secret"}],
        "trigger": "manual",
        "requestedBy": "ada",
    }
    recorder.take(recorder.event(job, status="FAILED", given=given))

    record = recorder.record(job)
    shown = {
        "environment": [{"Name": "TOKEN", "Value": "***"}],
        "trigger": "manual",
        "requestedBy": "ada",
    }
    assert json.loads(record["input"]) == shown
    assert (record["job"], record["run"], record["day"]) == (job, "r1", "2026-11-23")
    assert (record["trigger"], record["requestedBy"]) == ("manual", "ada")
    assert record["execution"] == PLATFORM.execution_arn(job, "r1")
    assert record["expires"] == ENDED_AT // 1000 + 400 * 86_400
    assert len(recorder.messages(job)) == 1


@pytest.mark.parametrize(
    "environment", [{"PASSWORD": "hush"}, [{"name": "A", "value": "hush"}]], ids=["map", "names"]
)
def test_a_record_that_it_makes_shows_no_value_of_an_environment(recorder, job, environment):
    refused = {"reason": "environment: is not right", "attempts": 0}
    recorder.take(
        recorder.event(
            job,
            status="FAILED",
            error="Job.NotStarted",
            cause=refused,
            given={"environment": environment},
        )
    )

    assert "hush" not in str(recorder.record(job))


# Places and pauses


def test_the_places_of_a_run_are_given_back(recorder, job):
    mine, other = PLATFORM.execution_arn(job, "r1"), PLATFORM.execution_arn(job, "r0")
    own, group = control.job_slots_key(job), control.group_slots_key(f"group-of-{job}")
    recorder.table.put(own, holders={mine})
    recorder.table.put(group, holders={mine, other})
    recorder.open_record(job, holds={own["sk"], group["sk"]})

    recorder.take(recorder.event(job))

    assert "holders" not in recorder.table.get(own)
    assert recorder.table.get(group)["holders"] == {other}


def fails(recorder, job, *runs, says):
    for number, run in enumerate(runs):
        recorder.open_record(job, run, says=says)
        recorder.take(recorder.event(job, run, "FAILED", ended=ENDED_AT + number * 1000))


def test_a_job_that_failed_too_often_is_paused(recorder, job):
    fails(recorder, job, "r1", "r2", says={"pauseAfterFailures": 3})
    assert recorder.pause(job) is None

    fails(recorder, job, "r3", says={"pauseAfterFailures": 3})

    pause = recorder.pause(job)
    assert (pause["by"], pause["reason"]) == (
        PLATFORM.recorder,
        "3 failures in a row, the last r3",
    )
    assert pause["since"].endswith("Z")
    last = recorder.messages(job)[-1]
    assert "*Paused* no scheduled run starts any more: 3 failures in a row" in last.description
    assert f"`batchctl resume {job} --env local`" in last.next_steps


def test_a_resumed_job_is_paused_after_as_many_failures_more(recorder, job):
    """Those of the time of the pause, in which somebody tried it by hand, do not count."""

    def fail(number):
        recorder.open_record(job, f"r{number}", says={"pauseAfterFailures": 2})
        end = ENDED_AT + number * 1000
        recorder.take(recorder.event(job, f"r{number}", "FAILED", ended=end))
        return recorder.pause(job)

    paused = [fail(1), fail(2), fail(3)]
    recorder.table.delete({"pk": control.PAUSES, "sk": job})
    resumed = [fail(4), fail(5)]

    assert [pause and pause["reason"] for pause in paused] == [
        None,
        *["2 failures in a row, the last r2"] * 2,
    ]
    assert resumed[0] is None
    assert resumed[1]["reason"] == "5 failures in a row, the last r5"


def test_a_success_forgets_that_its_job_was_paused(recorder, job):
    says = {"pauseAfterFailures": 1}
    fails(recorder, job, "r1", says=says)
    recorder.table.delete({"pk": control.PAUSES, "sk": job})
    recorder.open_record(job, "r2", says=says)
    recorder.take(recorder.event(job, "r2", ended=ENDED_AT + 1000))
    recorder.open_record(job, "r3", says=says)

    recorder.take(recorder.event(job, "r3", "FAILED", ended=ENDED_AT + 2000))

    assert recorder.pause(job)["reason"] == "1 failure, r3"


def test_a_pause_of_somebody_stays_as_it_is(recorder, job):
    theirs = {"by": "ada", "since": STARTED, "reason": "maintenance"}
    recorder.table.put({"pk": control.PAUSES, "sk": job}, **theirs)

    fails(recorder, job, "r1", says={"pauseAfterFailures": 1})

    assert recorder.pause(job) == theirs


def test_a_pause_that_is_over_does_not_count(recorder, job):
    recorder.table.put(
        {"pk": control.PAUSES, "sk": job}, by="ada", since=STARTED, until=STARTED, reason="x"
    )

    fails(recorder, job, "r1", says={"pauseAfterFailures": 1})

    assert recorder.pause(job)["by"] == PLATFORM.recorder


# Which channel


def test_the_first_success_after_failures_is_told_in_both_channels(recorder, job):
    fails(recorder, job, "r1", "r2", says={"successMessages": True})
    recorder.open_record(job, "r3")

    recorder.take(recorder.event(job, "r3", ended=ENDED_AT + 9000))

    assert recorder.channels(job)[2:] == [
        ("failure", "recovered: succeeded"),
        ("success", "recovered: succeeded"),
    ]
    told = recorder.messages(job)[-1].description
    assert "*Before* 2 failures in a row since 2026-11-23 20:05:00 UTC" in told
    state = recorder.state(job)
    assert state["failures"] == 0
    assert "failingSince" not in state
    assert "lastReason" not in state


def test_without_success_messages_only_the_recovery_is_told(recorder, job):
    fails(recorder, job, "r1", says={"successMessages": False})
    for number, run in enumerate(("r2", "r3"), start=1):
        recorder.open_record(job, run, says={"successMessages": False})
        recorder.take(recorder.event(job, run, ended=ENDED_AT + number * 1000))

    assert [channel for channel, _ in recorder.channels(job)] == ["failure", "failure"]
    assert recorder.channels(job)[1][1] == "recovered: succeeded"
    assert "message" not in recorder.record(job, "r3")


def test_a_command_by_hand_has_nothing_to_do_with_those_before_it(recorder):
    """Neither does it recover from them, nor do they pause it."""
    says = {"successMessages": True, "pauseAfterFailures": 1}
    fails(recorder, RUN_TASK, "r1", "r2", says=says)
    failed = recorder.state(RUN_TASK)
    recorder.open_record(RUN_TASK, "r3", says=says)
    recorder.take(recorder.event(RUN_TASK, "r3", ended=ENDED_AT + 9000))

    assert recorder.channels(RUN_TASK) == [
        ("failure", "failed with exit code 3 after 2 attempts"),
        ("failure", "failed with exit code 3 after 2 attempts"),
        ("success", "succeeded"),
    ]
    assert recorder.record(RUN_TASK, "r3")["message"] == control.Message.SUCCESS
    assert (failed["lastRun"], failed["failures"]) == ("r2", 0)
    assert "failingSince" not in failed
    assert recorder.pause(RUN_TASK) is None


def test_a_topic_of_the_jobs_own_takes_the_place_of_both(recorder, job):
    says = {"successMessages": True, "topicArn": recorder.topics["own"]}
    fails(recorder, job, "r1", says=says)
    for number, run in enumerate(("r2", "r3"), start=1):
        recorder.open_record(job, run, says=says)
        recorder.take(recorder.event(job, run, ended=ENDED_AT + number * 1000))

    assert recorder.channels(job) == [
        ("own", "failed with exit code 3 after 2 attempts"),
        ("own", "recovered: succeeded"),
        ("own", "succeeded"),
    ]


# Killed half-way


class Kill:
    """Stops a recorder while it makes a call, before or after the call has done its work."""

    def __init__(self, faults: Faults, call: str, *, applied: bool, after: int = 0) -> None:
        self._applied = applied
        self._there, self._stopped = threading.Event(), threading.Event()
        faults._add(call, self._answer, times=1, after=after, by=PLATFORM.recorder)

    def _answer(self, proceed, response):
        if self._applied:
            proceed()
        self._there.set()
        assert self._stopped.wait(20)
        raise ConnectionAbortedError("its caller is gone")

    def stop(self, recorder: Recorder, execution: str) -> None:
        assert self._there.wait(20), "no such call was made"
        worker = stepfunctions_parser_backends[PLATFORM.account][PLATFORM.region]
        env = worker.describe_execution(execution).exec_worker.env
        stopping = threading.Thread(
            target=recorder.states.stop_execution, kwargs={"executionArn": execution}
        )
        stopping.start()
        wait_for(lambda: not env.is_running(), "its end")
        self._stopped.set()
        stopping.join()
        assert recorder.end(execution)["status"] == "ABORTED"


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize(
    "call",
    [
        "dynamodb.TransactGetItems",
        "dynamodb.TransactWriteItems",
        "logs.GetLogEvents",
        "sns.Publish",
        "dynamodb.UpdateItem",
    ],
)
def test_a_recorder_killed_half_way_is_followed_by_another(recorder, job, call, applied):
    stream = f"task/app/{job}"
    recorder.write_log(stream, "the last words")
    recorder.open_record(job)
    cause = CAUSE | {"logStream": stream}
    with Faults() as faults:
        kill = Kill(faults, call, applied=applied)
        execution = recorder.start(recorder.event(job, status="FAILED", cause=cause))
        kill.stop(recorder, execution)

    recorder.sweep(job, cause=cause)
    again = recorder.sweep(job)

    # A message of which nobody heard that it was sent is sent again: it could be missing.
    unheard = call == "sns.Publish" and applied
    assert len(recorder.messages(job)) == (2 if unheard else 1)
    assert "the last words" in recorder.messages(job)[-1].description
    assert again == []
    assert recorder.state(job)["failures"] == 1
    assert recorder.record(job)["told"]


@pytest.mark.parametrize("after", [0, 1])
def test_a_recorder_killed_between_two_channels_is_followed_by_another(recorder, job, after):
    fails(recorder, job, "r1", says={"successMessages": True})
    recorder.open_record(job, "r2")
    with Faults() as faults:
        kill = Kill(faults, "sns.Publish", applied=False, after=after)
        execution = recorder.start(recorder.event(job, "r2", ended=ENDED_AT + 1000))
        kill.stop(recorder, execution)

    recorder.sweep(job, "r2")

    assert sorted(recorder.channels(job)[1:]) == [
        ("failure", "recovered: succeeded"),
        ("success", "recovered: succeeded"),
    ]
    assert "*Before* 1 failure" in recorder.messages(job)[-1].description


def test_a_retold_message_is_left_to_the_recorder_that_took_it(recorder, job):
    recorder.open_record(
        job,
        open="untold",
        message="failure",
        result="Job.ExitCode",
        recorder="r-dead",
        ended="2026-11-23T20:05:00.000Z",
        exitCode=3,
    )
    event = recorder.event(job, status="FAILED") | {"retell": True, "recorder": "r-dead"}
    with Faults() as faults:
        held = faults.hold("sns.Publish")
        first = recorder.start(event)
        held.wait()
        second = recorder.take(event)
        held.release()
        recorder.end(first)

    assert second[-1] == "Nothing to do"
    assert len(recorder.messages(job)) == 1


# What it costs


def test_a_run_takes_as_few_transitions_as_is_said(recorder, job):
    stream = f"task/app/{job}"
    recorder.write_log(stream, "the last words")
    taken = {}
    recorder.open_record(job, "quiet", says={"successMessages": False})
    taken["quiet"] = len(recorder.take(recorder.event(job, "quiet")))
    recorder.open_record(job, "told")
    taken["told"] = len(recorder.take(recorder.event(job, "told", ended=ENDED_AT + 1000)))
    recorder.open_record(job, "failed")
    event = recorder.event(
        job, "failed", "FAILED", ended=ENDED_AT + 2000, cause=CAUSE | {"logStream": stream}
    )
    taken["failed"] = len(recorder.take(event))
    recorder.open_record(job, "recovered")
    event = recorder.event(job, "recovered", ended=ENDED_AT + 3000)
    taken["recovered"] = len(recorder.take(event))

    assert taken == {
        "quiet": recorder_transitions.SUCCESS_WITHOUT_MESSAGE,
        "told": recorder_transitions.SUCCESS_WITH_MESSAGE,
        "failed": recorder_transitions.FAILURE,
        "recovered": recorder_transitions.RECOVERED,
    }


# The last lines


def test_a_log_that_cannot_be_read_stops_no_message(recorder, job):
    recorder.open_record(job)
    cause = CAUSE | {"logStream": "task/app/not-there"}

    recorder.take(recorder.event(job, status="FAILED", cause=cause))

    assert "_the log could not be read_" in recorder.messages(job)[0].description


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["x" * 100_000] * 4 + ["the end"], "the end"),
        (["x" * 200_000] * 4, "the last lines of the log are too long for a message"),
    ],
)
def test_lines_too_long_for_a_state_stop_no_message(recorder, job, lines, shown):
    stream = f"task/app/{job}"
    recorder.write_log(stream, *lines)
    recorder.open_record(job)

    recorder.take(recorder.event(job, status="FAILED", cause=CAUSE | {"logStream": stream}))

    [told] = recorder.messages(job)
    assert shown in told.description


# A test of the channels


def a_test(**changed):
    detail = {
        "stateMachineArn": PLATFORM.state_machine_arn("notify-test"),
        "executionArn": PLATFORM.execution_arn("notify-test", "test"),
        "name": "test",
        "status": "SUCCEEDED",
    }
    return {"test": True, "requestedBy": "<ada>", "detail": detail, **changed}


def test_one_message_of_each_kind_is_sent_where_it_would_be(recorder):
    execution = recorder.start(a_test())

    sent = json.loads(recorder.end(execution)["output"])["sent"]

    shown = recorder.messages("notify-test")
    topics = {arn: name for name, arn in recorder.topics.items()}
    assert [(each["message"], topics[each["topic"]]) for each in sent] == [
        ("failure", "failure"),
        ("success", "success"),
        ("recovered", "success"),
        ("recovered", "failure"),
        ("late", "failure"),
        ("over limit", "failure"),
        ("did not run", "failure"),
        ("runs again", "failure"),
    ]
    assert [m.channel for m in shown] == [topics[each["topic"]] for each in sent]
    assert all(m.title.startswith("TEST: batch-local: notify-test ") for m in shown)
    first = {m.description.split("\n")[0] for m in shown}
    assert first == {"This is a test, sent by &lt;ada&gt;"}
    assert recorder.table.run("notify-test", "test") is None
    assert recorder.state("notify-test") is None


def test_a_test_that_cannot_be_sent_fails_and_puts_nothing_aside(recorder):
    with Faults() as faults:
        faults.refuse("sns.Publish", "AuthorizationError", "not you", times=99)
        failed = recorder.fail(a_test())

    assert failed["error"] == "Recorder.TestNotSent"
    assert "not you" in failed["cause"]
    assert recorder.put_aside() == []
