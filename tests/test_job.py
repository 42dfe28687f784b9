from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batch.errors import InvalidJob
from batch.job import KEYS, Backoff, Job, Permission, Retry, Volume
from batch.job.parsing import OVERRIDES_LIMIT, overrides_size
from batch.schedule import Schedule

PARAMETER = "arn:aws:ssm:eu-west-1:111111111111:parameter/reports/token"
SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:reports/token-Ab12Cd"
DOCS = Path(__file__).parent.parent / "docs" / "jobs.md"


def parse(overrides=None, **raw):
    return Job.parse("report", {"command": ["true"], **raw}, overrides=overrides)


def problems(overrides=None, name="report", **raw):
    with pytest.raises(InvalidJob) as caught:
        Job.parse(name, {"command": ["true"], **raw}, overrides=overrides)
    return [str(problem) for problem in caught.value.problems]


# What is read


def test_a_job_needs_no_more_than_a_command():
    assert parse() == Job("report", command=("true",))


def test_every_key_has_its_place():
    job = Job.parse(
        "report",
        {
            "owner": "team reporting",
            "description": "Writes the report.",
            "shell": "make report | tee log",
            "schedules": {"morning": "cron(0 6 * * ? *)", "evening": "rate(1 day)"},
            "timezone": "Asia/Tokyo",
            "start_date": "2027-01-01",
            "end_date": "2027-12-31T23:00:00Z",
            "flexible_window_minutes": 15,
            "enabled": False,
            "cpu": 1024,
            "memory": 4096,
            "ephemeral_storage_gib": 50,
            "architecture": "ARM64",
            "spot": True,
            "volumes": [
                {
                    "name": "reports",
                    "file_system_id": "fs-0123456789abcdef0",
                    "path": "/mnt/reports",
                    "access_point_id": "fsap-0123456789abcdef0",
                    "read_only": True,
                }
            ],
            "environment": {"LEVEL": "debug"},
            "secrets": {"TOKEN": PARAMETER},
            "image": "111111111111.dkr.ecr.eu-west-1.amazonaws.com/report@sha256:" + "0" * 64,
            "container": "rails",
            "permissions": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::reports/*"]}],
            "attempt_timeout": "90s",
            "run_timeout": "1h",
            "retry": {
                "attempts": 3,
                "interval": "10s",
                "backoff_rate": 1.5,
                "max_delay": "1m",
                "jitter": False,
                "exit_codes": [75, 3, 3],
            },
            "start_retry": {"attempts": 2},
            "max_event_age": "10m",
        },
    )
    tokyo = ZoneInfo("Asia/Tokyo")
    dates = (datetime(2027, 1, 1, tzinfo=tokyo), datetime(2027, 12, 31, 23, tzinfo=UTC))

    assert job == Job(
        name="report",
        command=("bash", "-c", "make report | tee log"),
        owner="team reporting",
        description="Writes the report.",
        schedules={
            "evening": Schedule("rate(1 day)", "Asia/Tokyo", *dates),
            "morning": Schedule("cron(0 6 * * ? *)", "Asia/Tokyo", *dates),
        },
        flexible_window_minutes=15,
        enabled=False,
        cpu=1024,
        memory=4096,
        ephemeral_storage_gib=50,
        architecture="ARM64",
        spot=True,
        volumes=(
            Volume(
                "reports",
                "fs-0123456789abcdef0",
                "/mnt/reports",
                access_point_id="fsap-0123456789abcdef0",
                read_only=True,
            ),
        ),
        environment={"LEVEL": "debug"},
        secrets={"TOKEN": PARAMETER},
        image="111111111111.dkr.ecr.eu-west-1.amazonaws.com/report@sha256:" + "0" * 64,
        container="rails",
        permissions=(Permission(("s3:GetObject",), ("arn:aws:s3:::reports/*",)),),
        attempt_timeout_seconds=90,
        run_timeout_seconds=3600,
        retry=Retry(3, 10, 1.5, 60, jitter=False, exit_codes=(3, 75)),
        start_retry=Backoff(2, 15, 2.0, 300, jitter=True),
        max_event_age_seconds=600,
    )


def test_a_single_schedule_is_called_default():
    assert parse(schedule="rate(1 hour)").schedules == {"default": Schedule("rate(1 hour)")}


def test_none_counts_as_not_given():
    assert parse(**dict.fromkeys(set(KEYS) - {"command"})) == parse()


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ({}, (None, None)),
        ({"cpu": 1024}, (1024, 2048)),
        ({"memory": 5120}, (1024, 5120)),
        ({"cpu": "512", "memory": "4096"}, (512, 4096)),
    ],
)
def test_one_number_of_the_size_gives_the_other(raw, size):
    job = parse(**raw)

    assert size == (job.cpu, job.memory)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "report:1"),
        ("container", "rails"),
        ("secrets", {"TOKEN": PARAMETER}),
        (
            "volumes",
            [{"name": "a", "file_system_id": "fs-01234567", "path": "/a"}],
        ),
        ("permissions", [{"actions": ["s3:GetObject"], "resources": ["*"]}]),
        ("architecture", "ARM64"),
    ],
)
def test_what_an_override_cannot_say_needs_an_own_task_definition(key, value):
    assert parse(**{key: value}).own_task_definition


def test_size_and_environment_need_no_own_task_definition():
    job = parse(cpu=1024, environment={"A": "1"}, ephemeral_storage_gib=50, spot=True)

    assert not job.own_task_definition


# Time limits


@pytest.mark.parametrize(
    ("raw", "limits"),
    [
        ({}, (12 * 3600, 24 * 3600)),
        ({"retry": {"attempts": 3}}, (43_200, 3 * (43_200 + 300) + 30 + 60)),
        ({"attempt_timeout": "1h"}, (3600, 24 * 3600)),
        ({"attempt_timeout": "20h", "retry": {"attempts": 2}}, (72_000, 144_000 + 600 + 30)),
        ({"run_timeout": "30m"}, (1620, 1800)),
        ({"run_timeout": "7d"}, (7 * 86400 - 300, 7 * 86400)),
        ({"run_timeout": 2}, (1, 2)),
        ({"attempt_timeout": "none"}, (None, None)),
        ({"run_timeout": "none"}, (None, None)),
        ({"attempt_timeout": "1h", "run_timeout": "none"}, (3600, None)),
    ],
)
def test_an_attempt_ends_before_its_run(raw, limits):
    job = parse(**raw)

    assert limits == (job.attempt_timeout_seconds, job.run_timeout_seconds)


@pytest.mark.parametrize(
    ("attempt", "run"), [("2h", "1h"), ("1h", "1h"), ("59m", "1h"), ("none", "1h")]
)
def test_limits_out_of_order_are_refused(attempt, run):
    assert problems(attempt_timeout=attempt, run_timeout=run) == [
        "jobs.report.attempt_timeout: an attempt over its limit could not be stopped before the "
        "run's limit ends the run; use at most 55 min, or give only one of the two"
    ]


def test_an_interval_longer_than_the_longest_wait_stretches_it():
    retry = parse(retry={"attempts": 2, "interval": "2h"}).retry

    assert (retry.interval_seconds, retry.max_delay_seconds) == (7200, 7200)


# What is refused


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            {"shell": "true"},
            "jobs.report.command: both command and shell are given; "
            "keep command (a list) or shell (one string for bash -c)",
        ),
        (
            {"command": []},
            "jobs.report.command: there is no command; give command (a list) or shell (one string)",
        ),
        (
            {"command": [""]},
            "jobs.report.command: there is no command; give command (a list) or shell (one string)",
        ),
        (
            {"command": None, "shell": "  "},
            "jobs.report.shell: there is no command; give command (a list) or shell (one string)",
        ),
        (
            {"command": "echo hello"},
            "jobs.report.command: is one string; "
            "write a list of the program and its arguments, or use shell",
        ),
        ({"command": ["sleep", 5]}, "jobs.report.command: 5 is not text; write it in quotes"),
        ({"comand": []}, "jobs.report.comand: unknown key; did you mean 'command'?"),
        (
            {"schedule": "rate(1 hour)", "schedules": {"a": "rate(1 hour)"}},
            "jobs.report.schedule: both schedule and schedules are given; "
            "keep one of the two; schedules gives each a name",
        ),
        (
            {"schedules": {"Morning": "rate(1 hour)"}},
            "jobs.report.schedules.Morning: a schedule's name has small letters, digits and "
            "hyphens and begins with a letter; rename it, for instance 'morning'",
        ),
        (
            {"schedules": {"m" * 58: "rate(1 hour)"}},
            f"jobs.report.schedules.{'m' * 58}: '<job>.<schedule>' is longer than 64 characters; "
            "shorten the schedule's name by 1",
        ),
        (
            {"schedule": "rate(1 hour)", "start_date": "tomorrow"},
            "jobs.report.start_date: 'tomorrow' is not a date; "
            "write ISO 8601, for instance 2026-12-01T00:00:00",
        ),
        (
            {"flexible_window_minutes": 1441},
            "jobs.report.flexible_window_minutes: 1441 is out of range; use 0 to 1440",
        ),
        (
            {"enabled": "maybe"},
            "jobs.report.enabled: 'maybe' is neither true nor false; write true or false",
        ),
        (
            {"cpu": 300},
            "jobs.report.cpu: Fargate has no task with 300 CPU units; the nearest is 256",
        ),
        (
            {"memory": 1000},
            "jobs.report.memory: Fargate has no task with 1000 MiB; the nearest is 1024",
        ),
        (
            {"cpu": 256, "memory": 4096},
            "jobs.report.memory: Fargate has no task with 256 CPU units and 4096 MiB; "
            "the nearest is 2048, or keep it with cpu 512",
        ),
        (
            {"ephemeral_storage_gib": 20},
            "jobs.report.ephemeral_storage_gib: 20 is out of range; use 21 to 200",
        ),
        (
            {"architecture": "arm64"},
            "jobs.report.architecture: 'arm64' is not a value it can have; use one of X86_64, ARM64",
        ),
        (
            {"environment": {"LEVEL": 3}},
            "jobs.report.environment.LEVEL: 3 is not text; write it in quotes",
        ),
        (
            {"environment": {"BATCH_JOB": "x"}},
            "jobs.report.environment.BATCH_JOB: "
            "names that begin with BATCH_ are the platform's own; rename it",
        ),
        (
            {"environment": {"A B": "x"}},
            "jobs.report.environment.A B: is not a name that an environment variable can have; "
            "use letters, digits and underscores",
        ),
        (
            {"environment": {"TOKEN": "x"}, "secrets": {"TOKEN": SECRET}},
            "jobs.report.environment.TOKEN: is also the name of a secret; "
            "keep it in environment or in secrets",
        ),
        (
            {"permissions": [{"actions": ["s3:GetObject"]}]},
            "jobs.report.permissions[0].resources: is missing; "
            "a permission needs actions and resources",
        ),
        (
            {"permissions": [{"actions": ["*"], "resources": ["*"]}]},
            "jobs.report.permissions[0].actions: '*' has the wrong shape; "
            "it looks like 's3:GetObject'",
        ),
        (
            {"volumes": [{"name": "a", "path": "/a"}]},
            "jobs.report.volumes[0].file_system_id: is missing; "
            "a volume needs name, file_system_id and path",
        ),
        (
            {"volumes": [{"name": "a", "file_system_id": "fs-01234567", "path": "/"}]},
            "jobs.report.volumes[0].path: it is the container's own root; "
            "mount it below, for instance '/mnt/reports'",
        ),
        (
            {"volumes": 2 * [{"name": "a", "file_system_id": "fs-01234567", "path": "/a"}]},
            "jobs.report.volumes: two volumes have the name 'a'; give each its own name",
        ),
        (
            {
                "volumes": [
                    {
                        "name": "a",
                        "file_system_id": "fs-01234567",
                        "path": "/a",
                        "access_point_id": "fsap-01234567",
                        "root_directory": "/b",
                    }
                ]
            },
            "jobs.report.volumes[0].root_directory: an access point sets its own root directory; "
            "leave it out",
        ),
        ({"retry": {"attempts": 0}}, "jobs.report.retry.attempts: 0 is out of range; use 1 to 10"),
        (
            {"retry": {"exit_codes": [0]}},
            "jobs.report.retry.exit_codes: 0 is out of range; use 1 to 255",
        ),
        (
            {"retry": {"interval": "10m", "max_delay": "5m"}},
            "jobs.report.retry.max_delay: is shorter than interval; make it the longer one",
        ),
        (
            {"start_retry": {"exit_codes": [1]}},
            "jobs.report.start_retry.exit_codes: unknown key; remove it or fix its spelling",
        ),
        (
            {"max_event_age": "30s"},
            "jobs.report.max_event_age: 30s is out of range; use 1 min to 24 h",
        ),
        (
            {"description": "x" * 513},
            "jobs.report.description: has 513 characters; use at most 512",
        ),
    ],
)
def test_bad_input_says_what_to_do(raw, expected):
    assert expected in problems(**raw)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("run-task", "the name belongs to the machine that runs arbitrary commands"),
        ("Report", "a job's name has small letters, digits and hyphens and begins with a letter"),
        ("1st", "a job's name has small letters, digits and hyphens and begins with a letter"),
        ("a_b", "a job's name has small letters, digits and hyphens and begins with a letter"),
        ("a" * 41, "the name has 41 characters"),
    ],
)
def test_a_bad_name_is_refused(name, what):
    (problem,) = problems(name=name)

    assert problem.startswith(f"jobs.{name}: {what}; ")


def test_the_longest_name_is_taken():
    assert Job.parse("a" * 40, {"command": ["true"]}).name == "a" * 40


def test_five_fields_are_told_their_six_field_equal():
    (problem,) = problems(schedule="0 3 * * 1-5")

    assert problem.startswith("jobs.report.schedule: ")
    assert "cron(0 3 ? * MON-FRI *)" in problem


def test_what_schedules_share_is_told_once():
    found = problems(
        schedules={"a": "rate(1 hour)", "b": "cron(0 3 1 * MON *)"}, timezone="Asia/Toky"
    )

    assert [problem.split(": ")[0] for problem in found] == [
        "jobs.report.timezone",
        "jobs.report.schedules.b",
    ]


@pytest.mark.parametrize(
    "arn",
    [
        PARAMETER,
        SECRET,
        f"{SECRET}:password::",
        f"{SECRET}:password:AWSPREVIOUS:",
        "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/token",
    ],
)
def test_a_secret_is_an_arn(arn):
    assert parse(secrets={"TOKEN": arn}).secrets == {"TOKEN": arn}


@pytest.mark.parametrize(
    "arn",
    [
        "reports/token",
        "hunter2",
        "arn:aws:ssm:eu-west-1:1:parameter/token",
        "arn:aws:ssm:eu-west-1:111111111111:token",
        "arn:aws:secretsmanager:eu-west-1:111111111111:secret:reports/token",
        f"{SECRET}:password",
        "arn:aws:s3:::bucket",
    ],
)
def test_a_secret_of_the_wrong_shape_is_refused(arn):
    (problem,) = problems(secrets={"TOKEN": arn})

    assert problem.startswith(
        f"jobs.report.secrets.TOKEN: {arn!r} is not the ARN of a secret; "
        "give arn:aws:ssm:<region>:<account>:parameter/<name> or "
    )


def test_what_does_not_fit_into_the_overrides_is_refused():
    room = OVERRIDES_LIMIT - overrides_size(parse(environment={"A": ""}))

    assert overrides_size(parse(environment={"A": "é" * (room // 2)})) <= OVERRIDES_LIMIT
    assert problems(environment={"A": "x" * (room + 1)}) == [
        "jobs.report.environment: command and environment take 8193 bytes of RunTask's 8,192; "
        "move what is long into the image, a file or a secret"
    ]


def test_everything_wrong_is_told_at_once():
    found = problems(name="Report", cpu=1, timezone="", schedule="x", environment={"A": 1})

    assert [problem.split(": ")[0] for problem in found] == [
        "jobs.Report",
        "jobs.Report.cpu",
        "jobs.Report.schedule",
        "jobs.Report.environment.A",
    ]


# What a stack changes


@pytest.mark.parametrize(
    ("raw", "overrides", "same_as"),
    [
        ({"cpu": 256}, {"cpu": 512, "memory": 1024}, {"cpu": 512, "memory": 1024}),
        ({}, {"ephemeralStorageGib": 30}, {"ephemeral_storage_gib": 30}),
        ({}, {"attemptTimeout": "5s"}, {"attempt_timeout": "5s"}),
        (
            {"schedule": "rate(1 hour)"},
            {"enabled": False},
            {"schedule": "rate(1 hour)", "enabled": False},
        ),
        ({}, {"shell": "exit 1"}, {"command": None, "shell": "exit 1"}),
        ({"command": None, "shell": "exit 1"}, {"command": ["true"]}, {"command": ["true"]}),
        (
            {"schedule": "rate(1 hour)"},
            {"schedules": {"a": "rate(1 day)"}},
            {"schedules": {"a": "rate(1 day)"}},
        ),
        (
            {"schedules": {"a": "rate(1 day)"}},
            {"schedule": "rate(1 hour)"},
            {"schedule": "rate(1 hour)"},
        ),
        ({"schedule": "rate(1 hour)"}, {"schedule": None}, {}),
        (
            {"environment": {"A": "1", "B": "2"}},
            {"environment": {"B": "3", "A": None, "C": "4"}},
            {"environment": {"B": "3", "C": "4"}},
        ),
        (
            {"secrets": {"TOKEN": SECRET}},
            {"secrets": {"TOKEN": None}, "environment": {"TOKEN": "made up"}},
            {"environment": {"TOKEN": "made up"}},
        ),
        (
            {"retry": {"attempts": 3, "exit_codes": [7]}},
            {"retry": {"interval": "1s", "maxDelay": "2s"}},
            {"retry": {"attempts": 3, "exit_codes": [7], "interval": "1s", "max_delay": "2s"}},
        ),
        ({}, {"startRetry": {"attempts": 1}}, {"start_retry": {"attempts": 1}}),
        (
            {},
            {"volumes": [{"name": "a", "fileSystemId": "fs-01234567", "path": "/a"}]},
            {"volumes": [{"name": "a", "file_system_id": "fs-01234567", "path": "/a"}]},
        ),
    ],
)
def test_a_stack_wins_key_by_key(raw, overrides, same_as):
    assert parse(overrides, **raw) == parse(**same_as)


def test_the_code_is_left_as_it_was():
    raw = {"command": ["true"], "environment": {"A": "1"}}
    Job.parse("report", raw, overrides={"shell": "true", "environment": {"A": "2"}})

    assert raw == {"command": ["true"], "environment": {"A": "1"}}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            {"attempt_timeout": "5s"},
            "jobs.report.attempt_timeout: unknown key; did you mean 'attemptTimeout'?",
        ),
        ({"ennabled": True}, "jobs.report.ennabled: unknown key; did you mean 'enabled'?"),
        (
            {"retry": {"max_delay": "5s"}},
            "jobs.report.retry.max_delay: unknown key; did you mean 'maxDelay'?",
        ),
        (
            {"volumes": [{"filesystem": "x"}]},
            "jobs.report.volumes[0].filesystem: unknown key; did you mean 'fileSystemId'?",
        ),
        (
            {"ephemeralStorageGib": 1},
            "jobs.report.ephemeralStorageGib: 1 is out of range; use 21 to 200",
        ),
        (
            {"command": ["true"], "shell": "true"},
            "jobs.report.command: both command and shell are given; "
            "keep command (a list) or shell (one string for bash -c)",
        ),
    ],
)
def test_what_a_stack_gets_wrong_is_told_in_its_own_spelling(overrides, expected):
    assert expected in problems(overrides)


# What outlives itself

NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            {"schedule": "at(2027-03-20T11:59:00)"},
            "jobs.report.schedule: at(2027-03-20T11:59:00) is already past, "
            "so no schedule is made; give a later date or remove it",
        ),
        (
            {"schedule": "rate(1 day)", "end_date": "2027-03-01T00:00:00Z"},
            "jobs.report.schedule: end date 2027-03-01 00:00:00+00:00 is already past, "
            "so no schedule is made; give a later date or remove it",
        ),
        (
            {"schedules": {"a": "rate(1 day)"}, "start_date": "2027-03-01T00:00:00Z"},
            "jobs.report.schedules.a: start date 2027-03-01 00:00:00+00:00 is already past, "
            "so it is left out; remove it",
        ),
        (
            {"schedule": "cron(30 2 * * ? *)", "timezone": "Europe/Berlin"},
            "jobs.report.schedule: on 2027-03-28 the clocks of Europe/Berlin change: "
            "02:30 does not exist and that run is skipped; pick another time if the run matters",
        ),
    ],
)
def test_people_are_warned_of_dates_and_clocks(raw, expected):
    assert [expected] == parse(**raw).warnings(NOW)


def test_a_time_that_comes_twice_is_told():
    (warning,) = parse(schedule="cron(30 2 * * ? *)", timezone="Europe/Berlin").warnings(
        datetime(2027, 10, 20, tzinfo=UTC)
    )

    assert "2027-10-31" in warning
    assert "02:30 comes twice and the job runs once" in warning


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"schedule": "at(2027-03-20T12:01:00)"},
        {"schedule": "rate(1 day)", "start_date": "2027-03-21T00:00:00Z"},
        {"schedule": "cron(30 2 * * ? *)", "timezone": "Asia/Tokyo"},
        {"schedule": "cron(30 2 * * ? *)", "timezone": "Europe/Berlin", "enabled": False},
    ],
)
def test_there_is_nothing_to_say_where_nothing_is_odd(raw):
    assert parse(**raw).warnings(NOW) == []


def test_clock_changes_far_ahead_are_not_told():
    job = parse(schedule="cron(30 2 * * ? *)", timezone="Europe/Berlin")

    assert job.warnings(NOW + timedelta(days=60)) == []


# Documentation


def test_the_documentation_has_every_key():
    section = DOCS.read_text(encoding="utf-8").split("## Keys")[1].split("\n## ")[0]

    assert list(KEYS) == re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
