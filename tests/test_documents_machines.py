"""The definitions are what Step Functions accepts, as far as can be told without it."""

from __future__ import annotations

import copy
import json
import re

import jsonata
import pytest
from cfnlint.api import ManualArgs, lint

from batch.contract import RUN_TASK, Platform
from batch.documents import job_machine
from batch.documents.jsonata import delay, expression, literal, text, utf8_bytes
from batch.job import Backoff, Job, Retry
from tests.documents_examples import MACHINES, NETWORK, PLATFORM, RICH, machine


def complaints(definition):
    """Return what cfn-lint has against a definition."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                # As an object: of a definition in a string cfn-lint checks only JSONPath.
                "Properties": {
                    "RoleArn": "arn:aws:iam::123456789012:role/machine",
                    "Definition": definition,
                },
            }
        },
    }
    found = lint(json.dumps(template), config=ManualArgs(regions=["eu-west-1"]))
    # Its schema of JSONata states lacks what they may compute ("TimeoutSeconds" in "Task state").
    computed = re.compile(r"'{% .* %}' is not of type 'number'", re.DOTALL)
    return [match.message for match in found if not computed.fullmatch(match.message)]


def expressions(value, path=()):
    """Yield every expression of a definition and where it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from expressions(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from expressions(item, (*path, index))
    elif isinstance(value, str) and value.startswith("{%"):
        assert value.endswith("%}")
        yield path, value[2:-2]


def targets(state):
    """Return the states that can follow ``state``."""
    choices = [choice["Next"] for choice in state.get("Choices", ())]
    catches = [catch["Next"] for catch in state.get("Catch", ())]
    return {*choices, *catches, state.get("Next"), state.get("Default")} - {None}


def value_of(expression_text):
    return jsonata.Jsonata(expression_text).evaluate(None)


every_machine = pytest.mark.parametrize("definition", MACHINES.values(), ids=MACHINES)


@every_machine
def test_a_definition_passes_an_independent_validator(definition):
    assert complaints(definition) == []


@pytest.mark.parametrize(
    ("break_it", "complaint"),
    [
        (lambda d: d["States"]["Job"].update(Parameters={}), "'Parameters' was unexpected"),
        (lambda d: d["States"]["What happened?"]["Choices"][0].pop("Condition"), "'Condition'"),
        (lambda d: d["States"][job_machine.RUN].pop("Resource"), "'Resource' is a required"),
        (lambda d: d["States"]["Job"].update(Type="Pas"), "'Pas' is not one of"),
        (lambda d: d.update(StartAt="Nowhere"), "Missing 'Next' target 'Nowhere'"),
    ],
)
def test_rejects_a_broken_definition(break_it, complaint):
    broken = copy.deepcopy(machine())
    break_it(broken)

    assert any(complaint in found for found in complaints(broken))


@every_machine
def test_every_state_is_reached_and_there(definition):
    states = definition["States"]
    reached, ahead = set(), [definition["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += targets(states[name])

    assert reached == set(states)


@every_machine
def test_every_expression_parses_and_uses_what_step_functions_has(definition):
    for path, written in expressions(definition):
        jsonata.Jsonata(written)
        without_texts = re.sub(r"'(\\.|[^'\\])*'", "''", written)

        assert not re.search(r"\$eval\b|\$\$|\$(?![A-Za-z])", without_texts), path


@every_machine
def test_results_and_errors_are_read_only_where_there_are_any(definition):
    """Step Functions refuses a definition that reads them elsewhere."""
    for path, written in expressions(definition):
        task = definition["States"][path[1]]["Type"] == "Task"
        after = "Assign" in path or "Output" in path

        assert "$states.result" not in written or (task and after and "Catch" not in path)
        assert "$states.errorOutput" not in written or "Catch" in path


@every_machine
def test_no_two_machines_share_a_mistake_about_size(definition):
    assert len(json.dumps(definition).encode()) < 40_000


@every_machine
def test_catching_everything_never_stands_alone_where_a_job_runs(definition):
    caught = [c["ErrorEquals"] for c in definition["States"][job_machine.RUN]["Catch"]]

    assert caught == [["States.Timeout"], ["States.QueryEvaluationError"], ["States.ALL"]]


@every_machine
def test_calls_of_services_are_tried_again(definition):
    calls = {
        state["Resource"].rpartition("aws-sdk:")[2]: state.get("Retry")
        for state in definition["States"].values()
        if "aws-sdk" in state.get("Resource", "")
    }

    assert {"dynamodb:transactWriteItems", "sfn:getExecutionHistory"} <= set(calls)
    assert all(retry[-1]["MaxAttempts"] > 1 for retry in calls.values())
    assert all(retry[-1]["JitterStrategy"] == "FULL" for retry in calls.values())
    assert all(retry[-1]["ErrorEquals"] == ["States.TaskFailed"] for retry in calls.values())


@every_machine
def test_every_call_says_what_happens_when_it_fails_for_good(definition):
    tasks = {name: s for name, s in definition["States"].items() if s["Type"] == "Task"}

    assert {
        name for name, s in tasks.items() if s["Catch"][-1]["ErrorEquals"] != ["States.ALL"]
    } == (set())


def test_the_partition_is_the_platforms():
    china = Platform("batch", "stg", "123456789012", "cn-north-1", "aws-cn")

    written = json.dumps(machine(platform=china)) + json.dumps(
        job_machine.permissions(platform=china)
    )

    assert "arn:aws-cn:" in written
    assert "arn:aws:" not in written


def test_a_definition_names_the_family_without_a_revision():
    arguments = machine(family="batch-stg-import")["States"][job_machine.RUN]["Arguments"]

    assert arguments["TaskDefinition"] == "batch-stg-import"


def test_limits_are_those_of_the_job():
    definition = MACHINES["machine-rich"]

    bound = definition["States"][job_machine.RUN]["TimeoutSeconds"]
    admitted = '"2026-11-23T18:00:00.000Z"'

    def after(moment):
        states = f"$states := {{'context': {{'State': {{'EnteredTime': '{moment}'}}}}}}"
        return value_of(f"($admitted := {admitted}; {states}; {bound[2:-2]})")

    # The run's and the longest that an admission takes without a queue.
    assert definition["TimeoutSeconds"] == 7200 + 1800
    assert after("2026-11-23T18:00:01.500Z") == 900
    assert after("2026-11-23T19:50:00.000Z") == 600
    assert after("2026-11-23T21:00:00.000Z") == 1


def test_no_limit_is_no_limit():
    definition = MACHINES["machine-unlimited"]

    assert "TimeoutSeconds" not in definition
    assert "TimeoutSeconds" not in definition["States"][job_machine.RUN]


@pytest.mark.parametrize(("job", "count"), [(RICH, 3), (Job("j", ("true",), owner="o"), 4)])
def test_tasks_carry_the_tags_that_have_a_value(job, count):
    tags = machine(job)["States"][job_machine.RUN]["Arguments"]["Tags"]

    assert {"Key": "batch:job", "Value": job.name} in tags
    assert {"Key": "batch:platform", "Value": "batch-stg"} in tags
    assert len(tags) == count


@pytest.mark.parametrize(
    ("starts", "failed", "provider"),
    [(3, 0, "FARGATE_SPOT"), (3, 1, "FARGATE_SPOT"), (3, 2, "FARGATE"), (1, 0, "FARGATE_SPOT")],
)
def test_the_last_start_of_a_spot_job_is_not_on_spot(starts, failed, provider):
    job = Job("j", ("true",), spot=True, start_retry=Backoff(starts, 1, 1, 1, jitter=False))
    arguments = machine(job)["States"][job_machine.RUN]["Arguments"]
    [strategy] = arguments["CapacityProviderStrategy"]
    written = strategy["CapacityProvider"]

    chosen = (
        value_of(f"($failedStarts := {failed}; {written[2:-2]})") if "{%" in written else written
    )

    assert chosen == provider


def test_the_machine_for_commands_has_the_reserved_name():
    held = MACHINES["machine-run-task"]["States"]["Job"]["Output"]

    assert held == {
        "name": RUN_TASK,
        "commands": [],
        "environment": [],
        "secrets": [],
        "attemptSeconds": 12 * 3600,
        "runSeconds": 24 * 3600,
    }


def test_a_command_that_looks_like_an_expression_stays_text():
    word = literal("{% $x %}")

    assert value_of(word[2:-2]) == "{% $x %}"
    assert literal(["a", {"b": "c"}, 1]) == ["a", {"b": "c"}, 1]


@pytest.mark.parametrize("value", ["it's", "a\\b", 'x\ny\t"q"', "\u2028 😀", "\x1b[0m"])
def test_a_text_is_itself_and_has_only_escapes_that_jsonata_knows(value):
    written = text(value)

    assert value_of(written) == value
    assert not re.search(r"\\[^\"\\/bfnrtu]", written)


def test_an_expression_is_one_line():
    assert expression("a\n   + b") == "{% a + b %}"


@pytest.mark.parametrize("value", ["", "abc", "ä", "漢字", "😀", "a%20é\n'"])
def test_bytes_are_counted_and_not_characters(value):
    assert value_of(utf8_bytes(json.dumps(value, ensure_ascii=False))) == len(value.encode())


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff(9, 15, 2, 100, jitter=False), [15, 30, 60, 100, 100, 100]),
        (Backoff(9, 10, 1, 100, jitter=False), [10, 10, 10]),
        (Backoff(9, 0, 2, 100, jitter=False), [0, 0]),
        (Backoff(9, 200, 2, 100, jitter=False), [100, 100]),
        (Retry(9, 10, 1.5, 22, jitter=False), [10, 15, 22, 22]),
    ],
)
def test_waits_grow_to_their_maximum(backoff, waits):
    text = delay(backoff, tried="$tried")

    assert [value_of(f"($tried := {n}; {text})") for n in range(len(waits))] == waits


def test_waits_stay_computable_after_very_many_attempts():
    text = delay(Backoff(5000, 1, 10, 3600, jitter=False), tried="$tried")

    assert value_of(f"($tried := 4999; {text})") == 3600


def test_jitter_stays_within_the_wait():
    text = delay(Backoff(9, 15, 2, 100, jitter=True), tried="2")

    waits = {value_of(text) for _ in range(200)}

    assert waits <= set(range(61))
    assert len(waits) > 1


def test_the_network_is_as_given():
    arguments = machine(**{**NETWORK, "public_ip": True})["States"][job_machine.RUN]["Arguments"]

    assert arguments["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "ENABLED",
    }
    assert arguments["Cluster"] == PLATFORM.cluster_arn
