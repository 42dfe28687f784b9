"""The definition of the sweep: what holds of every state of it, and how much it does at most."""

from __future__ import annotations

import json
import re

import jsonata
import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from batch.contract import Platform
from batch.documents import statements, sweep_bounds, sweep_machine
from localaws.fidelity.expressions import evaluate
from tests.allowing import Call, allows
from tests.documents_examples import KEY, PLATFORM, QUEUE, TOPIC
from tests.test_documents_machines import complaints, expressions, targets

QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters"
DEFINITION = sweep_machine.definition(
    platform=PLATFORM, queue_url=QUEUE_URL, failure_topic_arn=TOPIC
)
POLICY = statements.policy(
    sweep_machine.permissions(
        platform=PLATFORM, queue_arn=QUEUE, failure_topic_arn=TOPIC, key_arn=KEY
    )
)


def machines(definition):
    """Yield the start and the states of a machine, and of each Map within it."""
    yield definition["StartAt"], definition["States"]
    for state in definition["States"].values():
        if state["Type"] == "Map":
            yield from machines(state["ItemProcessor"])


def states(kind):
    return {
        name: state
        for _, within in machines(DEFINITION)
        for name, state in within.items()
        if state["Type"] == kind
    }


def test_passes_an_independent_validator():
    assert complaints(DEFINITION) == []


def test_every_state_is_reached_and_there():
    for start, within in machines(DEFINITION):
        reached, ahead = set(), [start]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += targets(within[name])

        assert reached == set(within)


def test_every_expression_parses_and_uses_what_step_functions_has():
    for path, text in expressions(DEFINITION):
        jsonata.Jsonata(text)
        without_texts = re.sub(r"'[^']*'", "''", text)

        assert not re.search(r"\$eval\b|\$\$|\$(?![A-Za-z])", without_texts), path


def test_every_call_is_tried_again_and_has_what_happens_when_it_fails_for_good():
    for name, state in states("Task").items():
        assert state["Retry"][-1]["ErrorEquals"] == ["States.TaskFailed"], name
        assert state["Retry"][-1]["MaxAttempts"] > 1, name
        assert state["Retry"][-1]["JitterStrategy"] == "FULL", name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_every_map_goes_on_when_it_fails():
    for name, state in states("Map").items():
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_no_name_is_one_that_dynamodb_keeps_for_itself():
    reserved = {word.lower() for word in ReservedKeywords.get_reserved_keywords()}
    words = reserved - {"set", "remove", "and", "or", "between"}
    for name, state in states("Task").items():
        for key, value in state["Arguments"].items():
            if key.endswith("Expression"):
                used = re.findall(r"(?<![#:\w])[a-z]\w*", value)
                assert not words & {word.lower() for word in used}, (name, value)


def test_it_ends_before_the_next_begins():
    assert DEFINITION["TimeoutSeconds"] < 15 * 60


def longest(states, name):
    """Return the most events of an item of a Map from a state on."""
    own = 5 if states[name]["Type"] == "Task" else 2
    return own + max((longest(states, after) for after in targets(states[name])), default=0)


def test_a_sweep_that_does_all_it_may_has_history_left_for_retries():
    bounds = sweep_bounds
    items = {
        name: 2 + longest(state["ItemProcessor"]["States"], state["ItemProcessor"]["StartAt"])
        for name, state in DEFINITION["States"].items()
        if state["Type"] == "Map"
    }
    acted = max(events for name, events in items.items() if name.startswith("See to"))
    looked = max(events for name, events in items.items() if not name.startswith("See to"))
    looks = (
        bounds.RUNS
        + bounds.RUN_PAGE  # the last page is looked at to its end
        + bounds.TASKS / bounds.DESCRIBED_TASKS
        + bounds.EXPECTED_JOBS / bounds.READ_JOBS
    )
    pages = (
        bounds.RUNS / bounds.RUN_PAGE
        + 2
        + bounds.TASKS / bounds.TASK_PAGE
        + bounds.EXPECTED_JOBS / bounds.EXPECTED_PAGE
    )
    per_page = 5 * 5

    assert bounds.ACTIONS * acted + looks * looked + pages * per_page < 0.75 * 25_000


@pytest.mark.parametrize(
    ("asked", "next_", "untold", "after"),
    [
        (200, {}, {}, "Put how many runs are over their limit"),
        (899, {"pk": "a"}, {"pk": "b"}, "Read more open runs"),
        (899, {}, {"pk": "b"}, "Read more that is not told"),
        (900, {"pk": "a"}, {}, "Too many runs"),
        (900, {}, {"pk": "b"}, "Too many runs"),
        (900, {}, {}, "Put how many runs are over their limit"),
    ],
)
def test_what_is_left_of_the_runs_is_read_or_told(asked, next_, untold, after):
    state = DEFINITION["States"]["More runs?"]
    variables = {"asked": asked, "next": next_, "untold": untold}
    met = [
        rule["Next"]
        for rule in state["Choices"]
        if evaluate(rule["Condition"].removeprefix("{%").removesuffix("%}"), variables)
    ]

    assert next(iter(met), state["Default"]) == after


@pytest.mark.parametrize("run", ["r1", "x" * 80])
@pytest.mark.parametrize(
    ("at", "stopped", "slot"),
    [
        ("2026-11-25T03:14:59.999Z", "2026-11-25T03:00:00.000Z", "20261125T0300"),
        ("2026-11-25T03:15:00.000Z", "2026-11-25T03:00:00.000Z", "20261125T0315"),
        ("2026-11-27T03:15:00.000Z", "2026-11-25T03:00:00.000Z", "20261127"),
    ],
)
def test_a_recorder_has_one_name_a_run_and_quarter_of_an_hour(run, at, stopped, slot):
    name = states("Task")["Start the recorder"]["Arguments"]["Name"][2:-2]
    item = {
        "run": run,
        "execution": PLATFORM.execution_arn("report", run),
        "stopDate": evaluate(f"$toMillis('{stopped}')", {}),
    }

    given = evaluate(name, {"at": at, "states": {"input": item}})

    assert given.endswith(f"-{slot}")
    assert given.startswith(run[:40])
    assert len(given) <= 80


def test_it_starts_the_recorder_and_nothing_else():
    startable = [PLATFORM.own_machine_arn(PLATFORM.recorder)]
    others = [
        PLATFORM.own_machine_arn(PLATFORM.sweep),
        PLATFORM.state_machine_arn("report"),
    ]

    assert {
        arn: allows(POLICY, Call("states:StartExecution", arn)) for arn in [*startable, *others]
    } == {arn: arn in startable for arn in [*startable, *others]}
    assert not any(
        allows(POLICY, Call(action, arn))
        for arn in [*startable, *others]
        for action in ("states:StartSyncExecution", "states:RedriveExecution")
    )


def test_it_writes_only_what_is_its_own():
    def may(action, partition):
        context = {"dynamodb:LeadingKeys": partition}
        return allows(POLICY, Call(f"dynamodb:{action}", PLATFORM.control_table_arn, context))

    assert may("UpdateItem", "run#report")
    assert may("UpdateItem", "watch")
    assert may("DeleteItem", "watch")
    assert not may("UpdateItem", "slots")
    assert not may("UpdateItem", "jobs")
    assert not may("DeleteItem", "run#report")
    assert not may("PutItem", "watch")


def test_the_partition_is_the_platforms():
    china = Platform("batch", "stg", "123456789012", "cn-north-1", "aws-cn")
    own = {"platform": china, "failure_topic_arn": "topic"}

    written = json.dumps(sweep_machine.definition(**own, queue_url="queue")) + json.dumps(
        sweep_machine.permissions(**own, queue_arn="queue")
    )

    assert "arn:aws-cn:" in written
    assert "arn:aws:" not in written
