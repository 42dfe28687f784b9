from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import botocore.session
import pytest
import yaml

from batch import settings, stackfile
from batch.errors import InvalidSettings
from batch.job import Job
from batch.settings import DEFAULTS, Emails, Github, Settings, Slack

ROOT = Path(__file__).parent.parent
TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
EVERYTHING = {
    "name": "night",
    "accountId": "012345678901",
    "image": "report:1",
    "containerName": "rails",
    "cpu": 1024,
    "memory": 4096,
    "architecture": "ARM64",
    "vpcId": "vpc-0a1b2c3d",
    "subnetIds": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
    "securityGroupIds": ["sg-0a1b2c3d"],
    "assignPublicIp": "disabled",
    "logRetentionDays": 400,
    "containerInsights": "enhanced",
    "historyDays": 90,
    "concurrencyGroups": {"warehouse": 3, "api": 5},
    "github": {
        "repository": "acme/jobs",
        "stateBucket": "my-pulumi-state",
        "stateKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/1234",
        "providerArn": "arn:aws:iam::111111111111:oidc-provider/"
        "token.actions.githubusercontent.com",
    },
    "slack": {
        "workspaceId": "T0LOCAL00",
        "successChannelId": "C0SUCCESS",
        "failureChannelId": "C0FAILURE",
    },
    "emails": {"failure": ["oncall@example.com"]},
    "successMessages": False,
    "topicArns": ["arn:aws:sns:eu-west-1:111111111111:reports"],
    "kmsKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef",
    "permissionsBoundaryArn": "arn:aws:iam::111111111111:policy/boundary",
    "production": True,
    "jobs": {"report": {"enabled": False, "retry": {"attempts": 3}}},
    "expected": {"report": "Job.TimedOut"},
}


def parse(stack="stg", **raw):
    return Settings.parse(raw, stack=stack)


def settings_of(stack):
    raw = stackfile.read(stack, ROOT).namespace("batch-platform")
    return Settings.parse(raw, stack=stack)


def problems(stack="stg", **raw):
    with pytest.raises(InvalidSettings) as caught:
        Settings.parse(raw, stack=stack)
    return [str(problem) for problem in caught.value.problems]


def test_every_key_has_its_place():
    assert Settings.parse(EVERYTHING, stack="stg") == Settings(
        name="night",
        stack="stg",
        account_id="012345678901",
        image="report:1",
        container="rails",
        cpu=1024,
        memory=4096,
        architecture="ARM64",
        vpc_id="vpc-0a1b2c3d",
        subnet_ids=("subnet-0a1b2c3d", "subnet-0a1b2c3e"),
        security_group_ids=("sg-0a1b2c3d",),
        assign_public_ip="disabled",
        log_retention_days=400,
        container_insights="enhanced",
        history_days=90,
        concurrency_groups={"api": 5, "warehouse": 3},
        github=Github(
            "acme/jobs",
            "my-pulumi-state",
            "arn:aws:kms:eu-west-1:111111111111:key/1234",
            "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
        ),
        slack=Slack("T0LOCAL00", "C0SUCCESS", "C0FAILURE"),
        emails=Emails(failure=("oncall@example.com",)),
        success_messages=False,
        topic_arns=("arn:aws:sns:eu-west-1:111111111111:reports",),
        kms_key_arn=EVERYTHING["kmsKeyArn"],
        permissions_boundary_arn=EVERYTHING["permissionsBoundaryArn"],
        production=True,
        jobs={"report": {"enabled": False, "retry": {"attempts": 3}}},
        expected={"report": "Job.TimedOut"},
    )


def test_text_as_pulumi_gives_it_reads_like_the_value():
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in EVERYTHING.items()
    }

    assert Settings.parse(texts, stack="stg") == Settings.parse(EVERYTHING, stack="stg")


def test_nothing_given_is_a_platform():
    empty = parse()

    assert (empty.platform_name, empty.account_id, empty.vpc_id, empty.slack, empty.emails) == (
        "batch-stg",
        None,
        None,
        None,
        Emails(),
    )


def test_empty_counts_as_not_given():
    assert parse(**dict.fromkeys(DEFAULTS, "")) == parse() == parse(**dict.fromkeys(DEFAULTS))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"imgae": "x"}, "imgae: unknown key; did you mean 'image'?"),
        ({"zebra": "x"}, "zebra: unknown key; remove it or fix its spelling"),
        ({"name": "My-Batch"}, "name: 'My-Batch' has the wrong shape; it looks like 'batch'"),
        (
            {"name": "b" * 27},
            f"name: '{'b' * 27}-stg' has 31 characters; "
            "use at most 30 for name and stack, the hyphen included",
        ),
        (
            {"accountId": 111111111111},
            "accountId: is a number; write the account's 12 digits in quotes",
        ),
        (
            {"accountId": "11111111111"},
            "accountId: '11111111111' has the wrong shape; it looks like '111111111111', 12 digits",
        ),
        ({"cpu": "much"}, "cpu: 'much' is not a whole number; write a number without unit"),
        ({"cpu": 300}, "cpu: Fargate has no task with 300 CPU units; the nearest is 256"),
        (
            {"memory": 4096},
            "memory: Fargate has no task with 256 CPU units and 4096 MiB; "
            "the nearest is 2048, or keep it with cpu 512",
        ),
        (
            {"architecture": "ARM"},
            "architecture: 'ARM' is not a value it can have; did you mean 'ARM64'? (X86_64, ARM64)",
        ),
        (
            {"logRetentionDays": 100},
            "logRetentionDays: CloudWatch Logs does not offer 100 days; "
            "the nearest that it offers is 90",
        ),
        (
            {"logRetentionDays": 0},
            "logRetentionDays: CloudWatch Logs does not offer 0 days; "
            "the nearest that it offers is 1",
        ),
        (
            {"github": {"stateBucket": "my-pulumi-state"}},
            "github.repository: is missing; github needs repository and stateBucket",
        ),
        (
            {"github": {"repository": "jobs", "stateBucket": "my-pulumi-state"}},
            "github.repository: 'jobs' has the wrong shape; it looks like 'owner/name'",
        ),
        (
            {"slack": {"successChannelId": "C0SUCCESS", "failureChannelId": "C0FAILURE"}},
            "slack.workspaceId: is missing; "
            "give the workspace and both channels, or leave slack out",
        ),
        (
            {"slack": {**EVERYTHING["slack"], "successChannelId": "C0FAILURE"}},
            "slack.failureChannelId: is the channel of the successes too; "
            "give each its own channel",
        ),
        (
            {"slack": {**EVERYTHING["slack"], "workspaceId": "my-team"}},
            "slack.workspaceId: 'my-team' has the wrong shape; it looks like 'T01ABCDEFGH'",
        ),
        (
            {"slack": {"workspace": "T0"}},
            "slack.workspace: unknown key; did you mean 'workspaceId'?",
        ),
        (
            {"emails": {"failure": ["nobody"]}},
            "emails.failure: 'nobody' has the wrong shape; it looks like 'oncall@example.com'",
        ),
        (
            {"subnetIds": "subnet-0a1b2c3d"},
            "subnetIds: 'subnet-0a1b2c3d' is not a list of text, one item a line; "
            "write a list of text, one item a line",
        ),
        (
            {"kmsKeyArn": "alias/batch"},
            "kmsKeyArn: 'alias/batch' has the wrong shape; it looks like "
            "'arn:aws:kms:<region>:<account>:key/<id>'; an alias does not do",
        ),
        ({"historyDays": 0}, "historyDays: 0 is out of range; use 1 to 3650"),
        (
            {"concurrencyGroups": {"db": 0}},
            "concurrencyGroups.db: 0 is out of range; use 1 to 1000",
        ),
        (
            {"concurrencyGroups": {"db": None}},
            "concurrencyGroups.db: has no limit; say how many runs there may be at once",
        ),
        (
            {"concurrencyGroups": {"My DB": 3}},
            "concurrencyGroups.My DB: is no name of a group; it looks like 'warehouse'",
        ),
        (
            {"topicArns": ["reports"]},
            "topicArns: 'reports' has the wrong shape; "
            "it looks like 'arn:aws:sns:<region>:<account>:<name>'",
        ),
        ({"production": "yes"}, "production: 'yes' is neither true nor false; write true or false"),
        (
            {"jobs": {"report": {"ennabled": False}}},
            "jobs.report.ennabled: unknown key; did you mean 'enabled'?",
        ),
        (
            {"jobs": {"report": False}},
            "jobs.report: False is not a mapping; "
            "write a mapping such as 'enabled: false' below it",
        ),
        (
            {"expected": {"report": "FAILED"}},
            "expected.report: 'FAILED' is not a value it can have; "
            "use one of SUCCEEDED, Job.ExitCode, Job.NotStarted, Job.TimedOut, Job.Stopped, "
            "TIMED_OUT, ABORTED, SKIPPED",
        ),
    ],
)
def test_bad_input_says_what_to_do(raw, expected):
    assert [expected] == [problem for problem in problems(**raw) if problem == expected]


def test_a_stack_with_a_hyphen_is_refused():
    assert problems(stack="my-stack") == [
        "stack: 'my-stack' has the wrong shape; it looks like 'stg': small letters and digits"
    ]


def test_everything_wrong_is_told_at_once():
    found = problems(imgae="x", cpu=1, logRetentionDays=2, slack={"workspaceId": "T0"})

    assert [problem.split(": ")[0] for problem in found] == [
        "imgae",
        "cpu",
        "logRetentionDays",
        "slack.successChannelId",
        "slack.failureChannelId",
    ]


def test_the_wrong_account_is_refused():
    with pytest.raises(InvalidSettings) as caught:
        parse(accountId="111111111111").check_account("222222222222")

    assert str(caught.value) == (
        "accountId: the credentials are of account 222222222222, the stack is for 111111111111; "
        "use credentials of 111111111111, or correct the stack's accountId"
    )


@pytest.mark.parametrize("account_id", ["", "222222222222"])
def test_the_right_account_passes(account_id):
    assert parse(accountId=account_id).check_account("222222222222") is None


def test_retention_is_what_cloudwatch_documents():
    logs = botocore.session.get_session().get_service_model("logs")
    days = logs.operation_model("PutRetentionPolicy").input_shape.members["retentionInDays"]
    listed = days.documentation.split("Possible values are:")[1].split("</p>")[0]

    assert [int(number) for number in re.findall(r"\d+", listed)] == list(
        settings.LOG_RETENTION_DAYS
    )


# In step: Settings, Pulumi.yaml, docs/configuration.md, the stacks


def test_the_project_declares_every_key_with_its_default():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]

    assert {key: declaration["default"] for key, declaration in declared.items()} == DEFAULTS
    assert {key: declaration["type"] for key, declaration in declared.items()} == {
        key: TYPES[type(default)] for key, default in DEFAULTS.items()
    }
    assert [key for key, declaration in declared.items() if not declaration["description"]] == []


def test_an_array_says_what_is_in_it():
    """The engine refuses the project otherwise."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]

    assert {"string"} == {
        declaration["items"]["type"]
        for declaration in declared.values()
        if declaration["type"] == "array"
    }


def test_every_key_but_the_stack_is_a_field():
    assert len(fields(Settings)) == len(DEFAULTS) + 1


def test_the_documentation_has_every_key():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = text.split("## The platform's keys")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| \S", section, re.MULTILINE)

    assert rows == [
        (key, TYPES[type(default)], f"`{_yaml(default)}`") for key, default in DEFAULTS.items()
    ]


def _yaml(value):
    return value if value and isinstance(value, str) else json.dumps(value)


def test_the_documentation_lists_the_retention_that_there_is():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    *most, last = settings.LOG_RETENTION_DAYS

    assert f"{', '.join(map(str, most))} or {last}." in text


@pytest.mark.parametrize("stack", ["stg", "prod", "local"])
def test_the_stacks_are_right(stack):
    parsed = settings_of(stack)

    assert (parsed.stack, parsed.production) == (stack, stack == "prod")
    assert parsed.slack is not None
    assert parsed.account_id is not None


@pytest.mark.parametrize("stack", ["stg", "prod", "local"])
def test_what_the_stacks_change_about_jobs_is_right(stack):
    parsed = settings_of(stack)

    for name, overrides in parsed.jobs.items():
        assert Job.parse(name, {"command": ["true"]}, overrides=overrides).name == name


def test_production_keeps_logs_longest():
    days = {stack: settings_of(stack).log_retention_days for stack in ("local", "stg", "prod")}

    assert list(days) == sorted(days, key=days.__getitem__)


def test_a_name_that_is_listed_twice_is_refused():
    twice = ["oncall@example.com", "oncall@example.com"]

    assert problems(emails={"failure": twice}, subnetIds=["subnet-1", "subnet-2", "subnet-1"]) == [
        "subnetIds: 'subnet-1' is there twice; remove one of them",
        "emails.failure: 'oncall@example.com' is there twice; remove one of them",
    ]
