"""The wheel, outside the checkout, with what it requires and nothing for developers."""

from __future__ import annotations

import json
import subprocess
import zipfile

import pytest

from tests.package import clone

PROGRAM = """\
from components import BatchPlatform, ScheduledJob

platform = BatchPlatform("batch", {"image": "app:1"})
ScheduledJob("hello", {"platform": platform.connection, "command": ["echo", "from outside"]})
"""
STACK = """\
config:
  aws:region: us-east-1
  aws:accessKey: test
  aws:secretKey: test
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = clone.clone(folder / "source")
    python = clone.venv(folder / "builder")
    clone.pip(python, "wheel", "--quiet", "--no-deps", "-w", folder, source, folder=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The folder of the programs of a venv with the wheel and ``requirements/run.txt`` alone."""
    folder = tmp_path_factory.mktemp("installed")
    python = clone.venv(folder / "venv")
    pins = clone.ROOT / "requirements" / "run.txt"
    clone.pip(python, "install", "--quiet", "--require-hashes", "-r", pins, folder=folder)
    clone.pip(python, "install", "--quiet", "--no-deps", wheel, folder=folder)
    return python.parent


@pytest.fixture
def shop(tmp_path):
    """A small project of somebody else."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text(STACK)
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return tmp_path


def run(program, *arguments, folder, **environment):
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={**clone.environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# What is in it


def test_it_has_the_four_packages_and_their_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names if not name.split("/")[0].endswith("dist-info")}

    assert folders == {"batch", "batchctl", "components", "localaws"}
    assert {f"{folder}/py.typed" for folder in folders} <= set(names)
    assert "components/PulumiPlugin.yaml" in names


def test_it_has_every_module(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "batch", "batchctl", "components", "localaws"],
        cwd=clone.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = {name for name in tracked.stdout.splitlines() if name.endswith(".py")}

    assert modules - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_package_follows_the_projects_version(wheel, project):
    plugin = zipfile.ZipFile(wheel).read("components/PulumiPlugin.yaml").decode()

    assert f"version: {project['version']}\n" in plugin
    assert f"-{project['version']}-" in wheel.name


# What it does


def test_nothing_for_developers_is_needed(installed):
    listed = run(installed / "python", "-m", "pip", "list", "--format", "json", folder=installed)

    names = {one["name"] for one in json.loads(listed.stdout)}
    assert "batch-platform" in names
    assert names.isdisjoint({"pytest", "hypothesis", "mypy", "ruff"})


def test_the_tool_knows_its_version(installed, project, tmp_path):
    told = run(installed / "batchctl", "--version", folder=tmp_path)

    assert (told.stderr, told.stdout) == ("", f"batchctl {project['version']}\n")


def test_a_project_of_its_own_runs_on_this_machine(installed, shop):
    words = ["local", "run", "hello", "--executor", "process", "--json"]
    told = run(installed / "batchctl", *words, folder=shop)

    assert told.returncode == 0, told.stderr
    assert "from outside" in told.stderr
    assert [(one["job"], one["result"]) for one in json.loads(told.stdout)] == [
        ("hello", "SUCCEEDED")
    ]


def test_requirements_are_whole(installed):
    told = run(installed / "python", "-m", "pip", "check", folder=installed)

    assert told.returncode == 0, told.stdout


# Without the extra `local`, as the package's own environment is


def test_the_operators_tool_works_without_the_emulator(cloned, tmp_path):
    program = cloned[1].parent / "batchctl"
    helped = run(program, "--help", folder=tmp_path)
    # Nobody listens there: it gets as far as a call of AWS.
    place = ["--platform", "batch", "--stack", "prod", "--region", "eu-west-1"]
    place += ["--endpoint", "http://127.0.0.1:9"]
    made_up = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    times = run(program, "next", *place, folder=tmp_path, **made_up)

    assert (helped.returncode, helped.stderr) == (0, "")
    assert times.returncode == 1
    assert "http://127.0.0.1:9" in times.stderr
    assert "Traceback" not in times.stderr


def test_the_local_commands_say_what_to_install(cloned, tmp_path):
    program = cloned[1].parent / "batchctl"
    told = run(program, "local", "run", "hello", folder=tmp_path)
    helped = run(program, "local", "run", "--help", folder=tmp_path)

    assert (told.returncode, told.stdout) == (1, "")
    assert "install batch-platform[local]" in told.stderr
    assert "Traceback" not in told.stderr
    assert helped.returncode == 0, helped.stderr
