"""The API of Step Functions: machines, runs, their history, events and logs."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localaws.feed import ExecutionStatusChange
from tests.fidelity.playing import ACCOUNT, FAIL, REGION, ROLE, one_state, wait_for
from tests.roles import open_role

PASS = one_state({"Type": "Pass"})
WAIT = one_state({"Type": "Wait", "Seconds": 60})
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:*"


def refused(code: str, call, /, *args, **kwargs) -> str:
    """Return the message with which ``call`` is refused."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


# Machines


def test_a_machine_is_made_once(aws, without):
    first = aws.machine(PASS, name="one")

    assert aws.machine(PASS, name="one") == first
    refused("StateMachineAlreadyExists", aws.machine, WAIT, name="one")
    with without("state_machines"):
        assert aws.machine(WAIT, name="one") == first


def test_a_role_of_a_machine_that_is_there_is_ignored_as_on_aws(aws):
    aws.machine(PASS, name="one")

    aws.client("stepfunctions").create_state_machine(
        name="one", roleArn=open_role(aws.client("iam"), "r2"), definition=json.dumps(PASS)
    )

    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:one"
    described = aws.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    assert described["roleArn"] == ROLE


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ({"StartAt": "X", "States": PASS["States"]}, "Missing 'StartAt' target: X"),
        (one_state({"Type": "Pass", "End": False}), "Exactly one of Next and End"),
        (one_state({"Type": "Pass", "Next": "S"}), "Next redefines End"),
        (
            {"StartAt": "S", "States": {"S": {"Type": "Pass", "Next": "X"}}},
            "Missing 'Next' target: X at /States/S",
        ),
        (
            {"StartAt": "S", "States": PASS["States"] | {"T": {"Type": "Succeed"}}},
            "State 'T' is not reachable",
        ),
        (
            one_state({"Type": "Parallel", "Branches": [PASS | {"StartAt": "X"}]}),
            "at /States/S/Branches/0/StartAt",
        ),
    ],
)
def test_a_transition_to_nowhere_is_refused(aws, definition, why):
    assert why in refused("InvalidDefinition", aws.machine, definition)


def test_an_update_is_checked_too(aws, without):
    arn = aws.machine(PASS)
    update = aws.client("stepfunctions").update_state_machine
    wrong = json.dumps({"StartAt": "X", "States": PASS["States"]})

    refused("InvalidDefinition", update, stateMachineArn=arn, definition=wrong)
    with without("state_machines"):
        update(stateMachineArn=arn, definition=wrong)


def test_a_definition_has_a_largest_size(aws):
    large = PASS | {"Comment": "x" * 1_048_576}

    assert "less than or equal to 1048576" in refused("ValidationException", aws.machine, large)


@pytest.mark.parametrize("name", ["a b", "a/b", "é*", "x" * 81])
def test_a_name_that_aws_refuses_is_refused(aws, name):
    start = aws.client("stepfunctions").start_execution
    machine = aws.machine(PASS)
    code = "ValidationException" if len(name) > 80 else "InvalidName"

    refused(code, start, stateMachineArn=machine, name=name)
    refused(code, aws.machine, PASS, name=name)


# Runs


def test_a_run_without_a_name_gets_one(aws, without):
    machine = aws.machine(PASS)

    def start() -> str:
        started = aws.client("stepfunctions").start_execution(stateMachineArn=machine)
        return started["executionArn"].rsplit(":", 1)[-1]

    assert len({uuid.UUID(start()), uuid.UUID(start())}) == 2
    with without("execution_names"):
        assert start() == "None"


@pytest.mark.parametrize("given", ["{", "NaN", json.dumps("x" * 262_144)])
def test_an_input_that_aws_refuses_is_refused(aws, given):
    start = aws.client("stepfunctions").start_execution

    refused("InvalidExecutionInput", start, stateMachineArn=aws.machine(PASS), input=given)


def test_a_run_is_stopped_with_error_cause_and_date(aws, without):
    stop = aws.client("stepfunctions").stop_execution
    execution = aws.start(WAIT)

    stopped = stop(executionArn=execution, error="E", cause="C")

    run = aws.describe(execution)
    assert (run["status"], run["error"], run["cause"]) == ("ABORTED", "E", "C")
    assert run["stopDate"] == stopped["stopDate"]
    with without("stop_execution"):
        execution = aws.start(WAIT)
        wait_for(lambda: len(aws.history(execution)) > 1)
        assert "stopDate" not in stop(executionArn=execution, error="E", cause="C")
        assert "error" not in aws.end_of(execution)


def test_a_run_that_was_stopped_cannot_fail_any_more(aws, without):
    def status() -> str:
        execution = aws.start(WAIT)
        env = wait_for(lambda: running(execution).exec_worker.env)
        wait_for(env.is_running)
        env.set_stop(stop_date=datetime.now(UTC), error=None, cause=None)
        env.set_error({"error": "States.Runtime"})
        env.set_timed_out()
        return aws.end_of(execution)["status"]

    def running(execution: str):
        return stepfunctions_parser_backends[ACCOUNT][REGION].describe_execution(execution)

    assert status() == "ABORTED"
    with without("final_states"):
        assert status() != "ABORTED"


def test_a_run_that_has_ended_stays_as_it_ended(aws):
    run = aws.run(PASS)

    stopped = aws.client("stepfunctions").stop_execution(executionArn=run["executionArn"])

    assert aws.describe(run["executionArn"])["status"] == "SUCCEEDED"
    assert stopped["stopDate"] == run["stopDate"]


def test_a_run_that_timed_out_has_a_date_and_no_error(aws, without):
    def timed_out() -> set[str]:
        run = aws.run(WAIT | {"TimeoutSeconds": 1})
        assert run["status"] == "TIMED_OUT"
        return run.keys() & {"stopDate", "error", "cause"}

    assert timed_out() == {"stopDate"}
    listed = aws.client("stepfunctions").list_executions(
        stateMachineArn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m1"
    )
    assert [list(run.keys() & {"stopDate"}) for run in listed["executions"]] == [["stopDate"]]
    with without("execution_output"):
        assert timed_out() == set()


def test_a_run_that_is_about_to_begin_is_listed(aws, without):
    run = aws.run(PASS)
    execution = stepfunctions_parser_backends[ACCOUNT][REGION].describe_execution(
        run["executionArn"]
    )
    # As between StartExecution's note of it and its first state.
    execution.exec_status = None

    def listed():
        return aws.client("stepfunctions").list_executions(
            stateMachineArn=run["stateMachineArn"], statusFilter="RUNNING"
        )["executions"]

    assert [each["executionArn"] for each in listed()] == [run["executionArn"]]
    with without("execution_output"), pytest.raises(ClientError, match="500"):
        listed()


def test_history_comes_in_pages_and_in_reverse(aws, without):
    run = aws.run(PASS)
    history = aws.client("stepfunctions").get_execution_history
    asked = {"executionArn": run["executionArn"], "reverseOrder": True, "maxResults": 2}

    first = history(**asked)
    second = history(**asked, nextToken=first["nextToken"])

    assert [event["id"] for event in first["events"] + second["events"]] == [4, 3, 2, 1]
    assert "nextToken" not in second
    refused("InvalidToken", history, **asked, nextToken="nonsense")
    with without("history"):
        assert [event["id"] for event in history(**asked)["events"]] == [1, 2, 3, 4]


def test_history_comes_without_data_when_asked(aws):
    run = aws.run(PASS, input='{"secret": 1}')
    execution = run["executionArn"]

    assert "secret" in str(aws.history(execution))
    assert "secret" not in str(aws.history(execution, includeExecutionData=False))


def test_a_machine_reads_its_own_history(aws):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:getExecutionHistory",
        "Arguments": {
            "ExecutionArn": "{% $states.context.Execution.Id %}",
            "ReverseOrder": True,
            "MaxResults": 1,
        },
        "Output": "{% $states.result.Events.Type %}",
    }

    run = aws.run(one_state(state, QueryLanguage="JSONata"))

    assert json.loads(run["output"]) in {"TaskStarted", "TaskScheduled"}


# Events


def changes(aws) -> list[dict]:
    return [h.detail for h in aws.happenings if isinstance(h, ExecutionStatusChange)]


def test_a_run_says_that_it_started_and_how_it_ended(aws, without):
    before = int(datetime.now(UTC).timestamp() * 1000)
    run = aws.run(one_state({"Type": "Pass"}), name="r", input='{"a":1}')

    started, ended = wait_for(lambda: len(changes(aws)) == 2 and changes(aws))

    common = {
        "executionArn": run["executionArn"],
        "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m1",
        "name": "r",
        "startDate": int(run["startDate"].timestamp() * 1000),
        "input": '{"a":1}',
        "inputDetails": {"included": True},
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "error": None,
        "cause": None,
    }
    assert started == common | {
        "status": "RUNNING",
        "stopDate": None,
        "output": None,
        "outputDetails": None,
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
    }
    assert ended == common | {
        "status": "SUCCEEDED",
        "stopDate": int(run["stopDate"].timestamp() * 1000),
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }
    assert before <= started["startDate"] <= ended["stopDate"]
    with without("status_events"):
        aws.run(PASS)
        assert len(changes(aws)) == 2


def test_a_failed_run_says_why_it_failed(aws):
    aws.run(FAIL)

    ended = wait_for(lambda: len(changes(aws)) == 2 and changes(aws)[1])

    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "E", "C")
    assert (ended["output"], ended["redriveStatus"]) == (None, "REDRIVABLE")


def test_large_data_is_left_out_of_the_event(aws):
    given = json.dumps("x" * 250_000)

    aws.run(PASS, input=given)

    ended = wait_for(lambda: len(changes(aws)) == 2 and changes(aws)[1])
    assert (ended["input"], ended["inputDetails"]) == (given, {"included": True})
    aws.run(PASS, input=json.dumps("x" * 260_000))
    ended = wait_for(lambda: len(changes(aws)) == 4 and changes(aws)[3])
    assert (ended["input"], ended["inputDetails"]) == (None, {"included": False})
    assert (ended["output"], ended["outputDetails"]) == (None, {"included": False})


# Logs


def logged(aws, **configuration) -> list[dict]:
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": LOGS}}]
    machine = aws.machine(
        FAIL,
        loggingConfiguration={"destinations": destinations} | configuration,
    )
    started = aws.client("stepfunctions").start_execution(
        stateMachineArn=machine, input='{"secret": 1}'
    )
    aws.end_of(started["executionArn"])
    events = aws.client("logs").filter_log_events(logGroupName="/g")["events"]
    return [json.loads(event["message"]) for event in events]


def test_the_logging_configuration_has_an_effect(aws, without):
    aws.client("logs").create_log_group(logGroupName="/g")
    with without("execution_logs"):
        assert logged(aws, level="ALL") == []

    lines = logged(aws, level="ALL", includeExecutionData=True)

    assert [line["type"] for line in lines] == [
        "ExecutionStarted",
        "FailStateEntered",
        "ExecutionFailed",
    ]
    assert [line["id"] for line in lines] == ["1", "2", "3"]
    assert lines[0]["details"]["input"] == '{"secret": 1}'
    assert lines[2]["details"] == {"error": "E", "cause": "C"}
    assert lines[0]["event_timestamp"].isdecimal()


def test_the_level_and_the_data_are_those_configured(aws):
    aws.client("logs").create_log_group(logGroupName="/g")

    lines = logged(aws, level="ERROR", includeExecutionData=False)

    assert [line["type"] for line in lines] == ["FailStateEntered", "ExecutionFailed"]
    assert "secret" not in json.dumps(lines)


def test_a_log_group_that_is_gone_ends_no_run(aws):
    with pytest.raises(ClientError, match="ResourceNotFound"):
        logged(aws, level="ALL")

    assert [change["status"] for change in changes(aws)] == ["RUNNING", "FAILED"]
