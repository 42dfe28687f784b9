"""``batchctl import``: the module that it writes, and when it writes none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl.importing import copilot, ecschedule
from batchctl.importing.model import ImportedJob
from batchctl.importing.module import module
from batchctl.main import batchctl

ROOT = Path(__file__).parents[1]
LINE = "0 3 * * * /srv/bin/report\n"


def run(*arguments):
    return CliRunner().invoke(batchctl, ["import", *map(str, arguments)])


@pytest.fixture
def crontab(tmp_path):
    path = tmp_path / "crontab.txt"
    path.write_text(LINE)
    return path


def registered(text):
    """Return what the jobs of a module are given, by name."""
    found = {}

    class Platform:
        connection = "the platform"

    scope = {}
    source = text.replace("from components import BatchPlatform, ScheduledJob", "")
    scope["ScheduledJob"] = lambda name, args: found.__setitem__(name, args)
    scope["BatchPlatform"] = Platform
    exec(compile(source, "module", "exec"), scope)
    scope["register"](Platform())
    return found


def formatted(text):
    """Return a text as ruff formats it, with this project's settings."""
    return subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--config", ROOT / "pyproject.toml",
         "-"],
        input=text, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_the_module_is_on_standard_output_and_the_rest_beside_it(crontab):
    result = run("crontab", crontab, "--owner", "web")

    assert result.exit_code == 0
    assert registered(result.stdout) == {
        "report": {
            "platform": "the platform",
            "shell": "/srv/bin/report",
            "schedule": "cron(0 3 * * ? *)",
            "owner": "web",
        }
    }
    assert result.stderr == (
        "note: lines without a CRON_TZ go by UTC (--timezone)\n1 job; 0 things not carried over\n"
    )


def test_the_status_is_1_when_something_was_not_carried_over(crontab):
    crontab.write_text(f"MAILTO=ops\n{LINE}")
    result = run("crontab", crontab)

    assert result.exit_code == 1
    assert list(registered(result.stdout)) == ["report"]
    assert result.stderr.splitlines()[-1] == "1 job; 1 thing not carried over"


def test_out_writes_a_file_and_says_where_to_name_it(crontab, tmp_path):
    out = tmp_path / "host.py"
    result = run("crontab", crontab, "--out", out)

    assert (result.exit_code, result.stdout) == (0, "")
    assert list(registered(out.read_text())) == ["report"]
    assert (
        f"written to {out}; import host in {tmp_path / '__init__.py'}, and add it to TEAMS there"
        in result.stderr
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crontab.txt", "host.py"]
    assert out.stat().st_mode & 0o777 == crontab.stat().st_mode & 0o777


def test_a_file_that_exists_is_written_over_only_by_force(crontab, tmp_path):
    out = tmp_path / "host.py"
    out.write_text("mine\n")

    refused = run("crontab", crontab, "--out", out)
    kept = out.read_text()
    forced = run("crontab", crontab, "--out", out, "--force")

    assert (refused.exit_code, kept) == (1, "mine\n")
    assert "it exists; choose another name, or give --force" in refused.stderr
    assert forced.exit_code == 0
    assert list(registered(out.read_text())) == ["report"]


def test_json_has_module_and_report(crontab):
    crontab.write_text(f"{LINE}@reboot x\n")
    result = run("crontab", crontab, "--json")
    data = json.loads(result.stdout)

    assert result.exit_code == 1
    assert data["jobs"] == [{"name": "report", "where": "line 1"}]
    assert data["findings"] == [
        {
            "where": "line 2",
            "what": "@reboot has no equal: nothing boots",
            "todo": "run the command on deployment, or use at(...)",
            "lost": True,
        }
    ]
    assert list(registered(data["module"])) == ["report"]


def test_users_are_looked_for_unless_it_is_said_that_there_are_none(crontab):
    crontab.write_text("0 3 * * * root /srv/bin/report\n")

    found = registered(run("crontab", crontab).stdout)
    told = registered(run("crontab", crontab, "--no-system").stdout)

    assert [job["shell"] for job in found.values()] == ["/srv/bin/report"]
    assert [job["shell"] for job in told.values()] == ["root /srv/bin/report"]


def test_several_manifests_become_one_module(tmp_path):
    paths = []
    for number in (1, 2):
        path = tmp_path / f"{number}.yml"
        path.write_text("name: report\ntype: Scheduled Job\ncommand: x\non: {schedule: '@daily'}\n")
        paths.append(path)
    result = run("copilot", *paths)

    assert result.exit_code == 0
    assert list(registered(result.stdout)) == ["report", "report-2"]
    assert f"note: {paths[1]} line 1: it is called report-2" in result.stderr


@pytest.mark.parametrize("format_", ["crontab", "copilot", "ecschedule"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x7fELF\x02\x01\x01\x00", "it is not text"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"x" * 1_000_001, "1,000,001 bytes"),
        (b"FROM debian:13\nRUN apt-get update\n", "it is no"),
        (b"name: web\ntype: Load Balanced Web Service\nimage: {build: .}\n", "it is "),
        (b"", "it "),
        (None, "no such file or directory"),
    ],
)
def test_a_file_that_is_something_else_writes_nothing(tmp_path, format_, content, words):
    path, out = tmp_path / "file", tmp_path / "host.py"
    if content is not None:
        path.write_bytes(content)
    result = run(format_, path, "--out", out)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert words in result.stderr
    assert not out.exists()


def test_nothing_is_written_where_nothing_could_be_carried_over(crontab, tmp_path):
    crontab.write_text("@reboot x\n")
    result = run("crontab", crontab, "--out", tmp_path / "host.py")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == "0 jobs; 1 thing not carried over"
    assert not (tmp_path / "host.py").exists()


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("host.txt", "it is no module of Python"),
        ("my-jobs.py", "it is no module of Python"),
        ("class.py", "it is no module of Python"),
        ("nowhere/host.py", "there is no folder"),
    ],
)
def test_rejects_a_place_that_is_no_module(crontab, tmp_path, out, words):
    result = run("crontab", crontab, "--out", tmp_path / out)

    assert result.exit_code == 1
    assert words in result.stderr


def test_a_zone_that_does_not_exist_is_told_once(crontab):
    result = run("crontab", crontab, "--timezone", "Europe/Berlim")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Europe/Berlin" in result.stderr


@pytest.mark.parametrize("format_", ["copilot", "ecschedule"])
def test_a_command_with_a_quote_too_many_is_wrong_usage(tmp_path, format_):
    result = run(format_, tmp_path / "file", "--command", "echo 'a")

    assert result.exit_code == 2
    assert "no closing quotation" in result.stderr


def test_jsonnet_is_not_read(tmp_path):
    path = tmp_path / "rules.jsonnet"
    path.write_text("{rules: []}")
    result = run("ecschedule", path)

    assert result.exit_code == 1
    assert "make JSON of it" in result.stderr


TEXT = st.text(st.characters(codec="latin-1") | st.sampled_from("日本語\u2028 "), max_size=150)
KEYS = st.fixed_dictionaries(
    {"shell": TEXT},
    optional={
        "environment": st.dictionaries(TEXT, TEXT, max_size=3),
        "command": st.lists(TEXT, max_size=4),
        "cpu": st.integers(1, 1000),
        "enabled": st.booleans(),
        "volumes": st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=2),
    },
)


@settings(max_examples=25, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=4), TEXT)
def test_a_module_holds_what_it_was_given_as_ruff_formats_it(jobs, source):
    text = module([ImportedJob(f"job-{n}", keys, "") for n, keys in enumerate(jobs)], source)

    assert registered(text) == {
        f"job-{n}": {"platform": "the platform", **keys} for n, keys in enumerate(jobs)
    }
    assert formatted(text) == text


@pytest.mark.parametrize(
    "field",
    sorted(
        pattern.replace("*", "<name>")
        for table in (
            copilot.ADVICE, ecschedule.OF_THE_FILE, ecschedule.OF_A_RULE, ecschedule.OF_A_CONTAINER,
        )
        for pattern in table
        if not pattern.startswith(("logging.*", "taskOverride.*"))
    ),
)  # fmt: skip
def test_the_page_has_every_field_that_is_not_carried_over(field):
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")

    assert f"`{field}`" in page
