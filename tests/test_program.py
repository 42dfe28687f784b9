"""The program, evaluated for each of its stacks: what it registers, exports and refuses."""

import json
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from batch import stackfile
from batch.errors import InvalidJob, InvalidSettings
from components import clock
from tests.recording import ANSWERS, deploy

ROOT = Path(__file__).parents[1]
STACKS = ("local", "prod", "stg")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVERYWHERE = ["cutover", "hello", "rails-report", "retired", "sized-export", "two-shifts"]
ON_PURPOSE = ["flaky", "too-slow"]


@pytest.fixture(autouse=True)
def _time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def evaluate(stack, changes=(), account=None):
    """Run ``__main__.py`` as the engine would; return the recording and the stack's outputs."""
    file = stackfile.read(stack, ROOT, secrets="omit")
    config = {**file.config, **{f"{file.project}:{k}": v for k, v in dict(changes).items()}}
    account = account or file.config.get(f"{file.project}:accountId")
    answers = {
        **ANSWERS,
        "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": account},
        "aws:ec2/getSubnet:getSubnet": lambda args: {
            "id": args["id"],
            "vpcId": "vpc-found",
            "mapPublicIpOnLaunch": False,
        },
    }

    def program():
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return dict(pulumi.runtime.get_root_resource().outputs)

    text = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    return deploy(program, answers=answers, configuration=text, project=file.project, stack=stack)


def jobs_of(recording):
    return [r.name for r in recording.resources if r.type == "batch:index:ScheduledJob"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_has_every_job_but_those_that_fail_on_purpose(stack):
    jobs = sorted(set(jobs_of(evaluate(stack))) - set(ON_PURPOSE))

    assert jobs == EVERYWHERE


@pytest.mark.parametrize(("stack", "expected"), [("local", ON_PURPOSE), ("stg", []), ("prod", [])])
def test_jobs_that_fail_on_purpose_are_only_where_the_stack_names_them(stack, expected):
    assert sorted(set(jobs_of(evaluate(stack))) & set(ON_PURPOSE)) == expected


def test_the_stack_may_ask_for_a_job_that_fails_on_purpose():
    assert "flaky" in jobs_of(evaluate("stg", {"jobs": {"flaky": {}}}))


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_warns(stack):
    assert evaluate(stack).warnings == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_says_where_its_things_are(stack):
    outputs = evaluate(stack).result

    assert outputs["platform"] == f"batch-{stack}"
    assert outputs["jobs"] == sorted([*EVERYWHERE, *(ON_PURPOSE if stack == "local" else [])])
    assert outputs["connection"]["stack"] == stack
    assert outputs["taskLogGroup"] == f"/batch/batch-{stack}"
    assert sorted(outputs) == [
        "connection",
        "failureTopicArn",
        "jobs",
        "messagesQueueUrl",
        "platform",
        "policies",
        "runTaskArn",
        "startsQueueUrl",
        "successTopicArn",
        "taskDefinitionArn",
        "taskLogGroup",
    ]


def test_a_stack_with_a_key_says_what_the_keys_policy_needs():
    key = "arn:aws:kms:eu-west-1:111111111111:key/0"

    assert "keyPolicy" in evaluate("stg", {"kmsKeyArn": key}).result


def test_the_local_report_needs_no_ruby():
    recording = evaluate("local")
    text = recording.one(aws.ecs.TaskDefinition, "rails-report").inputs["containerDefinitions"]
    machine = recording.one(aws.sfn.StateMachine, "rails-report").inputs["definition"]

    assert [c["name"] for c in json.loads(text)] == ["rails"]
    assert "bundle" not in machine
    assert (
        "bundle" in evaluate("prod").one(aws.sfn.StateMachine, "rails-report").inputs["definition"]
    )


@pytest.mark.parametrize("stack", STACKS)
def test_the_moment_of_the_cutover_is_configuration(stack):
    recording = evaluate(stack)
    schedule = recording.one(aws.scheduler.Schedule, "cutover").inputs["scheduleExpression"]
    configured = stackfile.read(stack, ROOT, secrets="omit").namespace("batch-platform")["jobs"]

    assert schedule == configured["cutover"]["schedule"]
    assert schedule.startswith("at(")


@pytest.mark.parametrize("stack", STACKS)
def test_a_disabled_job_starts_nothing(stack):
    assert evaluate(stack).one(aws.scheduler.Schedule, "retired").inputs["state"] == "DISABLED"


@pytest.mark.parametrize("stack", STACKS)
def test_a_token_is_kept_out_of_the_program(stack):
    recording = evaluate(stack)
    token = recording.one(aws.ssm.Parameter, "export-token").inputs
    definition = recording.one(aws.ecs.TaskDefinition, "sized-export").inputs
    (container,) = json.loads(definition["containerDefinitions"])

    assert (token["name"], token["type"]) == (f"/batch/batch-{stack}/export-token", "SecureString")
    assert [secret["name"] for secret in container["secrets"]] == ["EXPORT_TOKEN"]


def test_production_protects_what_holds_data_and_staging_nothing():
    assert {r.type.split(":")[-1] for r in evaluate("prod").resources if r.protect} == {
        "LogGroup",
        "Queue",
        "Table",
    }
    assert [r.key for r in evaluate("stg").resources if r.protect] == []


@pytest.mark.parametrize("stack", STACKS)
def test_another_account_makes_nothing(stack):
    with pytest.raises(InvalidSettings) as raised:
        evaluate(stack, account="999999999999")

    assert "the credentials are of account 999999999999" in str(raised.value)


def test_a_misspelt_key_is_refused_with_the_nearest_that_there_is():
    with pytest.raises(InvalidSettings) as raised:
        evaluate("stg", {"logRetentoinDays": "30"})

    assert str(raised.value) == "logRetentoinDays: unknown key; did you mean 'logRetentionDays'?"


def test_an_override_of_no_job_is_refused_with_the_nearest_that_there_is():
    with pytest.raises(InvalidJob) as raised:
        evaluate("stg", {"jobs": {"helo": {"enabled": False}}})

    assert str(raised.value) == (
        "jobs.helo: no job of this project has this name; did you mean 'hello'?"
    )


def test_a_stack_may_change_a_job():
    recording = evaluate("stg", {"jobs": {"hello": {"enabled": False}}})

    assert recording.one(aws.scheduler.Schedule, "hello").inputs["state"] == "DISABLED"


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_the_same_in_every_run(stack):
    first, second = ({r.key: r.inputs for r in evaluate(stack).resources} for _ in range(2))

    assert first == second


def test_the_program_is_short():
    lines = (ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()

    assert len(lines) < 60
