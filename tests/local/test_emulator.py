"""The parts of the emulator together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from localaws import feed as feeds
from localaws.emulator import Emulator
from localaws.feed import ExecutionStatusChange, TaskStateChange
from tests.roles import open_role

PATIENCE_SECONDS = 30.0


def wait_for(condition):
    until = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return value


def machine(emulator: Emulator, command: list[str], region: str | None = None) -> str:
    """Make everything that one command needs, and return the ARN of its state machine."""
    region = region or emulator.region
    ecs = emulator.client("ecs", region)
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="f",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "nothing"}],
    )
    subnets = emulator.client("ec2", region).describe_subnets()["Subnets"]
    arguments = {
        "Cluster": "c",
        "TaskDefinition": "f",
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [subnets[0]["SubnetId"]]}},
        "Overrides": {"ContainerOverrides": [{"Name": "app", "Command": command}]},
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Arguments": arguments,
        "Output": "{% $states.result.Containers.ExitCode %}",
        "End": True,
    }
    made = emulator.client("stepfunctions", region).create_state_machine(
        name="m",
        roleArn=open_role(emulator.client("iam")),
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}),
    )
    return made["stateMachineArn"]


def end_of(emulator: Emulator, execution: str, region: str | None = None) -> dict:
    sfn = emulator.client("stepfunctions", region)
    return wait_for(
        lambda: (
            (run := sfn.describe_execution(executionArn=execution))["status"] != "RUNNING" and run
        )
    )


@pytest.mark.parametrize("region", ["eu-west-1", "ap-northeast-1"])
def test_a_run_starts_a_command_in_its_own_region(emulator, region):
    arn = machine(emulator, [sys.executable, "-c", "raise SystemExit(0)"], region)

    started = emulator.client("stepfunctions", region).start_execution(stateMachineArn=arn)

    run = end_of(emulator, started["executionArn"], region)
    assert (run["status"], run["output"]) == ("SUCCEEDED", "0")


def test_an_exit_code_is_in_the_cause(emulator):
    arn = machine(emulator, [sys.executable, "-c", "raise SystemExit(3)"])

    started = emulator.client("stepfunctions").start_execution(stateMachineArn=arn)

    run = end_of(emulator, started["executionArn"])
    assert run["error"] == "States.TaskFailed"
    assert json.loads(run["cause"])["Containers"][0]["ExitCode"] == 3


def test_any_client_can_talk_to_it(emulator):
    arn = machine(emulator, [sys.executable, "-c", ""])

    listed = subprocess.run(
        [sys.executable, "-m", "awscli", "stepfunctions", "list-state-machines"],
        env={"PATH": os.environ["PATH"]} | emulator.environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert [m["stateMachineArn"] for m in json.loads(listed.stdout)["stateMachines"]] == [arn]


def test_a_reset_forgets_everything_and_tells_nobody(emulator, tmp_path):
    heard = []
    unsubscribe = emulator.feed.subscribe(heard.append)
    pid = tmp_path / "pid"
    deaf = f"trap '' TERM; echo $$ > {pid}.new; mv {pid}.new {pid}; while :; do sleep 1; done"
    arn = machine(emulator, ["sh", "-c", deaf])
    emulator.client("stepfunctions").start_execution(stateMachineArn=arn)
    emulator.slack.configure(name="s", team_id="T", channel_id="C", topic_arns=[])
    wait_for(lambda: [h for h in heard if isinstance(h, TaskStateChange)])
    wait_for(pid.exists)

    emulator.reset()

    unsubscribe()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    ended = [h.detail["status"] for h in heard if isinstance(h, ExecutionStatusChange)]
    assert ended == ["RUNNING"]
    assert emulator.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert emulator.slack.configurations == ()
    assert feeds.current() is emulator.feed
