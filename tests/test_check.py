"""``batchctl check``: a program evaluated without AWS, and what it changes."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from batchctl.main import batchctl

ROOT = Path(__file__).parents[1]
HELLO = "jobs/hello.py"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of this project's program, in a git repository, with the library of this checkout."""
    for name in ("Pulumi.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml", "Pulumi.stg.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / "__main__.py", tmp_path)
    shutil.copytree(ROOT / "jobs", tmp_path / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "BATCHCTL_"))]:
        monkeypatch.delenv(name)
    return tmp_path


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=x")


def edit(file, old, new):
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def check(*options):
    return CliRunner().invoke(batchctl, ["check", *options])


def told(*options):
    result = check(*options, "--json")
    return json.loads(result.stdout)[0]


@pytest.mark.parametrize("stack", ["local", "stg", "prod"])
def test_the_program_of_this_project_has_no_problem(project, stack):
    result = check("--env", stack)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{stack}: no problem found, ")


def test_nothing_is_asked_of_anybody(project, monkeypatch):
    def refuse(*_):
        raise AssertionError("it opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)

    assert check("--all-envs").exit_code == 0


def test_every_problem_is_told_at_once(project):
    edit(HELLO, '"timezone": "Europe/Dublin"', '"timezone": "Mars", "cpu": 300')
    edit("jobs/data.py", '"memory": 4096', '"memory": 1')
    edit("Pulumi.stg.yaml", "logRetentionDays: 14", "logRetentionDays: 4")

    result = check("--env", "stg")

    found = told("--env", "stg")["problems"]
    assert result.exit_code == 1
    assert sorted(problem.partition(":")[0] for problem in found) == [
        "jobs.hello.cpu", "jobs.hello.timezone", "jobs.sized-export.memory", "logRetentionDays",
    ]  # fmt: skip


def test_a_namespace_that_is_nearly_the_project_s_is_a_problem(project):
    edit("Pulumi.stg.yaml", "config:", "config:\n  batchplatform:image: x")

    (problem,) = told("--env", "stg")["problems"]
    assert problem == (
        "Pulumi.stg.yaml: batchplatform:image: nobody reads the namespace batchplatform; "
        "write batch-platform:image"
    )


def test_a_module_that_cannot_be_read_is_named(project):
    edit(HELLO, "ScheduledJob(", "ScheduledJob((")

    report = told("--env", "stg")

    assert "jobs/hello.py" in report["problems"][0]
    assert report["jobs"] is None
    assert "the jobs that come after what failed, and what changes" in report["notChecked"]


def test_an_override_of_a_job_that_there_is_not_is_told_beside_a_wrong_job(project):
    edit(HELLO, '"timezone": "Europe/Dublin"', '"timezone": "Mars"')
    edit("Pulumi.local.yaml", "    flaky:\n", "    flakey:\n")

    problems = told("--env", "local")["problems"]

    assert sorted(problem.partition(":")[0] for problem in problems) == [
        "jobs.flakey", "jobs.hello.timezone",
    ]  # fmt: skip


def test_jobs_that_are_new_gone_and_changed_are_told_against_a_revision(project):
    edit(HELLO, '"timezone": "Europe/Dublin"', '"timezone": "Asia/Tokyo", "cpu": 1024')
    edit(HELLO, '"hello"', '"hullo"')
    edit("jobs/data.py", '"rate(6 hours)"', '"cron(30 2 * * ? *)", "timezone": "Europe/Berlin"')

    report = told("--env", "stg", "--against", "main")

    changes = {change["job"]: change for change in report["changes"]}
    assert {job: change["kind"] for job, change in changes.items()} == {
        "hello": "removed", "hullo": "added", "sized-export": "changed",
    }  # fmt: skip
    assert changes["sized-export"]["details"] == [
        "schedule default: every 6 hours -> every day at 02:30 Europe/Berlin"
    ]
    (times,) = changes["sized-export"]["times"]
    assert (len(times["before"]), len(times["after"])) == (3, 3)
    assert all(re.search(r"T02:30:00\+0[12]:00$", time) for time in times["after"])
    assert any(
        re.fullmatch(r"sized-export: \d{4}-03-\d\d 02:30 Europe/Berlin will not run.*", warning)
        for warning in report["warnings"]
    )


def test_what_changes_of_a_job_is_told_key_by_key_and_values_stay_untold(project):
    edit("jobs/data.py", '"cpu": 1024', '"cpu": 2048')
    edit("jobs/data.py", '{"EXPORT_TARGET": "warehouse"}', '{"EXPORT_TARGET": "lake", "A": "b"}')
    edit("jobs/data.py", '"attempt_timeout": "1h"', '"attempt_timeout": "2h", "overlap": "skip"')

    report = told("--env", "stg", "--against", "main")

    (change,) = report["changes"]
    assert change["details"] == [
        "cpu: 1024 -> 2048",
        "time limit of an attempt: 1 h -> 2 h",
        "environment: A (new); EXPORT_TARGET (other value)",
        "its state machine in other ways: retries, overlap, messages, network, or its form",
    ]
    assert "lake" not in json.dumps(report)


def test_nothing_changes_against_what_was_saved_before(project):
    saved = check("--env", "prod", "--save", "before.json")
    edit(HELLO, '"owner": "platform"', '"owner": "shop"')

    report = told("--env", "prod", "--against", "before.json")

    assert saved.exit_code == 0
    assert [(change["job"], change["details"]) for change in report["changes"]] == [
        ("hello", ["owner: platform -> shop"])
    ]


def test_an_exported_stack_is_a_state_too(project):
    deployed = json.loads((ROOT / "tests/engine/releases/0.1.0/stg.json").read_text())
    Path("exported.json").write_text(json.dumps({"version": 3, "deployment": deployed}))

    changes = told("--env", "stg", "--against", "exported.json")["changes"]

    assert {change["kind"] for change in changes} == {"changed"}
    # Its machines have another form, in which the limits stood elsewhere.
    assert {line.partition(":")[0] for change in changes for line in change["details"]} == {
        "its state machine in other ways", "time limit of a run", "time limit of an attempt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{}", "is neither a saved state nor an exported stack"),
        ("nonsense", "cannot be read"),
        ('{"batchctl": 1}', "cannot be read"),
        ('{"batchctl": 1, "jobs": {"a": {"schedules": 3}}}', "cannot be read"),
    ],
)
def test_a_file_that_is_no_state_is_refused(project, content, what):
    Path("state.json").write_text(content)

    result = check("--env", "stg", "--against", "state.json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"state.json: {what}" in result.stderr


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "main:jobs"])
def test_a_revision_that_there_is_not_is_refused(project, revision):
    result = check("--env", "stg", f"--against={revision}")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{revision}: neither a file nor a revision of git" in result.stderr
    assert not Path("x").exists()


def test_a_revision_whose_program_fails_is_said_to_and_leaves_nothing(project, tmp_path):
    edit("__main__.py", "run_lean()", "raise ValueError('old')")
    commit(project)
    git(project, "revert", "--no-edit", "HEAD")

    result = check("--env", "stg", "--against", "HEAD~1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "HEAD~1: its program cannot be evaluated" in result.stderr
    assert "ValueError: old" in result.stderr


def test_an_encrypted_value_stands_for_any_and_is_listed(project):
    secure = "{secure: v1:abc:def}"
    edit("Pulumi.stg.yaml", "config:", f"config:\n  batch-platform:boundaryArn: {secure}")

    report = told("--env", "stg")

    assert report["problems"] == []
    assert report["jobs"] == 6
    assert report["notChecked"][0] == (
        "batch-platform:boundaryArn: it is encrypted, and stands for any value here"
    )


def test_a_comment_cannot_be_broken_by_what_a_job_says(project):
    edit(HELLO, '"owner": "platform"', '"owner": "platform", "description": "x"')
    edit(HELLO, '"shell": ', '"shell": "```\\n<script>" ')

    result = check("--env", "stg", "--against", "main", "--format", "markdown")

    assert result.exit_code == 0
    assert result.stdout.startswith("### ✅ `stg`: no problem found")
    assert "\n````text\n" in result.stdout


TEAM = """
import pulumi
from components import ScheduledJob

shared = pulumi.StackReference("organization/batch-platform/stg")
connection = shared.require_output("connection")
ScheduledJob("mine", {"platform": connection, "shell": "true", "schedule": "rate(1 day)"})
"""


def test_a_team_s_own_project_is_checked_without_the_platform_s_stack(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: team\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (tmp_path / "__main__.py").write_text(TEAM)
    monkeypatch.chdir(tmp_path)

    report = told("--env", "prod")

    assert (report["problems"], report["jobs"]) == ([], 1)
    assert report["notChecked"] == [
        "the outputs of the stack organization/batch-platform/stg: only AWS knows it"
    ]


def test_without_a_stack_it_is_wrong_usage(project):
    assert check().exit_code == 2
    assert check("--env", "stg", "--env", "prod", "--save", "x").exit_code == 2


def test_outside_of_a_project_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = check("--env", "stg")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Pulumi.yaml: there is no such file" in result.stderr
