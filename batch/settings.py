"""A stack's configuration: read and checked once, before anything is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from batch import contract, fargate
from batch.errors import InvalidSettings, Problem
from batch.job import override_problems, shapes
from batch.reading import Reader

DEFAULTS: Final[Mapping[str, Any]] = {
    "name": "batch",
    "accountId": "",
    "image": "public.ecr.aws/docker/library/debian:stable-slim",
    "containerName": contract.DEFAULT_CONTAINER,
    "cpu": 256,
    "memory": 512,
    "architecture": "X86_64",
    "vpcId": "",
    "subnetIds": [],
    "securityGroupIds": [],
    "assignPublicIp": "auto",
    "logRetentionDays": 30,
    "containerInsights": "enabled",
    "historyDays": 400,
    "concurrencyGroups": {},
    "slack": {},
    "emails": {},
    "successMessages": True,
    "topicArns": [],
    "github": {},
    "kmsKeyArn": "",
    "permissionsBoundaryArn": "",
    "production": False,
    "jobs": {},
    "expected": {},
}
"""Every key and its default, the same as in ``Pulumi.yaml``: the engine asks for a default there,
and whoever parses without the engine needs it here."""

LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs offers (PutRetentionPolicy)."""

RESULTS: Final = (
    "SUCCEEDED",
    *(error.value for error in contract.RunError),
    "TIMED_OUT",
    "ABORTED",
    "SKIPPED",
)
"""How a run can end."""

LONGEST_HISTORY_DAYS: Final = 3650

LARGEST_GROUP: Final = 1000
"""Runs of a concurrency group at once: the item that names them holds 400 KB."""

_WORD: Final = r"[a-z][a-z0-9]*"
_ARN: Final = r"arn:aws[a-z-]*:"


@dataclass(frozen=True)
class Slack:
    """The Slack channels of the platform's two topics."""

    workspace_id: str
    success_channel_id: str
    failure_channel_id: str


@dataclass(frozen=True)
class Emails:
    """Who gets an e-mail."""

    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Github:
    """Whose workflows may preview, deploy and run."""

    repository: str
    """``owner/name``."""

    state_bucket: str
    state_key_arn: str
    provider_arn: str
    """Empty: it is made here."""


@dataclass(frozen=True)
class Settings:
    """The configuration of one stack. ``docs/configuration.md`` says what each key does."""

    name: str
    stack: str
    account_id: str | None
    image: str
    container: str
    cpu: int
    memory: int
    architecture: str
    vpc_id: str | None
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    assign_public_ip: str
    log_retention_days: int
    container_insights: str
    history_days: int
    concurrency_groups: Mapping[str, int]
    """How many runs at once, by the name that jobs give."""

    slack: Slack | None
    emails: Emails
    success_messages: bool
    topic_arns: tuple[str, ...]
    """The topics that a job may name in place of the platform's."""

    github: Github | None
    kms_key_arn: str | None
    permissions_boundary_arn: str | None
    production: bool
    jobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What this stack changes about jobs, by name, as it is written."""

    expected: Mapping[str, str] = field(default_factory=dict)
    """How the run of a job is meant to end, where it is not to succeed."""

    @property
    def platform_name(self) -> str:
        """``<platform>-<stack>``, the start of every physical name."""
        return f"{self.name}-{self.stack}"

    @classmethod
    def parse(cls, raw: Mapping[str, Any], *, stack: str) -> Settings:
        """Return the settings that ``raw`` holds.

        Args:
            raw: the project's own configuration, without the project's name before the keys. A
                value is native, or text as Pulumi hands it to a program.
            stack: the stack's name.

        Raises:
            InvalidSettings: with every problem.
        """
        problems: list[Problem] = []
        given = {key: value for key, value in raw.items() if value not in (None, "")}
        reader = Reader({**DEFAULTS, **given}, problems=problems)
        reader.refuse_unknown(DEFAULTS)
        cpu, memory = _size(reader)
        settings = cls(
            name=reader.text("name", pattern=_WORD, example="'batch'"),
            stack=stack,
            account_id=_account_id(reader),
            image=reader.text("image"),
            container=reader.text("containerName", pattern=r"[\w-]{1,255}", example="'app'"),
            cpu=cpu,
            memory=memory,
            architecture=reader.choice("architecture", "X86_64", ("X86_64", "ARM64")),
            vpc_id=reader.text("vpcId", pattern=r"vpc-[0-9a-f]+", example="'vpc-0a1b2c3d'") or None,
            subnet_ids=reader.strings(
                "subnetIds", pattern=r"subnet-[0-9a-f]+", example="'subnet-0a1b2c3d'"
            ),
            security_group_ids=reader.strings(
                "securityGroupIds", pattern=r"sg-[0-9a-f]+", example="'sg-0a1b2c3d'"
            ),
            assign_public_ip=reader.choice(
                "assignPublicIp", "auto", ("auto", "enabled", "disabled")
            ),
            log_retention_days=_log_retention(reader),
            container_insights=reader.choice(
                "containerInsights", "enabled", ("disabled", "enabled", "enhanced")
            ),
            history_days=reader.integer("historyDays", minimum=1, maximum=LONGEST_HISTORY_DAYS)
            or int(DEFAULTS["historyDays"]),
            concurrency_groups=_concurrency_groups(reader),
            slack=_slack(reader),
            emails=_emails(reader),
            success_messages=reader.flag("successMessages", default=True),
            topic_arns=reader.strings(
                "topicArns", pattern=shapes.TOPIC, example="'arn:aws:sns:<region>:<account>:<name>'"
            ),
            github=_github(reader),
            kms_key_arn=reader.text(
                "kmsKeyArn",
                pattern=_ARN + r"kms:[a-z0-9-]+:\d{12}:key/[\w-]+",
                example="'arn:aws:kms:<region>:<account>:key/<id>'; an alias does not do",
            )
            or None,
            permissions_boundary_arn=reader.text(
                "permissionsBoundaryArn",
                pattern=_ARN + r"iam::(\d{12}|aws):policy/.+",
                example="'arn:aws:iam::<account>:policy/<name>'",
            )
            or None,
            production=reader.flag("production", default=False),
            jobs=_jobs(reader),
            expected=_expected(reader),
        )
        _check_names(settings, problems)
        if problems:
            raise InvalidSettings(problems)
        return settings

    def check_account(self, account: str) -> None:
        """Raise unless ``account`` is the one that this stack belongs to.

        Raises:
            InvalidSettings: if the stack names another account.
        """
        if self.account_id not in (None, account):
            what = f"the credentials are of account {account}, the stack is for {self.account_id}"
            fix = f"use credentials of {self.account_id}, or correct the stack's accountId"
            raise InvalidSettings([Problem("accountId", what, fix)])


def _check_names(settings: Settings, problems: list[Problem]) -> None:
    if not Reader({"stack": settings.stack}, problems=problems).text(
        "stack", pattern=_WORD, example="'stg': small letters and digits"
    ):
        return
    if len(settings.platform_name) > contract.PLATFORM_NAME_LIMIT:
        what = f"{settings.platform_name!r} has {len(settings.platform_name)} characters"
        fix = f"use at most {contract.PLATFORM_NAME_LIMIT} for name and stack, the hyphen included"
        problems.append(Problem("name", what, fix))


def _account_id(reader: Reader) -> str | None:
    if isinstance(reader.raw["accountId"], int):
        # YAML has read it as a number already: a leading zero is lost, or made it octal.
        reader.problem("accountId", "is a number", "write the account's 12 digits in quotes")
        return None
    return reader.text("accountId", pattern=r"\d{12}", example="'111111111111', 12 digits") or None


def _size(reader: Reader) -> tuple[int, int]:
    cpu = reader.integer("cpu", minimum=1, maximum=10**6)
    memory = reader.integer("memory", minimum=1, maximum=10**6)
    if cpu is None or memory is None:
        return DEFAULTS["cpu"], DEFAULTS["memory"]
    reader.problems.extend(fargate.check(cpu, memory))
    return cpu, memory


def _log_retention(reader: Reader) -> int:
    days = reader.integer("logRetentionDays", minimum=0, maximum=10**6)
    if days is not None and days not in LOG_RETENTION_DAYS:
        near = fargate.nearest(days, LOG_RETENTION_DAYS)
        what = f"CloudWatch Logs does not offer {days} days"
        reader.problem("logRetentionDays", what, f"the nearest that it offers is {near}")
    return days or int(DEFAULTS["logRetentionDays"])


def _concurrency_groups(reader: Reader) -> dict[str, int]:
    section = Reader(
        reader.mapping("concurrencyGroups"), problems=reader.problems, where="concurrencyGroups"
    )
    result = {}
    for name in sorted(section.raw):
        if not re.fullmatch(shapes.JOB_NAME, name):
            section.problem(name, "is no name of a group", "it looks like 'warehouse'")
        elif not section.given(name):
            section.problem(name, "has no limit", "say how many runs there may be at once")
        else:
            result[name] = section.integer(name, minimum=1, maximum=LARGEST_GROUP) or 1
    return result


def _slack(reader: Reader) -> Slack | None:
    section = reader.section("slack", ("workspaceId", "successChannelId", "failureChannelId"))
    if not section.raw:
        return None
    slack = Slack(
        section.text("workspaceId", pattern=r"T[0-9A-Z]+", example="'T01ABCDEFGH'"),
        section.text("successChannelId", pattern=r"[CG][0-9A-Z]+", example="'C01ABCDEFGH'"),
        section.text("failureChannelId", pattern=r"[CG][0-9A-Z]+", example="'C01ABCDEFGH'"),
    )
    for key in ("workspaceId", "successChannelId", "failureChannelId"):
        if not section.given(key):
            fix = "give the workspace and both channels, or leave slack out"
            section.problem(key, "is missing", fix)
    if slack.success_channel_id and slack.success_channel_id == slack.failure_channel_id:
        what = "is the channel of the successes too"
        section.problem("failureChannelId", what, "give each its own channel")
    return slack


def _github(reader: Reader) -> Github | None:
    section = reader.section("github", ("repository", "stateBucket", "stateKeyArn", "providerArn"))
    if not section.raw:
        return None
    for key in ("repository", "stateBucket"):
        if not section.given(key):
            section.problem(key, "is missing", "github needs repository and stateBucket")
    return Github(
        section.text(
            "repository", pattern=r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", example="'owner/name'"
        ),
        section.text(
            "stateBucket",
            pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            example="'my-pulumi-state', a bucket's name",
        ),
        section.text(
            "stateKeyArn",
            pattern=_ARN + r"kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
            example="'arn:aws:kms:<region>:<account>:key/<id>'",
        ),
        section.text(
            "providerArn",
            pattern=_ARN + r"iam::\d{12}:oidc-provider/[a-z.]+",
            example="'arn:aws:iam::<account>:oidc-provider/token.actions.githubusercontent.com'",
        ),
    )


def _emails(reader: Reader) -> Emails:
    section = reader.section("emails", ("success", "failure"))
    address = {"pattern": r"[^@\s]+@[^@\s]+", "example": "'oncall@example.com'"}
    return Emails(section.strings("success", **address), section.strings("failure", **address))


def _jobs(reader: Reader) -> dict[str, Mapping[str, Any]]:
    result = {}
    for name, overrides in reader.mapping("jobs").items():
        if isinstance(overrides, Mapping):
            reader.problems.extend(override_problems(f"jobs.{name}", overrides))
            result[name] = overrides
        else:
            fix = "write a mapping such as 'enabled: false' below it"
            reader.problem(f"jobs.{name}", f"{overrides!r} is not a mapping", fix)
    return result


def _expected(reader: Reader) -> dict[str, str]:
    section = Reader(reader.mapping("expected"), problems=reader.problems, where="expected")
    return {job: section.choice(job, "SUCCEEDED", RESULTS) for job in section.raw}
