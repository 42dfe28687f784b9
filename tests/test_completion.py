"""A shell completes commands, stacks and jobs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from batchctl.main import batchctl

ROOT = Path(__file__).parents[1]

# What bash does when Tab is pressed after these words.
PRESSED = """
PATH="$1:$PATH"; shift
eval "$(batchctl completion bash)" 2>/dev/null
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_batchctl_completion batchctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def command(tmp_path):
    """A folder with a ``batchctl`` of this checkout."""
    script = tmp_path / "batchctl"
    script.write_text(f"#!{sys.executable}\nfrom batchctl.main import main\nmain()\n")
    script.chmod(0o755)
    return tmp_path


def complete(command, *words):
    pressed = subprocess.run(
        ["bash", "-c", PRESSED, "bash", str(command), *words],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return pressed.stdout.split()


def test_bash_completes_a_command(command):
    assert complete(command, "batchctl", "hist") == ["history"]


def test_bash_completes_a_stack_of_the_checkout(command):
    assert complete(command, "batchctl", "ls", "--env", "") == ["local", "prod", "stg"]


def test_bash_offers_no_jobs_where_aws_cannot_be_asked(command):
    words = ["show", "--env", "local", "--endpoint", "http://127.0.0.1:9", "hel"]

    assert complete(command, "batchctl", *words) == []


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_each_shell_has_its_script(shell):
    result = CliRunner().invoke(batchctl, ["completion", shell])

    assert result.exit_code == 0
    assert f"_BATCHCTL_COMPLETE={shell}_complete" in result.stdout


def test_a_shell_that_it_does_not_know_is_wrong_usage():
    result = CliRunner().invoke(batchctl, ["completion", "tcsh"])

    assert result.exit_code == 2
    assert "'bash', 'fish', 'zsh'" in result.stderr
