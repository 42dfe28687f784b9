"""Programs of other languages construct every component through the package.

Over the wire, as an engine does it for them: names in camel case, Outputs as values with a mark.
The provider runs from a clone with nothing but its own requirements.
"""

from __future__ import annotations

import json
import subprocess

import grpc
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import errors_pb2, status_pb2

from tests.package import engine
from tests.recording import CONNECTION, REGION

STACK = engine.STACK_URN
UNKNOWN = rpc.UNKNOWN
JOB = "urn:pulumi:prod::shop::batch:index:ScheduledJob::nightly"
DEFINITION = CONNECTION["taskdefinition"]


def job(host, connection=None, *, preview=False, config=None, **arguments):
    platform = engine.known(CONNECTION) if connection is None else connection
    given = {"platform": platform, "command": ["rake", "report"], **arguments}
    return host.construct("ScheduledJob", "nightly", given, preview=preview, config=config)


def refused(host, type_, arguments, **options):
    """Return what the engine is told: the message, and the problem of each property."""
    with pytest.raises(grpc.RpcError) as raised:
        host.construct(type_, "nightly", arguments, **options)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT, raised.value.details()
    details = dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    status, problems = status_pb2.Status.FromString(details), errors_pb2.InputPropertiesError()
    status.details[0].Unpack(problems)
    assert "Traceback" not in status.message + str(problems)
    return status.message, {one.property_path: one.reason for one in problems.errors}


# The package


def test_only_what_the_package_needs_is_installed_beside_it(cloned):
    _, python = cloned
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    names = {line.split()[0].replace("_", "-") for line in listed.stdout.splitlines() if line}

    assert {"batch-platform", "pulumi", "pulumi-aws", "pulumi-command"} <= names
    assert names.isdisjoint({"moto", "pytest", "mypy"})


def test_a_module_of_the_folder_is_not_found_under_a_name_of_its_own(cloned):
    folder, python = cloned
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(folder)!r}); "
        f"runpy.run_path({str(folder / '__main__.py')!r}); "
        "import importlib.util as found; "
        "print([bool(found.find_spec(name)) for name in ('network', 'identity', 'components')])"
    )
    done = subprocess.run([python, "-c", code], cwd=folder.parent, capture_output=True, text=True)

    assert (done.stderr, done.stdout.strip()) == ("", "[False, False, True]")


def test_the_schema_that_is_served_has_the_projects_version(host, project):
    schema = json.loads(host.schema())

    assert (schema["name"], schema["version"]) == ("batch", project["version"])


# A job


def test_a_job_has_a_state_machine_and_a_schedule_below_it(host):
    made = job(host, schedule="cron(0 3 * * ? *)", timezone="Asia/Tokyo", owner="reporting")

    assert [(one.type, one.name, one.parent) for one in made.resources] == [
        ("batch:index:ScheduledJob", "nightly", STACK),
        ("aws:sfn/stateMachine:StateMachine", "nightly", JOB),
        ("aws:scheduler/schedule:Schedule", "nightly", JOB),
    ]
    machine = made.one("aws:sfn/stateMachine:StateMachine", "nightly").inputs
    assert machine["name"] == "batch-test-nightly"
    assert machine["roleArn"] == CONNECTION["machinerole"]
    assert "rake" in machine["definition"]
    schedule = made.one("aws:scheduler/schedule:Schedule", "nightly").inputs
    assert schedule["scheduleExpressionTimezone"] == "Asia/Tokyo"


def test_a_job_returns_its_outputs(host):
    made = job(host, schedule="rate(1 hour)")

    assert made.urn == JOB
    assert made.state == {
        "stateMachineArn": f"arn:aws:sfn:{REGION}:123456789012:statemachine/batch-test-nightly",
        "stateMachineName": "batch-test-nightly",
        "scheduleNames": ["nightly"],
        "taskDefinitionArn": DEFINITION,
    }
    assert set(made.outputs) == {JOB}


def test_every_kind_of_argument_arrives(host):
    made = job(
        host,
        schedules={"night": "cron(0 3 * * ? *)", "noon": "cron(0 12 * * ? *)"},
        cpu=512,
        memory=1024,
        architecture="ARM64",
        retry={"attempts": 3, "exitCodes": [75], "backoffRate": 1.5},
        volumes=[{"name": "data", "fileSystemId": engine.known("fs-12345678"), "path": "/data"}],
        permissions=[
            {"actions": ["s3:GetObject"], "resources": [engine.known("arn:aws:s3:::b/*")]}
        ],
        environment={"PLAIN": "1", "AWAITED": engine.known("2")},
        secrets={"TOKEN": engine.known("arn:aws:ssm:eu-west-1:123456789012:parameter/token")},
    )

    definition = made.one("aws:ecs/taskDefinition:TaskDefinition", "nightly").inputs
    assert definition["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert (definition["cpu"], definition["memory"]) == ("512", "1024")
    assert "fs-12345678" in str(definition["volumes"])
    machine = made.one("aws:sfn/stateMachine:StateMachine", "nightly").inputs["definition"]
    assert "AWAITED" in machine
    assert "PLAIN" in machine
    assert sorted(made.state["scheduleNames"]) == ["nightly.night", "nightly.noon"]


def test_the_stacks_configuration_of_another_language_overrides_a_job(host):
    made = job(
        host, schedule="rate(1 hour)", config={"shop:jobs": '{"nightly": {"enabled": false}}'}
    )

    assert made.one("aws:scheduler/schedule:Schedule", "nightly").inputs["state"] == "DISABLED"


def test_a_secret_connection_keeps_the_outputs_secret_and_known(host):
    made = job(host, engine.known(CONNECTION, secret=True))
    machine = made.one("aws:sfn/stateMachine:StateMachine", "nightly")

    assert made.state["stateMachineName"] == "batch-test-nightly"
    assert rpc._special_secret_sig in json.dumps(machine.raw["definition"])


def test_one_unknown_value_of_a_connection_leaves_the_names_known(host):
    values = {key: engine.known(value) for key, value in CONNECTION.items()}
    made = job(host, {**values, "groups": engine.unknown()}, preview=True, schedule="rate(1 hour)")

    machine = made.one("aws:sfn/stateMachine:StateMachine", "nightly").inputs
    assert (machine["name"], machine["definition"]) == ("batch-test-nightly", UNKNOWN)
    assert (
        made.one("aws:scheduler/schedule:Schedule", "nightly").inputs["groupName"] == "batch-test"
    )


@pytest.mark.parametrize("connection", [engine.unknown(), UNKNOWN], ids=["output", "bare"])
def test_a_connection_that_is_not_known_at_all_previews(host, connection):
    made = job(host, connection, preview=True, schedule="rate(1 hour)")

    assert [one.type for one in made.resources] == [
        "batch:index:ScheduledJob",
        "aws:sfn/stateMachine:StateMachine",
        "aws:scheduler/schedule:Schedule",
    ]
    assert made.state["stateMachineArn"] == UNKNOWN


# A platform


def test_a_platform_is_made_below_its_component(host):
    made = host.construct(
        "BatchPlatform",
        "batch",
        {
            "image": engine.known("registry/app:1"),
            "stack": "prod",
            "architecture": "ARM64",
            "logRetentionDays": 90,
            "slack": {
                "workspaceId": "T0123ABCD",
                "successChannelId": "C0123ABCD",
                "failureChannelId": "C0123ABCE",
            },
        },
    )

    component, *children = made.resources
    assert component.parent == STACK
    assert {one.parent for one in children} == {made.urn}
    assert len(children) > 30
    assert made.state["platformName"] == "batch-prod"
    assert (
        made.one("aws:cloudwatch/logGroup:LogGroup", "batch-tasks").inputs["retentionInDays"] == 90
    )


def test_what_a_platform_hands_on_makes_a_job(host):
    connection = host.construct("BatchPlatform", "batch", {"image": "app:1"}).state["connection"]
    made = job(host, engine.known(connection), schedule="rate(1 hour)")

    assert set(connection) == set(CONNECTION)
    assert made.state["stateMachineName"] == "batch-prod-nightly"
    assert made.state["taskDefinitionArn"] == connection["taskdefinition"]


def test_protection_reaches_what_a_platform_makes(host):
    made = host.construct("BatchPlatform", "batch", {"image": "app:1"}, protect=True)

    assert {one.protect for one in made.resources} == {True}


def test_a_platform_of_which_nothing_is_known_previews(host):
    made = host.construct("BatchPlatform", "batch", {"image": engine.unknown()}, preview=True)

    assert made.state["platformName"] == "batch-prod"
    assert made.state["connection"] == UNKNOWN


# A run on deployment


def test_a_command_runs_below_its_component(host):
    made = host.construct(
        "RunOnDeploy",
        "migrate",
        {
            "platform": engine.known(CONNECTION),
            "shell": "rake db:migrate",
            "cpu": 512,
            "triggers": [engine.known("7"), "b"],
        },
    )

    command = made.one("command:local:Command", "migrate")
    assert command.parent == made.urn
    assert command.inputs["triggers"] == [DEFINITION, "7", "b"]
    assert "-m batchctl run --wait" in command.inputs["create"]
    assert "--cpu 512 " in command.inputs["create"]
    assert made.state == {"output": "done"}


# What is wrong


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({"comand": ["a"]}, {"comand": "unknown property; did you mean 'command'?"}),
        ({"cpu": "big"}, {"cpu": "'big' is not a whole number; give that"}),
        ({"cpu": 0.5}, {"cpu": "0.5 is not a whole number; give that"}),
        ({"spot": "yes"}, {"spot": "'yes' is not true or false; give that"}),
        ({"command": "a"}, {"command": "'a' is not a list; give that"}),
        ({"command": [1]}, {"command[0]": "1.0 is not text; give that"}),
        ({"environment": "a"}, {"environment": "'a' is not a map of names to values; give that"}),
        ({"environment": {"A": 5}}, {'environment["A"]': "5.0 is not text; give that"}),
        (
            {"architecture": "arm"},
            {"architecture": "'arm' is not a value it can have; use one of X86_64, ARM64"},
        ),
        (
            {"retry": {"exitCode": [1]}},
            {"retry.exitCode": "unknown property; did you mean 'exitCodes'?"},
        ),
        (
            {"volumes": [{"path": "/data", "fileSystemId": "fs-1"}]},
            {"volumes[0].name": "it is missing; give it a value"},
        ),
        (
            {"schedule": engine.known("rate(1 hour)")},
            {"schedule": "an output is not known when the program runs; give a plain value"},
        ),
        (
            {"attemptTimeout": "soon"},
            {
                "attemptTimeout": "'soon' is no duration; use seconds or a text like 90s, 15m, 26h or 7d"
            },
        ),
        (
            {"environment": {"BATCH_JOB": "x"}},
            {
                "environment.BATCH_JOB": "names that begin with BATCH_ are the platform's own;"
                " rename it"
            },
        ),
    ],
)
def test_what_is_wrong_is_told_by_property(host, arguments, problems):
    given = {"platform": engine.known(CONNECTION), "command": ["a"], **arguments}

    assert refused(host, "ScheduledJob", given) == ("the arguments are wrong", problems)


def test_everything_that_is_wrong_is_told_at_once(host):
    _, problems = refused(host, "ScheduledJob", {"comand": ["a"], "retry": []})

    assert list(problems) == ["comand", "retry", "platform"]


def test_what_only_an_outputs_value_shows_is_told_by_property(host):
    given = {
        "platform": CONNECTION,
        "command": ["a"],
        "environment": {"A": engine.known("x" * 9000)},
    }
    _, problems = refused(host, "ScheduledJob", given)

    assert list(problems) == ["environment"]
    assert "8,192" in problems["environment"]


def test_a_platform_tells_by_property(host):
    given = {"image": "app:1", "logRetentionDays": 31, "cpu": 300}
    _, problems = refused(host, "BatchPlatform", given)

    assert set(problems) == {"logRetentionDays", "cpu"}


def test_what_is_about_no_property_is_in_the_message(host):
    message, problems = refused(host, "RunOnDeploy", {"platform": CONNECTION})

    assert message == "nightly: there is no command; give command (a list) or shell (one string)"
    assert problems == {}
