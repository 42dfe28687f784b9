"""Whatever happens to the runs of a job, the platform keeps its promises.

Hypothesis makes up stories of a ``skip`` and of a ``replace`` job on a whole platform, as it is
deployed: starts by hand and by schedule, second and late deliveries, ends of every kind, pauses, answers and events
that are lost. Tasks are real processes; their ends are told to them. After each step the story
waits for what must follow, never for time to pass.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from batch import control
from localaws.feed import SlackMessage, TaskStateChange
from tests.local.ecs import wait_for
from tests.local.faults import Faults
from tests.local.machines import time_out
from tests.local.platforms import PLATFORM, UNTIL_TOLD, Deployed, deployed

EPOCH = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
JOBS = {overlap: {"shell": UNTIL_TOLD, "overlap": overlap} for overlap in ("skip", "replace")}


def skipped(platform: Deployed, job: str, run: str) -> str | None:
    """Return why a run did nothing; None once its task runs."""
    arn = PLATFORM.execution_arn(job, run)

    def known() -> list[str | None] | None:
        if platform.tasks(run, "RUNNING"):
            return [None]
        described = platform.states.describe_execution(executionArn=arn)
        if described["status"] == "RUNNING":
            return None
        return [json.loads(described["output"])["code"]]

    return wait_for(known, f"what becomes of {run}")[0]


def forget(platform: Deployed, job: str) -> None:
    """Empty the table and the memory of what happened."""
    platform.quiet()
    for partition in (f"run#{job}", f"claim#{job}", control.SLOTS, control.PAUSES, control.JOBS):
        for sort_key in platform.table.all(partition):
            platform.table.delete({"pk": partition, "sk": sort_key})
    platform.happenings.clear()


class Story(RuleBasedStateMachine):
    """One job's life."""

    platform: Deployed
    job: str
    """Named like its overlap policy."""

    count = 0

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()
        self.faults.__enter__()
        self.active: str | None = None
        self.paused = False
        self.runs: dict[str, str | None] = {}
        """Every run that was started, and why it was skipped."""
        self.ended: dict[str, str] = {}
        """How each run that was let in ended."""
        self.replaced: set[str] = set()
        self.times: dict[int, str | None] = {}
        """Scheduled times that were delivered, and the run that had it."""

    @initialize()
    def begin(self) -> None:
        forget(self.platform, self.job)

    @rule(
        what=st.sampled_from(
            ["by hand", "deliver", "deliver again", "end", "end", "pause", "sweep"]
        ),
        minute=st.integers(0, 20),
        how=st.sampled_from(["finish", "fail", "abort", "time out", "stop the task"]),
        event=st.sampled_from(["told", "lost", "twice"]),
        lost=st.booleans(),
    )
    def step(self, what: str, minute: int, how: str, event: str, lost: bool) -> None:
        """Do one thing. As one rule, for Hypothesis leaves whole rules out of a story."""
        if what == "end" and self.active:
            self.end(how, event, lost=lost)
        elif what in ("by hand", "end"):
            self.start({"trigger": "manual"}, self.overlapping(), lost=lost)
        elif what == "deliver again" and self.times:
            self.deliver(sorted(self.times)[minute % len(self.times)], lost=lost)
        elif what == "pause":
            self.pause_or_resume()
        elif what == "sweep":
            self.platform.sweep()
        else:
            self.deliver(minute, lost=lost)

    def overlapping(self) -> str | None:
        """Return why a run is skipped that another one is in the way of."""
        return "OVERLAP" if self.active and self.job == "skip" else None

    def start(self, given: dict[str, Any], expected: str | None, *, lost: bool) -> str:
        """Start a run, with the answer to its admission lost or not; it is let in, or skipped."""
        Story.count += 1
        run = f"run-{Story.count}"
        fault = (
            self.faults.lose_answer(
                "dynamodb.TransactWriteItems", by=PLATFORM.state_machine(self.job)
            )
            if lost
            else None
        )
        self.platform.start(self.job, given, run)
        self.runs[run] = skipped(self.platform, self.job, run)
        if fault:
            fault.stop()
        assert self.runs[run] == expected, (run, given)
        if expected is None:
            if self.active:
                self.ended[self.active] = "ABORTED"
                self.replaced.add(self.active)
                self.platform.quiet()
            self.active = run
        return run

    def deliver(self, minute: int, *, lost: bool) -> None:
        """Start for a scheduled time, for the first time or once more, in order or late."""
        given = {
            "trigger": "schedule",
            "schedule": "default",
            "scheduledTime": f"{EPOCH + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}",
        }
        if self.paused:
            expected = "PAUSED"
        elif self.times.get(minute):
            expected = "ALREADY_RAN"
        else:
            expected = self.overlapping()
        run = self.start(given, expected, lost=lost)
        self.times[minute] = self.times.get(minute) or (run if expected is None else None)

    def end(self, how: str, event: str, *, lost: bool) -> None:
        """End the run that is alive; its event, or the recorder's answer, is lost or not."""
        run, self.active = str(self.active), None
        if event == "lost":
            self.faults.events.never(name=run)
        elif event == "twice":
            self.faults.events.twice(name=run)
        recorder = PLATFORM.recorder
        fault = (
            self.faults.lose_answer("dynamodb.TransactWriteItems", by=recorder) if lost else None
        )
        arn = PLATFORM.execution_arn(self.job, run)
        if how in ("finish", "fail"):
            self.platform.tell(run, 0 if how == "finish" else 3)
        elif how == "abort":
            self.platform.states.stop_execution(executionArn=arn)
        elif how == "time out":
            time_out(arn)
        else:
            (task,) = self.platform.tasks(run, "RUNNING")
            self.platform.emulator.client("ecs").stop_task(cluster=PLATFORM.prefix, task=task)
        self.ended[run] = self.platform.end(arn)["status"]
        self.platform.quiet()
        if fault:
            fault.stop()
        self.faults.events.right()

    def pause_or_resume(self) -> None:
        """Do what an operator does."""
        key = {"pk": control.PAUSES, "sk": self.job}
        if self.paused:
            self.platform.table.delete(key)
        else:
            now = control.moment(datetime.now(UTC))
            self.platform.table.put(key, by="ops", since=now, reason="x")
        self.paused = not self.paused

    # Promises

    @invariant()
    def at_most_one_task_is_alive(self) -> None:
        alive: set[str] = set()
        for happening in tuple(self.platform.happenings):
            if isinstance(happening, TaskStateChange):
                arn = str(happening.detail["taskArn"])
                if happening.detail["lastStatus"] == "STOPPED":
                    alive.discard(arn)
                else:
                    alive.add(arn)
                assert len(alive) <= 1

    def teardown(self) -> None:
        try:
            self._keep_promises()
        finally:
            self.faults.__exit__()
            if self.active:
                self.platform.tell(self.active, 0)
                self.platform.end(PLATFORM.execution_arn(self.job, self.active))

    def _keep_promises(self) -> None:
        if self.active:
            self.end("finish", "told", lost=False)
        self.platform.sweep()
        records = self.platform.table.all(f"run#{self.job}")
        skips = {run: code for run, code in self.runs.items() if code}

        assert records.keys() == self.runs.keys()
        assert {run for run, record in records.items() if "open" in record} == set()
        assert {run: r["skip"] for run, r in records.items() if "skip" in r} == skips
        statuses = {run: _status(r["result"]) for run, r in records.items() if "skip" not in r}
        assert statuses == self.ended
        assert self.platform.table.get(control.job_slots_key(self.job)) in (None, {})
        told = Counter(
            json.loads(h.raw)["metadata"]["additionalContext"]["run"]
            for h in tuple(self.platform.happenings)
            if isinstance(h, SlackMessage) and h.channel == "C0FAILURE"
        )
        failed = {run for run, status in self.ended.items() if status != "SUCCEEDED"}
        failed -= self.replaced
        recovered = {run for run, r in records.items() if r.get("message") == "recovered"}
        assert told == Counter(failed | recovered)


def _status(result: str) -> str:
    return "FAILED" if result.startswith("Job.") else result


@pytest.mark.parametrize("job", JOBS)
def test_the_platform_keeps_its_promises(job: str) -> None:
    with deployed(JOBS) as platform:
        story = type("Story", (Story,), {"platform": platform, "job": job})
        run_state_machine_as_test(
            story,
            settings=settings(
                max_examples=7,
                stateful_step_count=14,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
