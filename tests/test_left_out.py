"""What a run says of the tests that lack a component of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NEED_ALL

ROOT = Path(__file__).parents[1]

WITHOUT_ENGINE = """\
from pathlib import Path

from tests.engine import cli

cli.BUILT = Path(__file__).parent
"""


@pytest.fixture
def run(tmp_path):
    """Run two engine tests where no CLI is, neither on the PATH nor built."""
    (tmp_path / "without_engine.py").write_text(WITHOUT_ENGINE)

    def ran(**environment):
        tests = [
            "test_destroying_the_teams_own_leaves_the_platform",
            "test_the_first_preview_knows",
        ]
        command = ["-m", "pytest", "-q", "-p", "without_engine", "-k", " or ".join(tests)]
        command += ["-p", "no:cacheprovider", "tests/engine/test_teams.py"]
        kept = {name: value for name, value in os.environ.items() if name != NEED_ALL}
        folders = {"PATH": str(tmp_path), "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**kept, **folders, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return ran


def test_what_is_left_out_is_counted_and_the_remedy_named(run):
    done = run()

    assert done.stdout.splitlines()[-1] == "engine: 2 tests not run; make engine"
    assert done.returncode == 0


def test_what_is_left_out_fails_a_run_that_needs_all(run):
    done = run(**{NEED_ALL: "1"})

    assert done.stdout.splitlines()[-1] == "engine: 2 tests not run; make engine"
    assert done.returncode == 1
