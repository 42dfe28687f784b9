"""A run during a deployment: what the engine is asked for, and that it decides the update."""

import json
import shlex
import sys
from pathlib import Path

import pulumi
import pulumi_command as command
import pytest

from batch.errors import InvalidInput
from batchctl.run import run as batchctl_run
from batchctl.run_input import commands_of
from components import BatchPlatform, RunOnDeploy, ScheduledJob, run_on_deploy
from localaws.deployment import deploy as deploy_locally
from localaws.emulator import Emulator
from localaws.errors import DeploymentFailed
from tests.recording import CONNECTION, deploy

ROOT = Path(__file__).parents[1]
GIVEN = {
    "subnet_ids": ["subnet-aaa1"],
    "security_group_ids": ["sg-a1"],
    "assign_public_ip": "disabled",
}
PLAIN = {"platform": CONNECTION, "command": ["rake", "db:migrate"]}


def command_of(options=(), **engine):
    recording = deploy(lambda: RunOnDeploy("migrate", {**PLAIN, **dict(options)}), **engine)
    return recording.one(command.local.Command, "migrate")


def parsed(resource):
    """Return what batchctl understands of the command line."""
    python, *words = shlex.split(resource.inputs["create"])
    assert words[:3] == ["-m", "batchctl", "run"]
    return python, batchctl_run.make_context("run", words[3:]).params


def test_it_waits_for_the_command_on_its_platform():
    _, params = parsed(command_of())

    assert params["wait"] is True
    assert params["skipped_ok"] is False
    assert (params["platform"], params["stack"]) == ("batch", "test")
    assert params["region"] == "eu-west-1"
    assert params["trigger"] == "deploy"
    assert commands_of(params["command"]) == ["rake", "db:migrate"]


def test_it_waits_for_all_that_a_run_needs():
    def program():
        platform = BatchPlatform("batch", {"image": "ours:1", **GIVEN})
        RunOnDeploy("migrate", {"platform": platform.connection, "command": ["rake"]})

    waits = deploy(program).one(command.local.Command, "migrate")

    assert {
        "aws:sfn/stateMachine:StateMachine batch-run-task",
        "aws:ecs/cluster:Cluster batch",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders batch",
        "aws:cloudwatch/logGroup:LogGroup batch-tasks",
        "aws:ecs/taskDefinition:TaskDefinition batch",
    } <= waits.depends_on


def test_it_checks_that_the_run_used_this_deployments_task_definition():
    _, params = parsed(command_of())

    assert params["expect_task_definition"] == CONNECTION["taskdefinition"]


@pytest.mark.parametrize("shell", ["echo 'a b' && exit 3", "[ -f /ready ]", "  two\nlines"])
def test_a_shell_line_arrives_as_it_is(shell):
    _, params = parsed(command_of({"command": None, "shell": shell}))

    assert commands_of(params["command"]) == ["bash", "-c", shell]


def test_a_size_is_passed_on():
    _, params = parsed(command_of({"cpu": 1024, "memory": 2048.0}))

    assert (params["cpu"], params["memory"]) == ("1024", "2048")


def test_nothing_is_called_but_aws_unless_told():
    resource = command_of()
    _, params = parsed(resource)

    assert (params["endpoint"], params["profile"]) == (None, None)
    assert resource.inputs["environment"] == {"BATCHCTL_ENV": ""}


def test_endpoint_profile_and_credentials_are_those_of_the_stacks_provider():
    configuration = {
        "aws:endpoints": json.dumps([{"ecs": "http://other", "sfn": "http://127.0.0.1:4566"}]),
        "aws:profile": "stg",
        "aws:accessKey": "test",
        "aws:secretKey": "hidden",
    }
    resource = command_of(configuration=configuration)
    _, params = parsed(resource)

    assert (params["endpoint"], params["profile"]) == ("http://127.0.0.1:4566", "stg")
    assert resource.inputs["environment"] == {
        "BATCHCTL_ENV": "",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "hidden",
    }


def test_endpoint_and_profile_may_be_given():
    configuration = {"aws:endpoints": '[{"sfn": "http://config"}]', "aws:profile": "config"}
    options = {"endpoint": "http://argument", "profile": "argument"}
    _, params = parsed(command_of(options, configuration=configuration))

    assert (params["endpoint"], params["profile"]) == ("http://argument", "argument")


def test_it_runs_again_with_a_new_task_definition_or_another_trigger():
    resource = command_of({"triggers": ["schema-7", pulumi.Output.from_input("8")]})

    assert resource.inputs["triggers"] == [CONNECTION["taskdefinition"], "schema-7", "8"]


def test_the_interpreter_is_named_as_it_is_in_every_checkout(monkeypatch, tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))

    assert parsed(command_of())[0] == ".venv/bin/python"


def test_an_interpreter_elsewhere_is_named_in_full(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert Path(run_on_deploy._python()).is_absolute()


def test_a_job_can_wait_for_it():
    def program():
        migrate = RunOnDeploy("migrate", PLAIN)
        ScheduledJob("report", PLAIN, pulumi.ResourceOptions(depends_on=[migrate]))

    recording = deploy(program)
    order = [r.key for r in recording.resources]

    assert order.index(("command:local:Command", "migrate")) < order.index(
        ("batch:index:ScheduledJob", "report")
    )
    (waiting,) = (r for r in recording.resources if r.key == ("batch:index:ScheduledJob", "report"))
    assert "command:local:Command migrate" in waiting.depends_on


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"shell": "x"}, "both command and shell are given"),
        ({"command": []}, "there is no command"),
        ({"command": None, "shell": "  "}, "there is no command"),
    ],
)
def test_a_run_without_one_command_is_refused(options, what):
    with pytest.raises(InvalidInput) as raised:
        command_of(options)

    assert str(raised.value) == f"migrate: {what}; give command (a list) or shell (one string)"


def test_it_hangs_under_the_component():
    assert command_of().parent_type == "batch:index:RunOnDeploy"


# For real, in the emulator


PROGRAM = """
import pulumi
from components import BatchPlatform, RunOnDeploy, ScheduledJob

platform = BatchPlatform("batch", {"image": "batch-local:process"})
migrate = RunOnDeploy("migrate", {"platform": platform.connection, "shell": SHELL})
ScheduledJob(
    "after",
    {"platform": platform.connection, "command": ["true"]},
    pulumi.ResourceOptions(depends_on=[migrate]),
)
pulumi.export("output", migrate.output)
"""


@pytest.fixture
def update(tmp_path, monkeypatch):
    """Deploy a program with this command into an emulator; return its outputs and its jobs."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(shell):
        (tmp_path / "Pulumi.yaml").write_text("name: team\nruntime: python\n")
        (tmp_path / "__main__.py").write_text(PROGRAM.replace("SHELL", repr(shell)))
        with Emulator(fires=False) as emulator:
            (tmp_path / "Pulumi.local.yaml").write_text(
                "config:\n  aws:region: us-east-1\n"
                f"  aws:endpoints: [{{sfn: '{emulator.endpoint}'}}]\n"
            )
            try:
                deployment = deploy_locally(emulator, "local", tmp_path)
            finally:
                machines = emulator.client("stepfunctions").list_state_machines()
        return deployment.outputs, [m["name"] for m in machines["stateMachines"]]

    return run


def test_an_update_goes_on_when_the_command_succeeded(update):
    outputs, machines = update("echo migrated $((6 * 7)) as $BATCH_TRIGGER")

    assert "migrated 42 as deploy" in outputs["output"]
    assert "batch-local-after" in machines


def test_an_update_fails_when_the_command_failed(update):
    with pytest.raises(DeploymentFailed) as raised:
        update("echo no such table; exit 3")

    assert "exit status 3" in str(raised.value)
    assert "no such table" in str(raised.value)
