"""What docs/cost.md says of the transitions of a run is what a run takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batch import control
from batch.documents import sweep_machine
from tests.local.ecs import wait_for
from tests.local.platforms import PLATFORM, UNTIL_TOLD, Deployed, deployed

PAGE = (Path(__file__).parents[2] / "docs/cost.md").read_text(encoding="utf-8")
PER_1000 = 0.025
"""Dollars of 1,000 transitions of a standard workflow in us-east-1."""

QUICKLY = {"attempts": 2, "interval": "1s", "jitter": False}
JOBS: dict[str, Any] = {
    "silent": {"command": ["true"], "success_messages": False},
    "told": {"command": ["true"]},
    "every": {
        "command": ["true"],
        "success_messages": False,
        "overlap": "skip",
        "concurrency_group": "db",
        "start_deadline": "24h",
    },
    "second": {
        "shell": '[ "$BATCH_ATTEMPT" = 2 ]',
        "success_messages": False,
        "retry": QUICKLY,
    },
    "fails": {"command": ["false"]},
    "recovers": {"shell": "exit ${CODE:-0}"},
    "queued": {"shell": UNTIL_TOLD, "overlap": "queue", "success_messages": False},
    "alone": {"shell": UNTIL_TOLD, "overlap": "skip", "success_messages": False},
}


def rows() -> dict[str, list[str]]:
    """Return the table of transitions: the cells by what the run does."""
    found = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    return {what: numbers for what, *numbers in found}


@pytest.fixture(scope="module")
def platform() -> Iterator[Deployed]:
    with deployed(JOBS, concurrency_groups={"db": 3}) as platform:
        yield platform


def taken(platform: Deployed, job: str, **given: Any) -> tuple[int, int]:
    """Run a job; return the transitions of its machine and of the recorder."""
    before = set(platform.executions(PLATFORM.recorder))
    run = platform.start(job, given)
    platform.end(run)
    platform.quiet()
    recorders = set(platform.executions(PLATFORM.recorder)) - before
    return platform.transitions(run), sum(platform.transitions(arn) for arn in recorders)


def test_every_row_adds_up():
    assert rows()
    for what, (machine, recorder, together, dollars) in rows().items():
        assert int(machine) + int(recorder) == int(together), what
        assert f"{int(together) * PER_1000:.3f}" == dollars, what


def test_runs_take_what_the_page_says(platform):
    at = {"trigger": "schedule", "schedule": "default"}
    now = control.moment(platform.states.list_state_machines()["stateMachines"][0]["creationDate"])
    scheduled = {**at, "scheduledTime": now[:19] + "Z"}

    counted = {
        "succeeds, success messages off": taken(platform, "silent"),
        "succeeds, told": taken(platform, "told"),
        "succeeds with `overlap: skip`, a group and a claimed time": taken(
            platform, "every", **scheduled
        ),
        "succeeds at the second attempt": taken(platform, "second"),
        "fails, told": taken(platform, "fails"),
        "succeeds after a failure, told in both channels": after_a_failure(platform),
        "skipped: paused, or the scheduled time has run": taken(platform, "every", **scheduled),
        "waits once for its place (`overlap: queue`)": queued(platform),
        **alone(platform),
    }

    assert {what: [str(n) for n in numbers] for what, numbers in counted.items()} == {
        what: numbers[:2] for what, numbers in rows().items()
    }


def after_a_failure(platform: Deployed) -> tuple[int, int]:
    taken(platform, "recovers", environment=[{"Name": "CODE", "Value": "1"}])
    return taken(platform, "recovers")


def queued(platform: Deployed) -> tuple[int, int]:
    platform.start("queued", {}, "ahead")
    wait_for(lambda: platform.tasks("ahead", "RUNNING"), "the run ahead")
    run = platform.start("queued", {}, "behind")
    waiting = control.run_key("queued", "behind")
    wait_for(lambda: platform.table.get(waiting), "the record of the run behind")
    platform.tell("ahead", 0)
    platform.end(PLATFORM.execution_arn("queued", "ahead"))
    platform.quiet()
    before = set(platform.executions(PLATFORM.recorder))
    platform.tell("behind", 0)
    platform.end(run)
    platform.quiet()
    (recorder,) = set(platform.executions(PLATFORM.recorder)) - before
    return platform.transitions(run), platform.transitions(recorder)


def alone(platform: Deployed) -> dict[str, tuple[int, int]]:
    """Return what a run takes that finds the place of its job held."""
    platform.start("alone", {}, "first")
    wait_for(lambda: platform.tasks("first", "RUNNING"), "the first run")
    skipped = taken(platform, "alone")
    platform.tell("first", 0)
    platform.end(PLATFORM.execution_arn("alone", "first"))
    platform.quiet()
    # As if the first run's recorder had not come yet.
    held = {PLATFORM.execution_arn("alone", "first")}
    platform.table.put(control.job_slots_key("alone"), holders=held)
    platform.tell("second", 0)
    before = set(platform.executions(PLATFORM.recorder))
    second = platform.start("alone", {}, "second")
    assert json.loads(platform.end(second)["output"])["result"] == "SUCCEEDED"
    platform.quiet()
    (recorder,) = set(platform.executions(PLATFORM.recorder)) - before
    return {
        "skipped: another run is not over (`overlap: skip`)": skipped,
        "finds its place held by a run that is over": (
            platform.transitions(second),
            platform.transitions(recorder),
        ),
    }


def test_an_idle_sweep_takes_what_the_page_says(platform):
    taken = platform.transitions(platform.sweep())

    assert taken == sweep_machine.IDLE_TRANSITIONS
    assert f"takes {taken} transitions when there is nothing to do" in PAGE
