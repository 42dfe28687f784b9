"""What lets a run begin and what does not, with real tasks and the emulator's DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch import control
from batch.documents import admission, job_machine
from batch.job import Job, Overlap
from localaws.emulator import Emulator
from localaws.feed import TaskStateChange
from localaws.fidelity.expressions import evaluate
from tests.local.ecs import wait_for
from tests.local.executions import ENDED
from tests.local.faults import Faults
from tests.local.machines import AT_ONCE, PLATFORM, Machines, time_out

SCHEDULED = {"trigger": "schedule", "schedule": "default"}


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with Emulator(executor="process") as emulator:
        yield Machines(emulator)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that a command of :func:`until` waits for."""
    return tmp_path / "gate"


def until(gate: Path) -> tuple[str, ...]:
    return ("sh", "-c", f"while [ ! -e {gate} ]; do sleep 0.05; done")


def job_of(machine: str) -> str:
    return str(PLATFORM.job_of(machine))


def moment(**ago: float) -> str:
    return control.moment(datetime.now(UTC) - timedelta(**ago))


def at(minute: int) -> dict[str, Any]:
    return {**SCHEDULED, "scheduledTime": f"2026-11-23T18:{minute:02}:00Z"}


def skipped(run: dict[str, Any]) -> str:
    """Return the code of a run that did nothing."""
    assert run["status"] == "SUCCEEDED", run
    assert run["told"]["result"] == "SKIPPED", run
    return str(run["told"]["code"])


def task_states(machines: Machines, run: str) -> list[str]:
    return [status for _, status in machines.changes(run)]


# The record


def test_a_run_that_is_let_in_is_on_record(machines, gate):
    machine = machines.make(*until(gate), run_timeout_seconds=3600)
    given = {
        "trigger": "rerun",
        "requestedBy": "ops",
        "environment": [{"Name": "TOKEN", "Value": "hush"}],
        "note": 7,
    }
    run = machines.start(machine, given)
    machines.running_task(run)

    record = machines.record(run)
    gate.touch()
    ended = machines.end(run)

    started = control.moment(ended["startDate"])
    assert {key: value for key, value in record.items() if key not in ("admitted", "limit")} == {
        "job": job_of(machine),
        "run": ended["name"],
        "execution": run,
        "container": "app",
        "started": started,
        "day": started[:10],
        "expires": int(ended["startDate"].timestamp()) + 400 * 86400,
        "trigger": "rerun",
        "requestedBy": "ops",
        "input": record["input"],
        "says": '{"successMessages": true}',
        "open": "running",
    }
    assert json.loads(record["input"]) == given | {
        "environment": [{"Name": "TOKEN", "Value": "***"}]
    }
    assert record["admitted"] >= started
    limit = datetime.fromisoformat(record["limit"]) - datetime.fromisoformat(record["admitted"])
    assert limit == timedelta(hours=1)


def test_a_run_with_a_wrong_input_is_on_record_and_takes_no_place(machines):
    machine = machines.make("true", overlap=Overlap.SKIP)
    wrong = {"commands": "true", "trigger": 5, "environment": {"A": "hush"}}
    run = machines.run(machine, wrong)

    record = machines.record(run["executionArn"])

    assert run["error"] == "Job.NotStarted"
    assert (record["open"], record["trigger"]) == ("running", "manual")
    assert "hush" not in str(record)
    assert machines.table.get(control.job_slots_key(job_of(machine))) is None


def test_an_input_that_is_no_object_is_on_record(machines):
    run = machines.run(machines.make("true"), [1])

    assert run["error"] == "Job.NotStarted"
    assert machines.record(run["executionArn"])["open"] == "running"


# Overlap


def test_runs_may_overlap_by_default(machines, gate):
    machine = machines.make(*until(gate))
    first, second = machines.start(machine), machines.start(machine)
    machines.running_task(first)
    machines.running_task(second)
    gate.touch()

    assert [machines.end(run)["told"]["result"] for run in (first, second)] == ["SUCCEEDED"] * 2


def test_of_fifty_at_the_same_instant_one_runs_and_all_are_on_record(machines, gate):
    machine = machines.make(*until(gate), overlap=Overlap.SKIP)
    with ThreadPoolExecutor(50) as pool:
        runs = list(pool.map(lambda _: machines.start(machine), range(50)))

    def over() -> list[str]:
        records = [machines.table.run(job_of(machine), run.rsplit(":", 1)[-1]) for run in runs]
        return [record["result"] for record in records if record and "ended" in record]

    results = wait_for(lambda: len(found := over()) == 49 and found, "49 runs that are skipped")
    gate.touch()
    ended = [machines.end(run) for run in runs]

    assert results == ["SKIPPED"] * 49
    assert sorted(run["told"]["result"] for run in ended) == ["SKIPPED"] * 49 + ["SUCCEEDED"]
    (one,) = [run for run in ended if run["told"]["result"] == "SUCCEEDED"]
    assert {skipped(run) for run in ended if run is not one} == {"OVERLAP"}
    assert one["name"] in next(run["told"]["why"] for run in ended if run is not one)
    assert len([h for h in machines.happenings if is_start(h, job_of(machine))]) == 1


def is_start(happening: Any, job: str) -> bool:
    return (
        isinstance(happening, TaskStateChange)
        and happening.job == job
        and happening.detail["lastStatus"] == "RUNNING"
    )


def test_a_place_is_free_again_once_its_run_is_over(machines):
    machine = machines.make("true", overlap=Overlap.SKIP)

    runs = [machines.run(machine) for _ in range(3)]

    assert [run["told"]["result"] for run in runs] == ["SUCCEEDED"] * 3
    assert machines.table.get(control.job_slots_key(job_of(machine))) == {
        "holders": {runs[-1]["executionArn"]}
    }


def test_a_queued_run_waits_for_its_place(machines, gate):
    machine = machines.make(*until(gate), overlap=Overlap.QUEUE)
    first = machines.start(machine)
    machines.running_task(first)
    second = machines.start(machine)
    waiting(machines, second)
    gate.touch()

    assert machines.end(first)["told"]["result"] == "SUCCEEDED"
    assert machines.end(second)["told"]["result"] == "SUCCEEDED"
    begun = machines.record(second)["admitted"]
    assert begun > control.moment(machines.end(first)["stopDate"])


def waiting(machines: Machines, run: str) -> None:
    """Return once a run waits for its place."""

    def waits() -> bool:
        events = machines.states.get_execution_history(executionArn=run)["events"]
        return any(
            event.get("stateEnteredEventDetails", {}).get("name") == "Wait for a place"
            for event in events
        )

    wait_for(waits, f"the wait of {run}")


def test_a_run_that_waits_is_on_record(machines, gate):
    machine = machines.make(*until(gate), overlap=Overlap.QUEUE)
    first = machines.start(machine)
    machines.running_task(first)
    second = machines.start(machine, {"requestedBy": "ops"})
    waiting(machines, second)

    record = machines.record(second)

    assert (record["open"], record["requestedBy"]) == ("running", "ops")
    assert not {"admitted", "holds", "limit"} & record.keys()
    gate.touch()
    machines.end(second)
    assert {"admitted", "holds", "limit"} <= machines.record(second).keys()


def test_a_queued_run_waits_no_longer_than_it_may(machines, gate):
    machine = machines.make(*until(gate), overlap=Overlap.QUEUE, queue_seconds=1)
    first = machines.start(machine)
    machines.running_task(first)

    second = machines.run(machine)
    gate.touch()

    assert skipped(second) == "QUEUED_TOO_LONG"
    assert machines.record(second["executionArn"])["skip"] == "QUEUED_TOO_LONG"
    assert machines.end(first)["told"]["result"] == "SUCCEEDED"


def test_a_run_that_replaces_another_begins_when_its_task_is_stopped(machines, gate):
    machine = machines.make(*until(gate), overlap=Overlap.REPLACE)
    first = machines.start(machine)
    machines.running_task(first)

    second = machines.start(machine)
    old = machines.end(first)
    machines.running_task(second)
    gate.touch()

    assert (old["status"], old["error"]) == ("ABORTED", control.REPLACED)
    assert old["told"] == {"reason": f"replaced by the run {second.rsplit(':', 1)[-1]}"}
    assert machines.end(second)["told"]["result"] == "SUCCEEDED"
    seen = [
        (h.run, h.detail["lastStatus"])
        for h in machines.happenings
        if isinstance(h, TaskStateChange) and h.job == job_of(machine)
    ]
    names = [run.rsplit(":", 1)[-1] for run in (first, second)]
    assert seen.index((names[0], "STOPPED")) < seen.index((names[1], "PROVISIONING"))


# Holders that are gone


@pytest.mark.parametrize("policy", [Overlap.SKIP, Overlap.QUEUE, Overlap.REPLACE])
def test_an_aborted_holder_is_gone_once_its_task_is_stopped(machines, policy):
    command = ("sh", "-c", "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.05; done")
    machine = machines.make(*command, overlap=policy)
    first = machines.start(machine)
    machines.running_task(first)
    machines.states.stop_execution(executionArn=first)

    second = machines.start(machine, {"commands": ["true"]})

    assert machines.end(second)["told"]["result"] == "SUCCEEDED"
    assert "STOPPED" in task_states(machines, first)
    begun = datetime.fromisoformat(machines.record(second)["admitted"])
    stopped = [
        h.time
        for h in machines.happenings
        if isinstance(h, TaskStateChange)
        and h.run == first.rsplit(":", 1)[-1]
        and h.detail["lastStatus"] == "STOPPED"
    ]
    assert stopped[0] < begun


def test_a_holder_that_step_functions_does_not_know_is_gone_after_15_minutes(machines):
    machine = machines.make("true", overlap=Overlap.SKIP)
    job = job_of(machine)
    ghost = PLATFORM.execution_arn(job, "ghost")
    machines.table.put(control.job_slots_key(job), holders={ghost})

    machines.table.put(control.run_key(job, "ghost"), admitted=moment(minutes=14))
    assert skipped(machines.run(machine)) == "OVERLAP"

    machines.table.put(control.run_key(job, "ghost"), admitted=moment(minutes=16))
    assert machines.run(machine)["told"]["result"] == "SUCCEEDED"


# Groups


def test_jobs_of_a_group_share_its_places(machines, gate):
    shared = {"concurrency_group": "warehouse", "group_limit": 2, "queue_seconds": 1}
    jobs = [machines.make(*until(gate), **shared) for _ in range(3)]
    first, second = (machines.start(job) for job in jobs[:2])
    machines.running_task(first)
    machines.running_task(second)

    third = machines.run(jobs[2])
    gate.touch()

    assert skipped(third) == "QUEUED_TOO_LONG"
    assert [machines.end(run)["told"]["result"] for run in (first, second)] == ["SUCCEEDED"] * 2
    assert machines.run(jobs[2])["told"]["result"] == "SUCCEEDED"


def test_a_run_holds_its_group_only_with_its_own_place(machines, gate):
    shared = {"concurrency_group": "api", "group_limit": 1, "queue_seconds": 1}
    own = machines.make(*until(gate), overlap=Overlap.SKIP, **shared)
    other = machines.make("true", overlap=Overlap.SKIP, **shared)
    first = machines.start(own)
    machines.running_task(first)

    refused = machines.run(other)

    assert skipped(refused) == "QUEUED_TOO_LONG"
    assert machines.table.get(control.job_slots_key(job_of(other))) is None
    gate.touch()
    machines.end(first)


# Scheduled times


def test_a_scheduled_time_runs_once(machines):
    machine = machines.make("true")

    runs = [machines.run(machine, at(0)) for _ in range(2)]

    assert runs[0]["told"]["result"] == "SUCCEEDED"
    assert skipped(runs[1]) == "ALREADY_RAN"
    assert "2026-11-23T18:00:00Z" in runs[1]["told"]["why"]
    assert machines.record(runs[1]["executionArn"])["result"] == "SKIPPED"


def test_two_schedules_at_the_same_minute_both_run(machines):
    machine = machines.make("true")

    runs = [machines.run(machine, at(1) | {"schedule": name}) for name in ("default", "late")]

    assert [run["told"]["result"] for run in runs] == ["SUCCEEDED"] * 2


@pytest.mark.parametrize("trigger", ["manual", "rerun", "deploy", "backfill"])
def test_only_schedules_and_backfills_claim_a_time(machines, trigger):
    machine = machines.make("true")

    runs = [machines.run(machine, at(2) | {"trigger": trigger}) for _ in range(2)]

    assert [run["told"]["result"] for run in runs] == ["SUCCEEDED"] * 2


def test_a_backfill_claims_under_its_own_id(machines):
    machine = machines.make("true")

    def run(given: dict[str, Any]) -> str:
        return str(machines.run(machine, given)["told"]["result"])

    backfill = at(3) | {"trigger": "backfill", "backfill": "b1"}
    assert [run(at(3)), run(backfill), run(backfill | {"backfill": "b2"})] == ["SUCCEEDED"] * 3
    assert run(backfill) == "SKIPPED"


def test_a_late_delivery_that_never_ran_still_runs(machines):
    machine = machines.make("true")

    late = machines.run(machine, {**SCHEDULED, "scheduledTime": moment(hours=23)})

    assert late["told"]["result"] == "SUCCEEDED"


@pytest.mark.parametrize(("minutes", "result"), [(61, "SKIPPED"), (59, "SUCCEEDED")])
def test_a_run_after_its_start_deadline_is_skipped(machines, minutes, result):
    machine = machines.make("true", start_deadline_seconds=3600)

    run = machines.run(machine, {**SCHEDULED, "scheduledTime": moment(minutes=minutes)})

    assert run["told"]["result"] == result


def test_a_run_skipped_at_its_deadline_is_still_to_be_told(machines):
    machine = machines.make("true", start_deadline_seconds=3600)

    run = machines.run(machine, {**SCHEDULED, "scheduledTime": moment(hours=2)})

    record = machines.record(run["executionArn"])
    assert skipped(run) == "START_DEADLINE"
    assert (record["open"], record["message"], record["skip"]) == (
        "untold", "late", "START_DEADLINE",
    )  # fmt: skip


@pytest.mark.parametrize("trigger", ["manual", "backfill"])
def test_the_deadline_is_for_runs_of_schedules(machines, trigger):
    machine = machines.make("true", start_deadline_seconds=3600)
    given = {"trigger": trigger, "scheduledTime": moment(hours=2)}

    assert machines.run(machine, given)["told"]["result"] == "SUCCEEDED"


# Pause


@pytest.mark.parametrize("every_job", [False, True])
def test_a_pause_stops_runs_of_schedules_and_no_others(machines, every_job):
    machine = machines.make("true")
    key = {"pk": control.PAUSES, "sk": control.EVERY_JOB if every_job else job_of(machine)}
    machines.table.put(key, by="ops", since=moment(), reason="migration")
    try:
        scheduled = machines.run(machine, at(10))
        by_hand = machines.run(machine, {"trigger": "manual"})
    finally:
        machines.table.delete(key)

    assert skipped(scheduled) == "PAUSED"
    assert scheduled["told"]["why"] == ("the platform" if every_job else "the job") + " is paused"
    assert by_hand["told"]["result"] == "SUCCEEDED"
    assert machines.run(machine, at(10))["told"]["result"] == "SUCCEEDED"


@pytest.mark.parametrize(("ago", "result"), [(-60, "SKIPPED"), (1, "SUCCEEDED")])
def test_a_pause_ends_when_it_says(machines, ago, result):
    machine = machines.make("true")
    key = {"pk": control.PAUSES, "sk": job_of(machine)}
    machines.table.put(key, by="ops", since=moment(hours=1), until=moment(seconds=ago), reason="x")

    assert machines.run(machine, at(11))["told"]["result"] == result


# Answers that are lost, and a table that refuses


@pytest.fixture
def faults() -> Iterator[Faults]:
    with Faults() as faults:
        yield faults


def test_a_run_whose_admission_had_no_answer_is_let_in(machines, faults):
    machine = machines.make("true", overlap=Overlap.SKIP)
    lost = faults.lose_answer("dynamodb.TransactWriteItems", by=name_of(machine))

    run = machines.run(machine, at(20))

    assert lost.met == 1
    assert run["told"]["result"] == "SUCCEEDED"
    assert skipped(machines.run(machine, at(20))) == "ALREADY_RAN"


def name_of(machine: str) -> str:
    return machine.rpartition(":")[2]


def test_every_condition_accepts_the_runs_own_write(machines):
    """As after ten minutes, when DynamoDB has forgotten the request token."""
    job = Job("own", ("true",), overlap=Overlap.SKIP, concurrency_group="g")
    states = job_machine.definition(
        platform=PLATFORM,
        job=job,
        family="f",
        container="app",
        subnets=(),
        security_groups=(),
        public_ip=False,
        project="p",
        group_limit=1,
    )["States"]
    written = states[admission.START]["Arguments"]["TransactItems"]

    def ask(run: str) -> None:
        context = {
            "Execution": {
                "Id": PLATFORM.execution_arn("own", run),
                "Name": run,
                "StartTime": "2026-11-23T18:00:00.000Z",
                "Input": at(21),
            },
            "State": {"EnteredTime": "2026-11-23T18:00:01.000Z"},
        }
        record = states["Read the input"]["Assign"]["record"]
        known = {"states": {"context": context}}
        known["record"] = evaluate(record[2:-2], known)
        items = evaluate(written[2:-2], known)
        assert len(items) == 6
        machines.table.client.transact_write_items(TransactItems=items)

    ask("first")
    ask("first")
    with pytest.raises(machines.table.client.exceptions.TransactionCanceledException) as refused:
        ask("second")

    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    failed = "ConditionalCheckFailed"
    assert reasons == ["None", "None", failed, failed, failed, "None"]


def test_a_write_that_comes_after_the_end_of_its_run_does_nothing(machines, faults):
    machine = machines.make("true", overlap=Overlap.SKIP)
    hold = faults.hold("dynamodb.TransactWriteItems", by=name_of(machine))
    run = machines.start(machine)
    hold.wait()
    # Its run was stopped, and the recorder was there first.
    key = control.run_key(job_of(machine), run.rsplit(":", 1)[-1])
    machines.table.put(key, result="ABORTED", recorder="r1")
    hold.release()

    assert machines.end(run)["error"] == "Job.NotStarted"
    assert machines.record(run) == {"result": "ABORTED", "recorder": "r1"}
    assert machines.table.get(control.job_slots_key(job_of(machine))) is None


def test_a_skip_whose_record_had_no_answer_is_recorded(machines, faults, gate):
    machine = machines.make(*until(gate), overlap=Overlap.SKIP)
    first = machines.start(machine)
    machines.running_task(first)
    lost = faults.lose_answer("dynamodb.PutItem", by=name_of(machine))

    second = machines.run(machine)
    gate.touch()

    assert lost.met == 1
    assert skipped(second) == "OVERLAP"
    assert machines.record(second["executionArn"])["result"] == "SKIPPED"
    machines.end(first)


def test_a_place_whose_release_had_no_answer_is_taken_by_one(machines, faults):
    machine = machines.make("true", overlap=Overlap.SKIP)
    machines.run(machine)
    lost = faults.lose_answer("dynamodb.UpdateItem", by=name_of(machine))

    assert machines.run(machine)["told"]["result"] == "SUCCEEDED"
    assert lost.met == 1


@pytest.mark.parametrize("call", ["stepfunctions.StopExecution", "ecs.StopTask"])
def test_a_run_is_replaced_though_an_answer_is_lost(machines, faults, gate, call):
    machine = machines.make(*until(gate), overlap=Overlap.REPLACE)
    first = machines.start(machine)
    machines.running_task(first)
    lost = faults.lose_answer(call, by=name_of(machine))

    second = machines.start(machine, {"commands": ["true"]})

    assert machines.end(second)["told"]["result"] == "SUCCEEDED"
    assert lost.met == 1
    assert machines.end(first)["status"] == "ABORTED"


def test_a_task_that_does_not_stop_for_a_while_is_waited_for(machines, faults, gate):
    machine = machines.make(*until(gate), overlap=Overlap.REPLACE)
    first = machines.start(machine)
    task = machines.running_task(first)
    # Step Functions tries to stop the task of a run that is aborted, and leaves that of one whose
    # limit ended it.
    time_out(first)
    assert machines.end(first)["status"] == "TIMED_OUT"
    ignored = faults.ignore_stop_task()

    second = machines.start(machine, {"commands": ["true"]})
    wait_for(lambda: ignored.waiting, "the order to stop the task")
    assert machines.task(task)["lastStatus"] == "RUNNING"
    assert not machines.changes(second)
    ignored.take_effect()

    assert machines.end(second)["told"]["result"] == "SUCCEEDED"
    assert machines.task(task)["lastStatus"] == "STOPPED"


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_transactions_that_meet_are_tried_again(machines, faults, reason):
    machine = machines.make("true")
    conflict = faults.cancel("None", reason, times=2, by=name_of(machine))

    assert machines.run(machine)["told"]["result"] == "SUCCEEDED"
    assert conflict.met == 2


def test_a_table_that_refuses_for_a_while_is_asked_again(machines, faults):
    machine = machines.make("true")
    refused = faults.refuse(
        "dynamodb.TransactWriteItems", "ThrottlingException", times=2, by=name_of(machine)
    )

    assert machines.run(machine)["told"]["result"] == "SUCCEEDED"
    assert refused.met == 2


def test_a_start_that_ecs_throttles_is_tried_again(machines, faults):
    machine = machines.make("true", overlap=Overlap.SKIP, start_retry=replace(AT_ONCE, attempts=3))
    refused = faults.refuse("ecs.RunTask", "ThrottlingException", times=2, by=name_of(machine))

    run = machines.run(machine)

    assert refused.met == 2
    assert (run["told"]["result"], run["told"]["attempts"]) == ("SUCCEEDED", 1)


def test_one_runs_at_a_time_while_a_change_of_the_machine_is_on_its_way(machines, faults, gate):
    machine = machines.make(*until(gate), overlap=Overlap.SKIP)
    described = machines.states.describe_state_machine(stateMachineArn=machine)
    update = faults.update_late()
    changed = described["definition"].replace('"Comment": "', '"Comment": "Changed. ')
    machines.states.update_state_machine(stateMachineArn=machine, definition=changed)

    first = machines.start(machine)
    machines.running_task(first)
    assert skipped(machines.run(machine)) == "OVERLAP"
    update.take_effect()
    assert skipped(machines.run(machine)) == "OVERLAP"

    gate.touch()
    assert machines.end(first)["told"]["result"] == "SUCCEEDED"
    now = machines.states.describe_state_machine(stateMachineArn=machine)
    assert "Changed." in now["definition"]


def test_a_holder_that_step_functions_shows_late_keeps_its_place(machines, faults, gate):
    machine = machines.make(*until(gate), overlap=Overlap.SKIP)
    lag = faults.describe_late(by=name_of(machine))
    first = machines.start(machine)
    machines.running_task(first)

    second = machines.run(machine)

    assert skipped(second) == "OVERLAP"
    lag.catch_up()
    gate.touch()
    assert machines.end(first)["told"]["result"] == "SUCCEEDED"


def test_no_run_is_left_over(machines):
    answer = machines.states.list_state_machines()["stateMachines"]
    for machine in answer:
        runs = machines.states.list_executions(stateMachineArn=machine["stateMachineArn"])
        assert {run["status"] for run in runs["executions"]} <= ENDED
