"""What ``ecs:runTask`` and ``.sync`` do with parameters, errors and exit codes."""

from __future__ import annotations

import json

import pytest
from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from tests.fidelity.playing import DidNotHappen, one_state, wait_for


def test_parameters_and_results_are_in_pascal_case(aws, without):
    aws.task_definition()
    overrides = {"ContainerOverrides": [{"Name": "app", "Command": ["true"]}]}
    state = aws.task_state(Parameters={"Overrides": overrides})

    output = json.loads(aws.run_with(state, [{"app": 0}])["output"])

    assert output["Containers"][0]["ExitCode"] == 0
    assert output["Overrides"]["ContainerOverrides"][0] == overrides["ContainerOverrides"][0]
    assert output["StartedBy"] == "AWS Step Functions"
    with without("casing"):
        assert aws.run(one_state(state))["cause"].endswith("'Cluster'")


@pytest.mark.parametrize("service", ["ecs", "sfn"])
def test_calls_through_the_sdk_are_in_pascal_case(aws, without, service):
    calls = {
        "ecs": ("ecs:describeClusters", {"Clusters": ["nope"]}, "Failures"),
        "sfn": ("sfn:listStateMachines", {"MaxResults": 1}, "StateMachines"),
    }
    action, parameters, key = calls[service]
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Parameters": parameters,
    }

    assert key in json.loads(aws.run(one_state(state))["output"])
    with without("casing"):
        assert aws.run(one_state(state))["cause"].endswith(f"'{next(iter(parameters))}'")


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"cpu": "256"}, "The field 'cpu' is not supported by Step Functions"),
        ({"Cpu": 256}, "The value for the field 'Cpu' must be a STRING"),
        (
            {"ContainerOverrides": {}},
            "The value for the field 'ContainerOverrides' must be an array",
        ),
        ({"Nope": "x"}, "The field 'Nope' is not supported by Step Functions"),
    ],
)
def test_a_wrong_parameter_ends_the_run_whatever_catches(aws, overrides, why):
    aws.task_definition()
    state = aws.task_state(
        Parameters={"Overrides": overrides},
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
    )
    machine = {"StartAt": "S", "States": {"S": state, "Caught": {"Type": "Succeed"}}}

    run = aws.run(machine)

    assert (run["status"], run["error"]) == ("FAILED", "States.Runtime")
    assert why in run["cause"]


def test_no_parameter_of_run_task_is_dropped(aws, without):
    aws.task_definition()
    spot = {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
    state = aws.task_state(
        Parameters={
            "LaunchType": None,
            "CapacityProviderStrategy": [spot],
            "Tags": [{"Key": "batch:job", "Value": "x"}],
        }
    )
    execution = aws.start(one_state(state))

    task = aws.next_task()

    assert task.capacity_provider_name == "FARGATE_SPOT"
    assert task.launch_type == "FARGATE"
    assert task.tags == [{"key": "batch:job", "value": "x"}]
    aws.finish({"app": 0})
    assert aws.end_of(execution)["status"] == "SUCCEEDED"
    with without("ecs_parameters"):
        # moto looks for container instances.
        assert "500 Internal Server Error" in aws.run(one_state(state))["cause"]


@pytest.mark.parametrize("exits", [{"app": 3, "agent": 0}, {"app": 0, "agent": 1}, {"app": 0}])
def test_a_container_that_failed_or_has_no_exit_code_fails_the_state(aws, without, exits):
    aws.task_definition("app", "agent")

    run = aws.run_with(aws.task_state(), [exits])

    cause = json.loads(run["cause"])
    assert (run["status"], run["error"]) == ("FAILED", "States.TaskFailed")
    assert {c["Name"]: c.get("ExitCode") for c in cause["Containers"]} == {"agent": None} | exits
    assert cause["StopCode"] == "EssentialContainerExited"
    assert isinstance(cause["CreatedAt"], int)
    with without("exit_codes"):
        assert aws.run_with(aws.task_state(), [exits])["status"] == "SUCCEEDED"


def test_a_retried_task_is_waited_for_again(aws, without):
    aws.task_definition()
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    state = aws.task_state(Retry=retry)

    assert aws.run_with(state, [{"app": 1}, {"app": 0}])["status"] == "SUCCEEDED"
    with without("retry_tokens"):
        assert aws.run_with(state, [{"app": 1}])["error"] == "States.Timeout"


def test_what_ecs_refuses_has_a_name(aws, without):
    aws.task_definition()
    state = aws.task_state(Parameters={"Cluster": "nope"})

    run = aws.run(one_state(state))

    assert run["error"] == "ECS.ClusterNotFoundException"
    assert run["cause"].startswith("Cluster not found. (Service: AmazonECS; Status Code: 400;")
    with without("ecs_errors"):
        assert aws.run(one_state(state))["error"] == "States.Runtime"


def test_an_answer_with_failures_is_an_unknown_error(aws, without, monkeypatch):
    aws.task_definition()
    failures = [{"arn": "a", "reason": "RESOURCE:MEMORY"}]
    answer = ActionResult({"tasks": [], "failures": failures})
    monkeypatch.setattr(EC2ContainerServiceResponse, "run_task", lambda _self: answer)

    run = aws.run(one_state(aws.task_state()))

    assert run["error"] == "AmazonECS.Unknown"
    assert json.loads(run["cause"])["Failures"] == [{"Arn": "a", "Reason": "RESOURCE:MEMORY"}]


def test_a_task_is_stopped_when_its_run_is_stopped(aws, without):
    aws.task_definition()

    def stopped(patience: float) -> str:
        execution = aws.start(one_state(aws.task_state()))
        task = aws.next_task()
        aws.client("stepfunctions").stop_execution(executionArn=execution)
        wait_for(lambda: task.status == "STOPPED", patience=patience)
        return task.stopped_reason

    assert stopped(20) == "Stopped by AWS Step Functions: the execution was stopped"
    with without("abandoned_tasks"), pytest.raises(DidNotHappen):
        stopped(0.5)


def test_a_task_outlives_the_time_out_of_its_state(aws):
    aws.task_definition()

    run = aws.run(one_state(aws.task_state(TimeoutSeconds=1)))

    assert run["error"] == "States.Timeout"
    assert [task.status for task in aws.tasks()] == ["PROVISIONING"]


def test_a_task_moves_only_when_something_moves_it(aws, without):
    aws.task_definition()
    arn = aws.run_task()["tasks"][0]["taskArn"]

    def look_often() -> set[str]:
        answers = [
            aws.client("ecs").describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"]
            for _ in range(8)
        ]
        return set(answers)

    assert look_often() == {"PROVISIONING"}
    with without("transitions", "containers"):
        arn = aws.run_task()["tasks"][0]["taskArn"]
        assert "STOPPED" in look_often()
