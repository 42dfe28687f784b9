"""The command line itself: its tree, its help, its words for wrong usage."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from batchctl.main import batchctl
from batchctl.run_input import commands_of


def commands(group: click.Group, path: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = [pytest.param(path, command, id=" ".join(path)) for path, command in commands(batchctl)]


@pytest.mark.parametrize(("path", "command"), ALL)
def test_every_command_says_what_it_does(path, command):
    summary, *_ = command.help.splitlines()

    assert summary.endswith(".")


@pytest.mark.parametrize(("path", "command"), ALL)
def test_every_option_has_help(path, command):
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]

    assert silent == []


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_printed(option):
    result = CliRunner().invoke(batchctl, [option])

    assert result.exit_code == 0
    assert "Operate the scheduled jobs" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--env", "local"], "what to run?"),
        (["run", "x", "--command", " ", "--env", "local"], "--command: it is empty"),
        (["run", "x", "-e", "A", "--env", "local"], "is not NAME=VALUE"),
        (["run", "x", "--cpu", "half", "--env", "local"], "--cpu: 'half' is not a whole number"),
        (["ls"], "which platform?"),
        (["local", "run"], "which jobs?"),
        (["local", "run", "hello", "--all"], "which jobs?"),
        (["local", "up", "--at", "noon"], "'noon' is no time"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_write(arguments, message, monkeypatch):
    monkeypatch.delenv("BATCHCTL_ENV", raising=False)

    result = CliRunner().invoke(batchctl, arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in " ".join(result.stderr.split())


def test_an_emulator_that_is_not_running_is_named():
    options = ["--platform", "batch", "--stack", "local", "--region", "us-east-1"]
    environment = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

    result = CliRunner().invoke(
        batchctl, ["ls", *options, "--endpoint", "http://127.0.0.1:9"], env=environment
    )

    assert result.exit_code == 1
    assert "http://127.0.0.1:9" in result.stderr
    assert "start it with `batchctl local up`" in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo hello; exit 3", ["bash", "-c", "echo hello; exit 3"]),
        ('["rake", "report"]', ["rake", "report"]),
        ("[ -f x ] && echo there", ["bash", "-c", "[ -f x ] && echo there"]),
    ],
)
def test_a_command_is_a_bash_line_or_a_list_of_words(text, words):
    assert commands_of(text) == words


@pytest.mark.parametrize("text", ["[]", "[1]", '["a", 2]'])
def test_rejects_a_list_that_is_no_command(text):
    with pytest.raises(click.UsageError, match="must hold words"):
        commands_of(text)


def test_help_costs_at_most_three_times_importing_click():
    """Instructions are not counted here: both are timed side by side, the quickest of several."""
    timed = """
import json, subprocess, sys, time
def timed(code):
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
help = "import sys; sys.argv = ['batchctl', '--help']; import batchctl.main as m; m.main()"
pairs = [(timed("import click"), timed(help)) for _ in range(9)]
print(json.dumps([min(times) for times in zip(*pairs)]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", timed], capture_output=True, check=True, text=True, env=os.environ
    )
    click_alone, with_help = json.loads(ended.stdout)

    assert with_help <= 3 * click_alone
