"""How the interpreter evaluates a definition."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.utils import TMP_THREADS

from tests.fidelity.playing import ACCOUNT, REGION, one_state, wait_for

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def jsonata(expression: str, **more) -> dict:
    state = {"Type": "Pass", "Output": "{% " + expression + " %}"} | more
    return one_state(state, QueryLanguage="JSONata")


def caught(state: dict, *errors: str) -> dict:
    """Return a machine that ends with the error of ``state`` that it caught."""
    catch = [{"ErrorEquals": [error], "Next": "Caught"} for error in errors]
    return {
        "StartAt": "S",
        "States": {"S": {"End": True, "Catch": catch} | state, "Caught": {"Type": "Succeed"}},
    }


# JSONata


def test_jsonata_is_evaluated(aws, without):
    assert aws.run(jsonata("1 + 1"))["output"] == "2"
    with without("jsonata"):
        assert "'NoneType' object is not callable" in aws.run(jsonata("1 + 1"))["cause"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.input.text", 'a "quoted"\nline\\'),
        ("$states.input.none", None),
        ("$exists($states.input.none)", True),
        ("$states.input.list[$ > 1]", [2, 3]),
        ("4 / 2", 2),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, 1)", []),
        ("$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("$random(7) = $random(7)", True),
        ("$length($uuid())", 36),
        ("""$parse('{"a": [null]}')""", {"a": [None]}),
        ("$parse('null')", None),
        ("$merge([{'a': 1}, {'a': null}])", {"a": None}),
        ("$toMillis('1970-01-01T00:00:01.5Z')", 1500),
    ],
)
def test_jsonata_gives_what_step_functions_gives(aws, expression, value):
    given = {"text": 'a "quoted"\nline\\', "none": None, "list": [1, 2, 3]}

    run = aws.run(jsonata(expression), input=json.dumps(given))

    assert json.loads(run["output"]) == value


def test_variables_keep_any_value(aws):
    value = {"a": ['q"', "\n", None, 1.5], "b": {}}
    first = {
        "Type": "Pass",
        "Assign": {"v": "{% $states.input %}", "text": "{% $states.input.a[0] %}"},
        "Next": "T",
    }
    second = {"Type": "Pass", "Output": {"v": "{% $v %}", "text": "{% $text %}"}, "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": first, "T": second}}

    run = aws.run(machine, input=json.dumps(value))

    assert json.loads(run["output"]) == {"v": value, "text": 'q"'}


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("$states.input.nothing", "returned nothing (undefined)"),
        ("$unknown", "returned nothing (undefined)"),
        ("function($x) { $x }", "returned an unsupported result type"),
        ("1 + 'a'", "T2002"),
        ("$eval('1')", "$eval is not supported; use $parse"),
        ("$parse('{')", "threw an error during evaluation"),
    ],
)
def test_an_expression_without_a_value_is_a_query_evaluation_error(aws, expression, why):
    run = aws.run(jsonata(expression))

    assert run["error"] == "States.QueryEvaluationError"
    assert why in run["cause"]


def test_a_query_evaluation_error_can_be_caught(aws):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines",
        "Arguments": {"NextToken": "{% $states.input.nothing %}"},
    }
    machine = caught(state, "States.QueryEvaluationError") | {"QueryLanguage": "JSONata"}

    assert aws.run(machine)["status"] == "SUCCEEDED"


def test_a_bad_expression_is_refused_when_the_machine_is_made(aws):
    with pytest.raises(aws.client("stepfunctions").exceptions.InvalidDefinition, match="S0203"):
        aws.machine(jsonata("(1"))


# Times


def test_times_of_the_context_read_like_those_of_aws(aws, without):
    state = {
        "Type": "Pass",
        "Parameters": {"start.$": "$$.Execution.StartTime", "entered.$": "$$.State.EnteredTime"},
    }

    def times() -> list[str]:
        return list(json.loads(aws.run(one_state(state))["output"]).values())

    assert [bool(ISO.fullmatch(time)) for time in times()] == [True, True]
    with without("context_times"):
        assert [bool(ISO.fullmatch(time)) for time in times()] == [False, False]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("arn:aws:states:::aws-sdk:sfn:startExecution", str),
        ("arn:aws:states:::states:startExecution", int),
    ],
)
def test_times_of_a_result_are_json(aws, without, resource, kind):
    child = aws.machine(one_state({"Type": "Pass"}))
    parameters = {"StateMachineArn": child}
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters}

    assert isinstance(json.loads(aws.run(one_state(state))["output"])["StartDate"], kind)
    with without("response_times", "execution_output"), pytest.raises(ClientError, match="500"):
        aws.run(one_state(state))


def test_a_wait_ends_at_its_time_in_any_zone(aws, without):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    # +09:00 is the point: moto refuses every offset.
    text = (soon + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "+09:00"
    wait = {"Type": "Wait", "Timestamp": text}

    assert aws.run(one_state(wait))["stopDate"] >= soon - timedelta(milliseconds=1)
    with without("wait_timestamps"), pytest.raises(ClientError, match="does not reference a valid"):
        aws.run(one_state(wait))


def test_a_wait_that_is_over_does_not_wait(aws):
    wait = {"Type": "Wait", "Timestamp": "2001-01-01T00:00:00+09:00"}

    assert aws.run(one_state(wait))["status"] == "SUCCEEDED"


# Errors


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_an_error_of_step_functions_leaves_a_branch(aws, without, kind):
    aws.task_definition()
    inner = {"StartAt": "I", "States": {"I": aws.task_state(TimeoutSeconds=1)}}
    outer = {
        "Parallel": {"Type": "Parallel", "Branches": [inner]},
        "Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner},
    }[kind]
    given = json.dumps({"items": [1]})

    assert aws.run(caught(outer, "States.Timeout"), input=given)["status"] == "SUCCEEDED"
    with without("states_errors"):
        run = aws.run(caught(outer, "States.Timeout"), input=given)
        assert run["error"] == "States.Runtime"


def test_nothing_catches_a_runtime_error(aws, without):
    # Wrong parameters: States.Runtime.
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines",
        "Parameters": {"Nope": 1},
    }

    assert aws.run(caught(state, "States.ALL"))["error"] == "States.Runtime"
    with without("runtime_errors"):
        assert aws.run(caught(state, "States.ALL"))["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("error", "status"), [("States.TaskFailed", "FAILED"), ("States.ALL", "SUCCEEDED")]
)
def test_task_failed_catches_everything_but_a_time_out(aws, error, status):
    aws.task_definition()

    run = aws.run(caught(aws.task_state(TimeoutSeconds=1), error))

    assert run["status"] == status


def test_a_missing_heartbeat_has_its_own_name(aws, without):
    aws.task_definition()
    state = aws.task_state(
        Resource="arn:aws:states:::ecs:runTask.waitForTaskToken", HeartbeatSeconds=1
    )

    assert aws.run(one_state(state))["error"] == "States.HeartbeatTimeout"
    with without("heartbeats"):
        assert aws.run(one_state(state))["error"] == "States.Timeout"


def test_a_choice_without_a_match_has_its_own_name(aws, without):
    choices = [{"Variable": "$.x", "NumericEquals": 1, "Next": "E"}]
    machine = {
        "StartAt": "C",
        "States": {"C": {"Type": "Choice", "Choices": choices}, "E": {"Type": "Succeed"}},
    }

    assert aws.run(machine, input='{"x": 2}')["error"] == "States.NoChoiceMatched"
    with without("choices"):
        assert aws.run(machine, input='{"x": 2}')["error"] == "States.Runtime"


def test_a_definition_that_is_refused_spoils_no_other(aws, without):
    good = one_state({"Type": "Pass", "Parameters": {}})

    def refuse_then_make() -> str:
        with pytest.raises(ClientError):
            aws.machine(jsonata("(1"))
        return aws.machine(good)

    assert refuse_then_make().endswith("stateMachine:m2")
    with without("parsing"):
        try:
            with pytest.raises(ClientError, match="Unsupported declaration"):
                refuse_then_make()
        finally:
            Preprocessor._query_language_per_scope.clear()


def test_a_definition_is_parsed_once(aws, without, monkeypatch):
    parsed = []
    lexer = asl_parser.ASLLexer
    monkeypatch.setattr(asl_parser, "ASLLexer", lambda text: parsed.append(text) or lexer(text))
    machine = one_state({"Type": "Pass"})

    assert [aws.run(machine)["status"] for _ in range(2)] == ["SUCCEEDED"] * 2
    assert len(parsed) == 1
    with without("programs"):
        aws.run(machine)
        assert len(parsed) == 3


def test_each_run_of_a_machine_counts_its_own_attempts(aws):
    nowhere = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none"
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:describeStateMachine",
        "Parameters": {"StateMachineArn": nowhere},
        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}],
    }

    def attempts(run: str) -> int:
        assert aws.end_of(run)["status"] == "FAILED"
        return sum(event["type"] == "TaskFailed" for event in aws.history(run))

    both = [aws.start(one_state(state)) for _ in range(2)]
    assert [attempts(run) for run in both] == [2, 2]


def test_errors_have_a_code(aws, without):
    def code() -> str:
        with pytest.raises(ClientError) as refused:
            aws.machine({"StartAt": "S", "States": {"S": {"Type": "Nope"}}})
        return refused.value.response["Error"]["Code"]

    assert code() == "InvalidDefinition"
    with without("error_codes"):
        assert code() == ""


def test_dead_threads_are_forgotten(aws, without):
    def run_some() -> None:
        TMP_THREADS.clear()
        for _ in range(5):
            aws.run(one_state({"Type": "Pass"}))

    run_some()
    # That of the last run may be there still: it is the one that clears.
    assert wait_for(lambda: len(TMP_THREADS) <= 2)
    with without("threads"):
        run_some()
        assert len(TMP_THREADS) == 10
