"""What the platform's own machines ask of other services, in states of JSONata."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fidelity.playing import FAIL, Aws, one_state

PASS = one_state({"Type": "Pass"})
SLOW = one_state({"Type": "Wait", "Seconds": 60})


def call(aws: Aws, action: str, **arguments: Any) -> Any:
    """Return the result of a state that calls an action, or its error."""
    state = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": f"arn:aws:states:::{action}",
        "Arguments": arguments,
    }
    run = aws.run(one_state(state))
    return json.loads(run["output"]) if run["status"] == "SUCCEEDED" else run["error"]


def machine_of(execution: str) -> str:
    return execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]


# Step Functions


def test_a_run_is_described(aws):
    good, bad = aws.start(PASS, input='{"a": 1}'), aws.start(FAIL)
    aws.end_of(good)
    aws.end_of(bad)

    described = call(aws, "aws-sdk:sfn:describeExecution", ExecutionArn=good)
    failed = call(aws, "aws-sdk:sfn:describeExecution", ExecutionArn=bad)

    assert (described["Status"], described["Output"]) == ("SUCCEEDED", '{"a":1}')
    assert described["StopDate"].endswith("Z")
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "E", "C")
    assert "Output" not in failed
    assert call(aws, "aws-sdk:sfn:describeExecution", ExecutionArn=f"{good}x") == (
        "Sfn.ExecutionDoesNotExistException"
    )


def test_a_history_is_read_backwards(aws):
    bad = aws.start(FAIL)
    aws.end_of(bad)

    answer = call(
        aws,
        "aws-sdk:sfn:getExecutionHistory",
        ExecutionArn=bad,
        ReverseOrder=True,
        MaxResults=1,
    )

    assert [event["Type"] for event in answer["Events"]] == ["ExecutionFailed"]
    assert answer["Events"][0]["ExecutionFailedEventDetails"] == {"Error": "E", "Cause": "C"}
    assert answer["NextToken"]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("aws-sdk:sfn:startExecution", "Sfn.ExecutionAlreadyExistsException"),
        ("states:startExecution", "StepFunctions.ExecutionAlreadyExistsException"),
    ],
)
def test_a_start_is_one_start_while_the_run_lasts(aws, action, error):
    slow, quick = aws.machine(SLOW), aws.machine(PASS)

    first = call(aws, action, StateMachineArn=slow, Name="r", Input="{}")
    again = call(aws, action, StateMachineArn=slow, Name="r", Input="{}")
    aws.end_of(call(aws, action, StateMachineArn=quick, Name="r", Input="{}")["ExecutionArn"])

    assert again == first
    assert call(aws, action, StateMachineArn=slow, Name="r", Input='{"x":1}') == error
    assert call(aws, action, StateMachineArn=quick, Name="r", Input="{}") == error


def test_a_run_is_stopped_with_a_cause(aws):
    slow = aws.start(SLOW)

    call(aws, "aws-sdk:sfn:stopExecution", ExecutionArn=slow, Error="Replaced", Cause="by r2")

    ended = aws.describe(slow)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Replaced", "by r2")


# ECS


def test_only_tasks_that_are_to_run_are_listed(aws, without):
    aws.task_definition()
    stopped, running = (aws.run_task()["tasks"][0]["taskArn"] for _ in range(2))
    aws.tasks()[0].desired_status = "STOPPED"

    assert call(aws, "aws-sdk:ecs:listTasks", Cluster="c")["TaskArns"] == [running]
    assert call(aws, "aws-sdk:ecs:listTasks", Cluster="c", DesiredStatus="STOPPED") == {
        "TaskArns": [stopped]
    }
    with without("task_lists"):
        assert len(call(aws, "aws-sdk:ecs:listTasks", Cluster="c")["TaskArns"]) == 2


def test_tasks_are_listed_in_pages_of_one_cluster(aws):
    aws.task_definition()
    aws.client("ecs").create_cluster(clusterName="cc")
    own = [aws.run_task()["tasks"][0]["taskArn"] for _ in range(3)]
    aws.run_task(cluster="cc")

    first = call(aws, "aws-sdk:ecs:listTasks", Cluster="c", MaxResults=2)
    second = call(
        aws, "aws-sdk:ecs:listTasks", Cluster="c", MaxResults=2, NextToken=first["NextToken"]
    )

    assert first["TaskArns"] + second["TaskArns"] == own
    assert "NextToken" not in second


def test_a_task_is_described_with_its_tags(aws):
    aws.task_definition()
    task = aws.run_task(tags=[{"key": "batch:job", "value": "j"}])["tasks"][0]["taskArn"]

    found = call(
        aws, "aws-sdk:ecs:describeTasks", Cluster="c", Tasks=[task, "other"], Include=["TAGS"]
    )

    assert found["Tasks"][0]["Tags"] == [{"Key": "batch:job", "Value": "j"}]
    assert found["Failures"][0]["Reason"] == "MISSING"


# Logs, messages, metrics


def test_the_last_lines_of_a_log_are_read(aws):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = 1_795_576_775_687
    lines = ["one", "two", 'é "quoted" \\ \n`🎉`']
    logs.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": line} for line in lines],
    )

    answer = call(
        aws, "aws-sdk:cloudwatchlogs:getLogEvents", LogGroupName="g", LogStreamName="s", Limit=2
    )

    assert [event["Message"] for event in answer["Events"]] == lines[1:]
    assert answer["Events"][0]["Timestamp"] == now


def test_a_message_is_published_and_queued(aws):
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]

    published = call(aws, "sns:publish", TopicArn=topic, Message={"a": "é"})
    queued = call(aws, "sqs:sendMessage", QueueUrl=queue, MessageBody={"a": "é"})

    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert published["MessageId"]
    assert queued["MessageId"] == message["MessageId"]
    assert json.loads(message["Body"]) == {"a": "é"}
    assert call(aws, "sns:publish", TopicArn=f"{topic}x", Message="m") == "SNS.NotFoundException"


def test_a_metric_is_put(aws):
    datum = {"MetricName": "m", "Value": 1.5, "Dimensions": [{"Name": "Job", "Value": "j"}]}

    assert call(aws, "aws-sdk:cloudwatch:putMetricData", Namespace="N", MetricData=[datum]) == {}

    (metric,) = aws.client("cloudwatch").list_metrics(Namespace="N")["Metrics"]
    assert (metric["MetricName"], metric["Dimensions"]) == ("m", datum["Dimensions"])


def test_an_event_is_put(aws):
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}

    assert call(aws, "aws-sdk:eventbridge:putEvents", Entries=[entry])["FailedEntryCount"] == 0


# The language


def jsonata(start: str, **states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": states}


def test_a_time_limit_is_an_expression(aws):
    machine = jsonata(
        "Wait",
        Wait={
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": aws.machine(SLOW)},
            "TimeoutSeconds": "{% $states.input.limit %}",
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "End"}],
            "End": True,
        },
        End={"Type": "Pass", "Output": "in time", "End": True},
    )

    assert aws.run(machine, input='{"limit": 1}')["output"] == '"in time"'


def test_a_choice_assigns_what_its_rule_says_or_its_default(aws, without):
    rule = {"Condition": "{% $states.input.a = 1 %}", "Assign": {"x": "rule"}, "Next": "End"}
    machine = jsonata(
        "Choose",
        Choose={
            "Type": "Choice",
            "Choices": [rule],
            "Default": "End",
            "Assign": {"x": "default"},
        },
        End={"Type": "Pass", "Output": "{% $x %}", "End": True},
    )

    assert aws.run(machine, input='{"a": 1}')["output"] == '"rule"'
    assert aws.run(machine, input='{"a": 2}')["output"] == '"default"'
    with without("choices"):
        assert aws.run(machine, input='{"a": 1}')["output"] == '"default"'


def each(items: str, **more: Any) -> dict[str, Any]:
    """Return a machine that multiplies each item by ten, and fails at 2."""
    processor = jsonata(
        "Look",
        Look={
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.value = 2 %}", "Next": "Bad"}],
            "Default": "Good",
        },
        Bad={"Type": "Fail", "Error": "Item.Bad", "Cause": "{% 'at ' & $states.input.index %}"},
        Good={"Type": "Pass", "Output": "{% $states.input.value * $factor %}", "End": True},
    )
    del processor["QueryLanguage"]
    item = {
        "value": "{% $states.context.Map.Item.Value %}",
        "index": "{% $states.context.Map.Item.Index %}",
    }
    states = {
        "Set": {"Type": "Pass", "Assign": {"factor": 10}, "Next": "Each"},
        "Each": {
            "Type": "Map",
            "Items": items,
            "MaxConcurrency": "{% 2 %}",
            "ItemSelector": item,
            "ItemProcessor": processor,
            "End": True,
        }
        | more,
    }
    if "Catch" in more:
        states["Caught"] = {"Type": "Pass", "Output": "{% $error %}", "End": True}
    return jsonata("Set", **states)


@pytest.mark.parametrize(("items", "output"), [("[1, 3, 4]", [10, 30, 40]), ("[]", [])])
def test_a_map_goes_through_items(aws, items, output):
    assert json.loads(aws.run(each(f"{{% {items} %}}"))["output"]) == output


def test_a_map_fails_with_the_error_of_an_item_which_can_be_caught(aws):
    catch = {
        "ErrorEquals": ["Item.Bad"],
        "Assign": {"error": "{% $states.errorOutput %}"},
        "Next": "Caught",
    }

    assert aws.run(each("{% [1, 2, 3] %}"))["error"] == "Item.Bad"
    caught = aws.run(each("{% [1, 2, 3] %}", Catch=[catch]))
    assert json.loads(caught["output"]) == {"Error": "Item.Bad", "Cause": "at 1"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("States.ALL", "FAILED"),
        ("States.TaskFailed", "FAILED"),
        ("States.DataLimitExceeded", "SUCCEEDED"),
    ],
)
def test_a_result_that_is_too_large_is_caught_by_its_name_only(aws, error, status):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": 1_795_576_775_687, "message": "x" * 100_000}] * 3,
    )
    machine = jsonata(
        "Read",
        Read={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:cloudwatchlogs:getLogEvents",
            "Arguments": {"LogGroupName": "g", "LogStreamName": "s"},
            "Output": "little of it",
            "Catch": [{"ErrorEquals": [error], "Next": "Caught"}],
            "End": True,
        },
        Caught={"Type": "Pass", "End": True},
    )

    run = aws.run(machine)

    assert run["status"] == status
    assert status == "SUCCEEDED" or run["error"] == "States.DataLimitExceeded"


def test_a_character_beyond_ascii_is_as_long_as_it_is(aws, without):
    machine = one_state({"Type": "Pass", "QueryLanguage": "JSONata", "Output": ["é" * 100_000]})

    assert aws.run(machine)["output"] == f'["{"é" * 100_000}"]'
    with without("json_texts"):
        assert aws.run(machine)["error"] == "States.DataLimitExceeded"


def test_half_a_character_is_replaced(aws):
    machine = one_state({"Type": "Pass"})

    assert aws.run(machine, input='{"a": "\\ud83d"}')["output"] == '{"a":"?"}'
