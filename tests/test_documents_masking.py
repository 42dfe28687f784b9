"""No record shows what an input's environment holds, whoever writes it and whatever it looks like."""

from __future__ import annotations

import json

import pytest

from batch.documents import record_write, run_record
from batch.job import Job
from localaws.fidelity.expressions import evaluate
from tests.documents_examples import PLATFORM

MOMENT = "2026-11-23T18:00:00.100Z"


def by_its_machine(given):
    """Return the input in the record that the run's own machine writes."""
    text = run_record.item(
        job=Job("report", ("true",)), container="app", history_days=400, success_messages=True
    )
    execution = {"Input": given, "StartTime": MOMENT, "Name": "r1", "Id": "arn"}
    variables = {"states": {"context": {"Execution": execution}}}
    return evaluate(text.removeprefix("{%").removesuffix("%}"), variables)["input"]["S"]


def by_the_recorder(given):
    """Return the input in the record that the recorder writes where there is none."""
    text = record_write.plan(
        platform=PLATFORM,
        ended="{'reason': 'x', 'stopped': true}",
        described="{}",
        history_days=400,
        success_messages=True,
        success_topic_arn="arn:success",
        failure_topic_arn="arn:failure",
    )
    detail = {
        "executionArn": PLATFORM.execution_arn("report", "r1"),
        "stateMachineArn": PLATFORM.state_machine_arn("report"),
        "name": "r1",
        "status": "FAILED",
        "error": "States.Runtime",
        "cause": "x",
        "input": json.dumps(given),
    }
    context = {
        "Execution": {"Input": {"source": "aws.states", "detail": detail}, "Name": "me"},
        "State": {"EnteredTime": MOMENT},
    }
    variables = {"states": {"context": context, "result": {"Responses": [{}, {}, {}]}}}
    [update, *_] = evaluate(" ".join(text.split()), variables)["items"]
    return update["Update"]["ExpressionAttributeValues"][":input"]["S"]


@pytest.mark.parametrize("written", [by_its_machine, by_the_recorder])
@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ([{"Name": "A", "Value": "hush"}], [{"Name": "A", "Value": "***"}]),
        ([{"Name": "A", "Value": "hush", "Note": "hush"}], [{"Name": "A", "Value": "***"}]),
        ([{"name": "A", "value": "hush"}], [{"Value": "***"}]),
        (["A=hush"], []),
        ([{"Name": "A", "Value": 1}, "hush"], [{"Name": "A", "Value": "***"}]),
        ({"PASSWORD": "hush"}, None),
        ("PASSWORD=hush", None),
        (None, None),
    ],
)
def test_a_record_shows_no_value_of_an_environment(written, environment, shown):
    record = json.loads(written({"trigger": "manual", "environment": environment}))

    assert record == {"trigger": "manual"} | ({} if shown is None else {"environment": shown})


@pytest.mark.parametrize("written", [by_its_machine, by_the_recorder])
@pytest.mark.parametrize("given", [{}, {"command": ["a", "b"], "retry": 2}])
def test_a_record_shows_all_else(written, given):
    assert json.loads(written(given)) == given
