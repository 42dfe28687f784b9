"""The sweep sees to what no event told, run by the emulator with the recorder and real tasks.

No event ever comes here. Time is what each sweep takes it to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from batch import control
from batch.documents import recorder_machine, sweep_machine
from localaws.emulator import Emulator
from tests.local.ecs import wait_for
from tests.local.faults import Faults
from tests.local.sweeps import PLATFORM, Sweeps

WAIT = {"Type": "Wait", "Seconds": 3600, "End": True}
CAUSE = '{"exitCode": 3, "reason": "Essential container in task exited", "attempts": 2}'
FAIL = {"Type": "Fail", "Error": "Job.ExitCode", "Cause": CAUSE}
SUCCESS = {"Type": "Pass", "End": True, "Result": {"result": "SUCCEEDED", "attempts": 1}}


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(executor="process", fires=False) as emulator:
        yield emulator


@pytest.fixture
def platform(running: Emulator) -> Sweeps:
    running.reset()
    return Sweeps(running)


@pytest.fixture
def faults() -> Iterator[Faults]:
    with Faults() as faults:
        yield faults


def well(swept):
    """Return whether a sweep did all there was to do; what it says if not."""
    return swept.get("cause", "") or swept["status"] == "SUCCEEDED"


# Runs whose event never came


def test_nothing_to_do_takes_few_transitions(platform):
    swept = platform.sweep()

    assert well(swept) is True
    assert platform.transitions(swept["executionArn"]) == sweep_machine.IDLE_TRANSITIONS
    assert platform.recorders() == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (SUCCESS, {"result": "SUCCEEDED", "attempts": 1}),
        (FAIL, {"result": "Job.ExitCode", "attempts": 2, "exitCode": 3}),
    ],
    ids=["a success", "a failure"],
)
def test_a_run_is_recorded_and_told_whose_event_never_came(platform, state, expected):
    run = platform.over("report", **state)
    platform.record("report")

    assert well(platform.sweep(minutes=3)) is True

    record = platform.table.run("report", "r1")
    topic = PLATFORM.success_topic if state is SUCCESS else PLATFORM.failure_topic
    [message] = platform.told(topic)
    assert expected.items() <= record.items()
    assert record["told"]
    assert "open" not in record
    assert run in json.dumps(message)
    assert platform.table.all(control.JOBS)["report"]["lastRun"] == "r1"


@pytest.mark.parametrize("minutes", [0, 1.9])
def test_a_run_that_ended_a_moment_ago_is_left_to_its_event(platform, minutes):
    platform.over("report", **SUCCESS)
    platform.record("report")

    platform.sweep(minutes=minutes)

    assert platform.recorders() == []


def test_a_run_that_goes_on_is_left_alone(platform):
    run = platform.run("report", **WAIT)
    task = platform.task("report")
    platform.record("report")
    before = platform.table.run("report", "r1")

    swept = platform.sweep(minutes=60)

    assert well(swept) is True
    assert platform.table.run("report", "r1") == before
    assert platform.status(task) == "RUNNING"
    assert platform.calls(swept["executionArn"]).count("sfn:describeExecution") == 1
    assert platform.states.describe_execution(executionArn=run)["status"] == "RUNNING"
    assert platform.recorders() == platform.told() == []


@pytest.mark.parametrize(("minutes", "result"), [(14, None), (16, "ABORTED")])
def test_an_unknown_execution_counts_as_alive_for_15_minutes(platform, minutes, result):
    platform.record("report", minutes=minutes)

    assert well(platform.sweep()) is True

    record = platform.table.run("report", "r1")
    assert record.get("result") == result
    assert ("does not know" in record.get("reason", "")) == (result is not None)


def test_the_15_minutes_count_from_admission_and_not_from_the_start(platform):
    platform.record("report", minutes=300, admitted=platform.ago(minutes=14))

    platform.sweep()

    assert "result" not in platform.table.run("report", "r1")


def test_the_input_of_a_run_is_not_read_however_large_it_is(platform):
    """With it the answer could be more than a state's result may be, which nothing catches."""
    platform.over("report", **SUCCESS)
    platform.record("report")

    platform.sweep(minutes=3)

    [recorder] = platform.recorders()
    assert "input" not in platform.given(recorder)["detail"]


def test_two_sweeps_at_once_start_one_recorder(platform):
    platform.over("report", **FAIL)
    platform.record("report")
    platform.record("slow", limit=platform.ago(minutes=1))
    platform.run("slow", **WAIT)

    sweeps = [platform.start(minutes=3), platform.start(minutes=3)]
    ended = [platform.end(sweep) for sweep in sweeps]
    platform.sweep(minutes=3)

    assert [well(sweep) for sweep in ended] == [True, True]
    assert len(platform.recorders()) == 1
    assert len(platform.titles()) == 2


def test_a_recorder_that_failed_is_started_again_by_the_next_sweep(platform, faults):
    platform.over("report", **FAIL)
    platform.record("report")
    refused = faults.refuse(
        "dynamodb.TransactGetItems",
        "ProvisionedThroughputExceededException",
        times=99,
        by=PLATFORM.recorder,
    )

    platform.sweep(minutes=3)
    between = platform.table.run("report", "r1")
    refused.stop()
    platform.sweep(minutes=18)

    assert "result" not in between
    assert platform.table.run("report", "r1")["result"] == "Job.ExitCode"
    assert len(platform.put_aside()) == 1


def test_what_fails_again_and_again_is_tried_once_a_day_after_a_day(platform):
    platform.over("report", **SUCCESS)
    platform.record("report")
    for minutes in (3, 18, 33, 1500, 1515, 1530):
        platform.sweep(minutes=minutes)
        platform.record("report")

    names = {arn.rpartition(":")[2] for arn in platform.recorders()}
    assert len(names) in (4, 5)  # the last three may lie in two days
    assert all(len(name) <= 80 for name in names)


# Messages that were not sent


def dies_at(platform, faults, call, *, lost=False):
    """Have the recorder of a failed run die at a call of its, done or not."""
    platform.over("report", **FAIL)
    platform.record("report")
    hold = faults.hold(call, by=PLATFORM.recorder)
    platform.end(platform.start(minutes=3))
    hold.wait()
    [recorder] = platform.recorders()
    platform.states.stop_execution(executionArn=recorder)
    hold.release()
    return recorder


def test_a_recorder_that_dies_before_it_publishes_is_followed_by_one_that_does(platform, faults):
    recorder = dies_at(platform, faults, "dynamodb.TransactWriteItems")

    platform.sweep(minutes=18)

    record = platform.table.run("report", "r1")
    assert record["told"]
    assert record["recorder"] != recorder.rpartition(":")[2]
    assert len(platform.titles()) == 1


def test_what_was_published_is_not_published_again(platform, faults):
    recorder = dies_at(platform, faults, "dynamodb.UpdateItem")
    untold = platform.table.run("report", "r1")

    platform.sweep(minutes=18)

    record = platform.table.run("report", "r1")
    [again] = set(platform.recorders()) - {recorder}
    assert untold["open"] == control.UNTOLD
    assert platform.given(again)["published"] == [recorder_machine.PUBLISH_STATES[-1]]
    assert record["told"]
    assert "open" not in record
    assert len(platform.titles()) == 1


def test_what_sns_refused_for_good_is_sent_once_by_the_next_sweep(platform, faults):
    """Its state was left as one is that published, and the event put aside."""
    platform.over("report", **FAIL)
    platform.record("report")
    refused = faults.refuse("sns.Publish", "AuthorizationError", times=99, by=PLATFORM.recorder)

    platform.sweep(minutes=3)
    refused.stop()
    owed = platform.table.run("report", "r1")
    aside = platform.put_aside()
    before = platform.told()
    [recorder] = platform.recorders()
    platform.sweep(minutes=18)
    platform.sweep(minutes=33)

    [again] = set(platform.recorders()) - {recorder}
    assert (owed["open"], len(aside), before) == (control.UNTOLD, 1, [])
    assert platform.given(again)["published"] == []
    assert platform.table.run("report", "r1")["told"]
    assert len(platform.titles()) == 1


@pytest.mark.parametrize(
    ("refused_from", "published"),
    [(0, []), (1, recorder_machine.PUBLISH_STATES[:1])],
    ids=["both channels", "the second channel"],
)
def test_a_recovery_is_sent_to_the_channels_that_have_not_heard_of_it(
    platform, faults, refused_from, published
):
    platform.over("report", **SUCCESS)
    platform.record("report")
    platform.table.put(
        {"pk": control.JOBS, "sk": "report"},
        failures=2,
        failingSince=platform.ago(days=1),
        version=1,
    )
    refused = faults.refuse(
        "sns.Publish", "AuthorizationError", times=99, after=refused_from, by=PLATFORM.recorder
    )

    platform.sweep(minutes=3)
    refused.stop()
    [recorder] = platform.recorders()
    platform.sweep(minutes=18)

    [again] = set(platform.recorders()) - {recorder}
    assert platform.given(again)["published"] == list(published)
    assert platform.table.run("report", "r1")["told"]
    assert len(platform.titles()) == len(platform.titles(PLATFORM.success_topic)) == 1


def test_a_recorder_at_work_is_left_alone(platform, faults):
    platform.over("report", **FAIL)
    platform.record("report")
    hold = faults.hold("sns.Publish", by=PLATFORM.recorder)
    platform.end(platform.start(minutes=3))
    hold.wait()

    platform.end(platform.start(minutes=60))

    assert len(platform.recorders()) == 1
    hold.release()


def test_a_run_that_was_skipped_as_too_late_is_told(platform):
    platform.over("report", **SUCCESS | {"Result": {"result": "SKIPPED"}})
    platform.record(
        "report",
        open=control.UNTOLD,
        admitted=None,
        ended=platform.ago(minutes=10),
        result="SKIPPED",
        skip=control.Skip.START_DEADLINE,
        message=control.Message.LATE,
        reason="it came 3 hours late",
    )

    platform.sweep(minutes=3)

    assert platform.table.run("report", "r1")["told"]
    assert len(platform.titles()) == 1


def test_what_cannot_be_told_hides_nothing_that_can(platform, faults):
    """A page and more of it, each tried today already."""
    untold = {
        "open": control.UNTOLD,
        "message": control.Message.FAILURE,
        "result": "Job.ExitCode",
        "ended": platform.ago(minutes=2990),
    }
    for number in range(101):
        platform.record("stuck", f"r{number}", minutes=3000, **untold)
    platform.record("report", minutes=40, **untold | {"ended": platform.ago(minutes=30)})
    faults.refuse(
        "stepfunctions.StartExecution",
        "ExecutionAlreadyExists",
        times=200,
        by=PLATFORM.sweep,
        where=lambda given: "-stuck" in given["input"],
    )

    assert well(platform.sweep()) is True

    assert platform.table.run("report", "r1")["told"]
    assert len(platform.titles()) == 1


# Runs over their limit


def test_a_run_over_its_limit_is_told_once_and_goes_on(platform):
    run = platform.run("report", **WAIT)
    task = platform.task("report")
    platform.record("report", limit=platform.ago(minutes=1))

    platform.sweep()
    platform.sweep(minutes=15)

    [message] = platform.told()
    assert "report" in message["content"]["title"]
    assert "limit" in message["content"]["title"]
    assert platform.table.run("report", "r1")["limitTold"]
    assert platform.states.describe_execution(executionArn=run)["status"] == "RUNNING"
    assert platform.status(task) == "RUNNING"


def test_a_run_within_its_limit_or_without_one_is_not_told(platform):
    for job, limit in (("report", platform.ago(minutes=-5)), ("import", None)):
        platform.run(job, **WAIT)
        platform.record(job, limit=limit)

    platform.sweep()

    assert platform.told() == []


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_sweep(platform, faults):
    platform.run("report", **WAIT)
    platform.record("report", limit=platform.ago(minutes=1))
    refused = faults.refuse("sns.Publish", "InternalError", times=99, by=PLATFORM.sweep)

    swept = platform.sweep()
    refused.stop()
    again = platform.sweep(minutes=15)

    assert swept["status"] == "FAILED"
    assert "report r1 is over its limit is not told" in swept["cause"]
    [aside] = platform.put_aside()
    assert aside["problems"] == [swept["cause"]]
    assert well(again) is True
    assert len(platform.told()) == 1


def test_a_sweep_that_dies_with_a_message_leaves_it_to_the_next(platform, faults):
    platform.run("report", **WAIT)
    platform.record("report", limit=platform.ago(minutes=1))
    hold = faults.hold("sns.Publish", by=PLATFORM.sweep)
    sweep = platform.start()
    hold.wait()
    # One at the same time leaves it to the first.
    platform.end(platform.start())
    platform.states.stop_execution(executionArn=sweep)
    told = platform.told()

    platform.sweep(minutes=15)

    assert platform.table.run("report", "r1")["limitTold"]
    assert told == []
    hold.release()


# Orphaned tasks


def timed_out(platform, job="report"):
    run = platform.over(job, **WAIT, TimeoutSeconds=1)
    assert platform.states.describe_execution(executionArn=run)["status"] == "TIMED_OUT"


def test_the_task_of_a_run_that_timed_out_is_stopped(platform):
    timed_out(platform)
    task = platform.task("report")

    platform.sweep(minutes=3)

    reason = platform.stopped(task)["stoppedReason"]
    assert reason == "batch-local_sweep: the run r1 of report is over (TIMED_OUT)"


@pytest.mark.parametrize(("minutes", "status"), [(14, "RUNNING"), (16, "STOPPED")])
def test_the_task_of_an_unknown_run_is_stopped_after_15_minutes(platform, minutes, status):
    task = platform.task("report")

    swept = platform.sweep(minutes=minutes)

    assert well(swept) is True
    wait_for(lambda: platform.status(task) == status, f"{task} to be {status}")


def test_a_task_that_has_just_begun_is_not_looked_at(platform):
    timed_out(platform)
    task = platform.task("report")

    swept = platform.sweep(minutes=1)

    assert "sfn:describeExecution" not in platform.calls(swept["executionArn"])
    assert platform.status(task) == "RUNNING"


def test_a_task_that_says_no_run_is_nobodys(platform):
    task = platform.task(None)

    swept = platform.sweep(minutes=600)

    assert well(swept) is True
    assert platform.status(task) == "RUNNING"


def test_of_many_tasks_only_the_orphans_are_stopped(platform):
    platform.run("alive", **WAIT)
    platform.record("alive")
    timed_out(platform)
    alive = [platform.task("alive") for _ in range(11)]
    orphan = platform.task("report")

    platform.sweep(minutes=3)

    platform.stopped(orphan)
    assert {platform.status(task) for task in alive} == {"RUNNING"}


# Jobs that did not run

HOUR = 3600


def expect(platform, job="report", *, within=HOUR, **watch):
    platform.table.put({"pk": control.EXPECTATIONS, "sk": job}, within=within)
    if watch:
        platform.table.put({"pk": control.WATCH, "sk": job}, **watch)


def succeeded(platform, moment, job="report"):
    platform.table.put(
        {"pk": control.JOBS, "sk": job}, lastSuccess=moment, lastSuccessRun="r0", version=1
    )


def test_what_is_expected_is_watched_from_when_it_is_first_seen(platform):
    expect(platform)

    platform.sweep()
    platform.sweep(minutes=59)
    early = platform.told()
    platform.sweep(minutes=61)

    assert early == []
    [message] = platform.told()
    assert "report" in message["content"]["title"]
    assert "did not run" in message["content"]["title"]


def test_a_job_that_did_not_run_is_told_once_and_once_when_it_runs_again(platform):
    expect(platform, since=platform.ago(days=9))
    succeeded(platform, platform.ago(minutes=61))

    platform.sweep()
    platform.sweep(minutes=15)
    first = platform.titles()
    succeeded(platform, platform.ago(minutes=-20))
    platform.sweep(minutes=30)
    platform.sweep(minutes=45)
    second = platform.titles()
    platform.sweep(minutes=90)
    third = platform.titles()

    assert ["did not run" in title for title in first] == [True]
    assert ["runs again" in title or "succeeded again" in title for title in second] == [True]
    assert ["did not run" in title for title in third] == [True]


def test_a_success_that_was_recorded_late_ends_it_too(platform):
    """It ended before the job was told not to run: its event was lost."""
    last = platform.ago(minutes=61)
    expect(platform, since=platform.ago(days=9), told=platform.ago(minutes=1), toldAfter=last)
    succeeded(platform, last)

    platform.sweep()
    before = platform.told()
    succeeded(platform, platform.ago(minutes=5))
    platform.sweep(minutes=15)

    assert before == []
    assert len(platform.titles()) == 1
    assert "told" not in platform.table.all(control.WATCH)["report"]


@pytest.mark.parametrize("paused", ["report", control.EVERY_JOB])
@pytest.mark.parametrize("until", [None, -60], ids=["for good", "for an hour more"])
def test_a_paused_job_is_not_missed(platform, paused, until):
    expect(platform, since=platform.ago(days=9))
    limit = {} if until is None else {"until": platform.ago(minutes=until)}
    platform.table.put({"pk": control.PAUSES, "sk": paused}, by="me", reason="why", **limit)

    swept = platform.sweep()

    assert well(swept) is True
    assert platform.told() == []


def test_after_a_pause_a_job_has_its_time_again(platform):
    expect(platform, since=platform.ago(days=9))
    platform.table.put(
        {"pk": control.PAUSES, "sk": "report"}, by="me", until=platform.ago(minutes=-10)
    )

    for minutes in (0, 15, 70):
        platform.sweep(minutes=minutes)
    early = platform.told()
    platform.sweep(minutes=80)

    assert early == []
    assert len(platform.titles()) == 1


def test_a_job_that_is_off_in_code_is_forgotten(platform):
    expect(platform, since=platform.ago(days=9))
    platform.table.delete({"pk": control.EXPECTATIONS, "sk": "report"})

    platform.sweep()
    off = platform.table.all(control.WATCH)
    expect(platform)
    platform.sweep(minutes=15)

    assert off == {}
    assert platform.told() == []


def test_a_skipped_run_is_no_success(platform):
    expect(platform, since=platform.ago(minutes=50))
    platform.over("report", **SUCCESS | {"Result": {"result": "SKIPPED", "code": "PAUSED"}})
    platform.record("report")

    platform.sweep(minutes=3)
    platform.sweep(minutes=18)

    assert ["did not run" in title for title in platform.titles()] == [True]


def test_more_jobs_than_a_page_holds_are_all_watched(platform):
    jobs = [f"job-{n}" for n in range(320)]
    for job in jobs:
        platform.table.put({"pk": control.EXPECTATIONS, "sk": job}, within=HOUR)
    for job in jobs[:310]:
        platform.table.put({"pk": control.WATCH, "sk": job}, since=platform.ago(minutes=1))
    platform.table.put({"pk": control.WATCH, "sk": "gone"}, since=platform.ago(minutes=1))

    swept = platform.sweep()

    assert well(swept) is True
    assert platform.table.all(control.WATCH).keys() == set(jobs)
    assert platform.told() == []


# One thing that cannot be done


def test_one_poisonous_record_does_not_stop_the_others(platform):
    platform.over("report", **FAIL)
    platform.record("report")
    platform.record("not a job", "*")
    platform.table.put(
        control.run_key("odd", "r1"), open=control.RUNNING, started=platform.ago(days=1), limit=7
    )
    expect(platform, since=platform.ago(days=9))
    task = platform.task("gone")

    swept = platform.sweep(minutes=16)

    assert swept["status"] == "FAILED"
    assert swept["error"] == "Sweep.NotAllIsDone"
    assert "not a job *" in swept["cause"]
    assert platform.table.run("report", "r1")["told"]
    assert sorted("did not run" in title for title in platform.titles()) == [False, True]
    platform.stopped(task)
    [aside] = [each for each in platform.put_aside() if "problems" in each]
    assert aside["source"] == "batch.sweep"
    assert aside["execution"] == swept["executionArn"]


@pytest.mark.parametrize(
    ("call", "which", "problem"),
    [
        ("dynamodb.Query", "untold", "what is not told is not read"),
        ("dynamodb.Query", "running", "the open runs are not read"),
        ("dynamodb.Query", "expectations", "what is expected of jobs is not read"),
        ("dynamodb.Query", "watch", "what is watched is not read"),
        ("dynamodb.BatchGetItem", "", "the last successes of some jobs are not read"),
        ("ecs.ListTasks", "", "the running tasks are not listed"),
        ("ecs.DescribeTasks", "", "running tasks are not looked at"),
        ("ecs.StopTask", "", "its task is not stopped"),
        ("stepfunctions.StartExecution", "", "its recorder does not start"),
        ("cloudwatch.PutMetricData", "", "the runs over their limit are not counted"),
        ("sns.Publish", "", "report did not run is not told"),
    ],
)
def test_what_does_not_need_the_part_that_fails_is_done(platform, faults, call, which, problem):
    platform.over("record", **FAIL)
    platform.record("record")
    expect(platform, since=platform.ago(days=9))
    timed_out(platform, "task")
    task = platform.task("task")
    faults.refuse(
        call,
        "ThrottlingException",
        times=99,
        by=PLATFORM.sweep,
        where=lambda given: not which or which in json.dumps(given),
    )

    swept = platform.sweep(minutes=3)

    done = {
        "recorded": "told" in platform.table.run("record", "r1"),
        "stopped": platform.status(task) != "RUNNING",
        "watched": "told" in platform.table.all(control.WATCH)["report"],
    }
    assert problem in swept["cause"]
    assert sum(done.values()) >= 2, done
    assert len(platform.put_aside()) == 1


@pytest.mark.parametrize(
    "call",
    [
        "dynamodb.Query",
        "dynamodb.BatchGetItem",
        "dynamodb.UpdateItem",
        "ecs.ListTasks",
        "ecs.DescribeTasks",
        "ecs.StopTask",
        "stepfunctions.StartExecution",
        "stepfunctions.DescribeExecution",
        "stepfunctions.GetExecutionHistory",
        "cloudwatch.PutMetricData",
        "sns.Publish",
    ],
)
def test_a_call_that_is_throttled_for_a_moment_is_made_again(platform, faults, call):
    platform.over("record", **FAIL)
    platform.record("record")
    expect(platform, since=platform.ago(days=9))
    timed_out(platform, "task")
    task = platform.task("task")
    throttled = faults.refuse(call, "ThrottlingException", times=2, by=PLATFORM.sweep)

    swept = platform.sweep(minutes=3)

    assert throttled.met == 2
    assert well(swept) is True
    assert platform.table.run("record", "r1")["told"]
    assert len(platform.titles()) == 2
    platform.stopped(task)


@pytest.mark.parametrize("call", ["dynamodb.UpdateItem", "stepfunctions.StartExecution"])
def test_a_write_whose_answer_is_lost_is_no_refusal(platform, faults, call):
    platform.over("record", **FAIL)
    platform.record("record")
    expect(platform, since=platform.ago(days=9))
    lost = faults.lose_answer(call, times=2, by=PLATFORM.sweep)

    swept = platform.sweep(minutes=3)

    assert lost.met == 2
    assert well(swept) is True
    assert len(platform.titles()) == 2
    assert len(platform.recorders()) == 1


def test_a_queue_that_refuses_does_not_hide_what_went_wrong(platform, faults):
    faults.refuse("ecs.ListTasks", "ThrottlingException", times=99)
    faults.refuse("sqs.SendMessage", "ThrottlingException", times=99)

    swept = platform.sweep()

    assert swept["status"] == "FAILED"
    assert "the running tasks are not listed" in swept["cause"]


def test_step_functions_that_lags_behind_has_nothing_stopped_or_recorded(platform, faults):
    lag = faults.describe_late(by=PLATFORM.sweep)
    run = platform.run("report", **WAIT)
    task = platform.task("report")
    platform.record("report", minutes=10)

    platform.sweep(minutes=4)
    alive = platform.status(task)
    lag.catch_up()
    platform.sweep(minutes=60)

    assert alive == platform.status(task) == "RUNNING"
    assert platform.recorders() == []
    assert platform.states.describe_execution(executionArn=run)["status"] == "RUNNING"


def test_no_table_is_told(platform):
    platform.emulator.client("dynamodb").delete_table(TableName=PLATFORM.control_table)

    swept = platform.sweep()

    assert swept["status"] == "FAILED"
    assert "ResourceNotFound" in swept["cause"]
    assert len(platform.put_aside()) == 1


def test_it_cannot_start_itself(platform):
    policy = platform.emulator.client("iam").get_role_policy(
        RoleName=PLATFORM.sweep, PolicyName=PLATFORM.sweep
    )["PolicyDocument"]
    startable = [
        statement["Resource"]
        for statement in policy["Statement"]
        if any("StartExecution" in action or "*" in action for action in statement["Action"])
    ]

    assert startable == [[PLATFORM.own_machine_arn(PLATFORM.recorder)]]
