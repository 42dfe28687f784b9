"""Runs whose tasks really run, recorded and told because of their status events."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from batch import control
from batch.documents import message
from batch.job import Overlap
from localaws import notifications
from localaws.emulator import Emulator
from tests.local.ecs import wait_for
from tests.local.faults import Faults
from tests.local.machines import PLATFORM
from tests.local.recorder import Recorder

SLEEP = ("sleep", "60")


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Emulator(executor="process") as emulator:
        made = Recorder(emulator)
        made.listen()
        yield made


def job_of(machine: str) -> str:
    return str(PLATFORM.job_of(machine))


def told(recorder: Recorder, run: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a run once nothing is owed any more."""
    job = job_of(run["stateMachineArn"])

    def closed() -> dict[str, Any] | None:
        record = recorder.table.run(job, run["name"])
        return record if record and "recorder" in record and "open" not in record else None

    record: dict[str, Any] = wait_for(closed, f"the record of {run['name']}")
    return record


def test_a_success_is_recorded_and_told(recorder):
    machine = recorder.machines.make("true")

    run = recorder.machines.run(machine, {"requestedBy": "ada"})

    record = told(recorder, run)
    assert (record["result"], record["exitCode"], record["attempts"]) == ("SUCCEEDED", 0, 1)
    assert (record["trigger"], record["requestedBy"]) == ("manual", "ada")
    assert record["logStream"].startswith("task/app/")
    assert recorder.channels(job_of(machine)) == [("success", "succeeded")]


NASTY = "\n".join(
    [
        "it said \"no\" and 'no' \\ C:\\temp \\n",
        "```code``` `tick` *bold* _it_ ~x~ <!here> <@U1> &amp; {% $x %} ${HOME}",
        "\x1b[31mred\x1b[0m \x07bell \u202egnihton",
        "emoji 😀 👩‍👩‍👧 ü 漢字",
        "line one\rline two",
    ]
)


def test_a_message_is_readable_whatever_the_job_printed(recorder, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(("y" * 40 * 1024 + "\n" + NASTY + "\n").encode() + b"not \xff UTF-8\n")
    machine = recorder.machines.make("sh", "-c", f"cat {shlex.quote(str(text))}; exit 3")

    run = recorder.machines.run(machine)

    told(recorder, run)
    [shown] = recorder.messages(job_of(machine))
    assert len(shown.description) <= message.DESCRIPTION_LIMIT
    head, block, end = shown.description.split("```")
    assert end == ""
    assert head.endswith("*Last log lines*\n")
    lines = block.strip("\n").split("\n")
    assert lines[0].startswith("yyyy")
    assert " … yyyy" in lines[0]
    assert lines[1:] == [
        "it said \"no\" and 'no' \\ C:\\temp \\n",
        "`\u200b`\u200b`code`\u200b`\u200b` `tick` *bold* _it_ ~x~ &lt;!here&gt; &lt;@U1&gt;"
        " &amp;amp; {% $x %} ${HOME}",
        "red bell gnihton",
        "emoji 😀 👩‍👩‍👧 ü 漢字",
        "line one",
        "line two",
        "not \ufffd UTF-8",
    ]
    name = run["name"]
    job = job_of(machine)
    assert shown.next_steps == (
        f"`batchctl why {job}/{name} --env local`",
        f"`batchctl rerun {job}/{name} --env local`",
    )


def test_forty_kilobytes_of_lines_are_cut_at_their_start(recorder):
    lines = (
        'i=0; while [ $i -lt 1000 ]; do echo "line $i of a <long> & winding tale"; i=$((i+1)); done'
    )
    machine = recorder.machines.make("sh", "-c", f"{lines}; exit 1")

    told(recorder, recorder.machines.run(machine))

    [shown] = recorder.messages(job_of(machine))
    assert len(shown.description) <= message.DESCRIPTION_LIMIT
    block = shown.description.split("```")[1]
    assert block.endswith("line 999 of a &lt;long&gt; &amp; winding tale\n")
    assert block.count("\n") > 10
    assert notifications.read(shown.raw).title == shown.title


@pytest.mark.parametrize("how", ["timed out", "aborted"])
def test_the_task_of_a_run_that_was_cut_off_is_stopped_first(recorder, how):
    machine = recorder.machines.make(*SLEEP)
    if how == "timed out":
        # As for a run that waited, and that its own limit therefore did not end.
        definition = json.loads(
            recorder.states.describe_state_machine(stateMachineArn=machine)["definition"]
        )
        recorder.states.update_state_machine(
            stateMachineArn=machine, definition=json.dumps(definition | {"TimeoutSeconds": 3})
        )
    arn = recorder.machines.start(machine)
    task = recorder.machines.running_task(arn)
    if how == "aborted":
        recorder.states.stop_execution(executionArn=arn, cause="by ada")

    run = recorder.states.describe_execution(executionArn=arn) | {"stateMachineArn": machine}
    record = told(recorder, run)

    assert recorder.machines.task(task)["lastStatus"] == "STOPPED"
    assert record["taskArn"] == task
    assert record["logStream"] == f"task/app/{task.rsplit('/', 1)[-1]}"
    words = {"timed out": "stopped at the time limit of the run", "aborted": "aborted: by ada"}
    assert recorder.channels(job_of(machine)) == [("failure", words[how])]


def test_a_place_is_given_back_when_the_task_is_stopped_and_not_before(recorder):
    machine = recorder.machines.make(*SLEEP, overlap=Overlap.SKIP)
    place = control.job_slots_key(job_of(machine))
    arn = recorder.machines.start(machine)
    task = recorder.machines.running_task(arn)
    with Faults() as faults:
        ignored = faults.ignore_stop_task()
        recorder.states.stop_execution(executionArn=arn)
        wait_for(lambda: ignored.waiting, "that the task is to be stopped")
        held = recorder.table.get(place)["holders"]
        ignored.take_effect()
        run = recorder.states.describe_execution(executionArn=arn)
        told(recorder, run)

    assert held == {arn}
    assert recorder.machines.task(task)["lastStatus"] == "STOPPED"
    assert "holders" not in recorder.table.get(place)


def test_step_functions_is_asked_about_a_failure_of_which_the_event_says_nothing(
    recorder, tmp_path
):
    gate = tmp_path / "gate"
    until = f"while [ ! -e {gate} ]; do sleep 0.05; done"
    machine = recorder.machines.make("sh", "-c", f"{until}; exit 3")
    with Faults() as faults:
        faults.events.never()
        arn = recorder.machines.start(machine)
        recorder.machines.running_task(arn)
        lag = faults.describe_late()
        gate.touch()
        wait_for(lambda: ended(recorder, arn), "its end")
        name = arn.rsplit(":", 1)[-1]
        event = recorder.event(job_of(machine), name, "FAILED", error=None, cause="")
        execution = recorder.start(event)
        wait_for(lambda: asked(recorder, execution) == 2, "another question")
        lag.catch_up()
        assert wait_for(lambda: recorder.table.run(job_of(machine), name).get("told"), "its record")

    assert recorder.record(job_of(machine), name)["result"] == "Job.ExitCode"
    assert recorder.channels(job_of(machine)) == [("failure", "failed with exit code 3")]


@pytest.mark.parametrize("how", ["twice", "backwards"])
def test_events_that_come_twice_or_out_of_order_change_nothing(recorder, how):
    machine = recorder.machines.make("sh", "-c", 'exit "$CODE"')
    job = job_of(machine)

    def is_end(detail: dict[str, Any]) -> bool:
        return detail.get("stateMachineArn") == machine and detail["status"] != "RUNNING"

    with Faults() as faults:
        (faults.events.twice if how == "twice" else faults.events.late)(where=is_end)
        runs = [
            recorder.machines.run(machine, {"environment": [{"Name": "CODE", "Value": code}]})
            for code in ("1", "0")
        ]
        recorder.emulator.drain()
        while faults.events.held:
            faults.events.held.pop()()
            told(recorder, runs[len(faults.events.held)])
        records = [told(recorder, run) for run in runs]
        recorder.emulator.drain()
        wait_for(lambda: not running(recorder), "the end of every recorder")

    assert [record["result"] for record in records] == ["Job.ExitCode", "SUCCEEDED"]
    assert recorder.state(job)["lastResult"] == "SUCCEEDED"
    assert recorder.state(job)["failures"] == 0
    assert (
        sorted(channel for channel, _ in recorder.channels(job))
        == {
            # The success ends a failure.
            "twice": ["failure", "failure", "success"],
            # When it is recorded there was none.
            "backwards": ["failure", "success"],
        }[how]
    )


def test_a_job_says_itself_what_becomes_of_its_failures(recorder):
    machine = recorder.machines.make(
        "false", pause_after_failures=2, topic_arn=recorder.topics["own"]
    )
    job = job_of(machine)

    for _ in range(2):
        told(recorder, recorder.machines.run(machine))

    assert recorder.channels(job) == [("own", "failed with exit code 1")] * 2
    assert recorder.pause(job)["by"] == PLATFORM.recorder
    skipped = recorder.machines.run(machine, {"trigger": "schedule"})
    assert skipped["told"]["code"] == "PAUSED"


def test_a_run_that_the_job_machine_refused_is_told(recorder):
    machine = recorder.machines.make("true")

    run = recorder.machines.run(machine, {"cpu": 1})

    record = told(recorder, run)
    assert record["result"] == "Job.NotStarted"
    [shown] = recorder.messages(job_of(machine))
    assert shown.title.endswith("never started: cpu: is not a string; write the value in quotes")


def test_a_run_past_its_start_deadline_is_told(recorder):
    machine = recorder.machines.make("true", start_deadline_seconds=3600)
    given = {"trigger": "schedule", "schedule": "default", "scheduledTime": "2026-01-01T00:00:00Z"}

    run = recorder.machines.run(machine, given)

    record = told(recorder, run)
    assert (record["result"], record["skip"]) == ("SKIPPED", "START_DEADLINE")
    [shown] = recorder.messages(job_of(machine))
    assert shown.channel == "failure"
    assert "came too late: skipped: it would have started more than 1 h after" in shown.title
    assert recorder.state(job_of(machine)) is None


def test_a_run_that_another_one_replaced_is_recorded_and_not_told(recorder):
    machine = recorder.machines.make("sh", "-c", 'sleep "$LONG"', overlap=Overlap.REPLACE)
    first = recorder.machines.start(machine, {"environment": [{"Name": "LONG", "Value": "60"}]})
    task = recorder.machines.running_task(first)

    second = recorder.machines.run(machine, {"environment": [{"Name": "LONG", "Value": "0"}]})

    told(recorder, second)
    record = told(recorder, recorder.states.describe_execution(executionArn=first))
    assert (record["result"], record["error"]) == ("ABORTED", control.REPLACED)
    assert record["reason"] == f"replaced by the run {second['name']}"
    assert record["taskArn"] == task
    assert recorder.channels(job_of(machine)) == [("success", "succeeded")]
    assert recorder.state(job_of(machine))["lastRun"] == second["name"]


def test_a_replaced_run_is_no_failure_where_the_event_does_not_say_that_it_was(recorder):
    machine = recorder.machines.make(*SLEEP)
    job = job_of(machine)
    with Faults() as faults:
        faults.events.never()
        arn = recorder.machines.start(machine)
        recorder.machines.running_task(arn)
        recorder.states.stop_execution(
            executionArn=arn, error=control.REPLACED, cause='{"reason": "replaced by the run r2"}'
        )
        name = arn.rsplit(":", 1)[-1]
        states = recorder.take(recorder.event(job, name, "ABORTED", error=None, cause=None))

    record = recorder.record(job, name)
    assert states.count("Describe the run") == 1
    assert (record["result"], record["error"]) == ("ABORTED", control.REPLACED)
    assert record["reason"] == "replaced by the run r2"
    assert recorder.state(job) is None
    assert recorder.messages(job) == []


def test_its_own_executions_start_no_other(recorder):
    before = len(executions(recorder))
    ended = recorder.end(recorder.start({"detail": "not an event"}))
    machine = recorder.machines.make("true")
    told(recorder, recorder.machines.run(machine))
    recorder.emulator.drain()

    assert ended["status"] == "FAILED"
    assert len(executions(recorder)) == before + 2


def asked(recorder: Recorder, execution: str) -> int:
    """Return how often a recorder asked how its run failed."""
    return recorder.states_of(execution).count("Describe the run")


def ended(recorder: Recorder, arn: str) -> bool:
    history = recorder.states.get_execution_history(executionArn=arn)["events"]
    return history[-1]["type"] == "ExecutionFailed"


def running(recorder: Recorder) -> bool:
    return any(execution["status"] == "RUNNING" for execution in executions(recorder))


def executions(recorder: Recorder) -> list[Any]:
    pages = recorder.states.get_paginator("list_executions").paginate(stateMachineArn=recorder.arn)
    return [execution for page in pages for execution in page["executions"]]
