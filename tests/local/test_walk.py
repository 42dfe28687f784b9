"""The README's walk, as a newcomer takes it: each file, each change and each command of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.ecs import wait_for
from tests.local.test_local_up import free_port

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(?P<kind>python|diff|console)\n(?P<text>.*?)```", re.DOTALL)


def walk() -> Iterator[tuple[str, str]]:
    """Yield the blocks of the README's walk, in order: kind and text."""
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("## Add a job\n")[2].partition("\n## ")[0]
    for block in BLOCK.finditer(section):
        yield block["kind"], block["text"]


class Newcomer:
    """A checkout with a platform that runs in another terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = free_port()
        for name in ("Pulumi.yaml", "Pulumi.local.yaml", "__main__.py"):
            text = (ROOT / name).read_text().replace(":4566", f":{port}")
            (folder / name).write_text(text)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "jobs", folder / "jobs", ignore=ignored)
        self.tools = folder / "tools"
        self.tools.mkdir()
        command = self.tools / "batchctl"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m batchctl "$@"\n')
        command.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "BATCHCTL_ENV": "local",
            "COLUMNS": "200",
        }
        self.told = ""
        self.up = subprocess.Popen(
            [str(command), "local", "up", "--port", str(port)],
            cwd=folder, env=self.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        wait_for(lambda: "Ctrl-C ends it" in self.told, "the platform")

    def _read(self) -> None:
        for line in self.up.stderr:
            self.told += line

    def close(self) -> None:
        self.up.send_signal(signal.SIGINT)
        self.up.wait(60)
        self._reader.join(60)
        self.up.stderr.close()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def change(self, diff: str) -> None:
        """Make the change that a diff shows, in the one file that has the lines, and await it."""
        lines = diff.splitlines()
        old = [line[1:] for line in lines if line.startswith("-")]
        new = [line[1:] for line in lines if line.startswith("+")]
        (file,) = [f for f in (self.folder / "jobs").glob("*.py") if old[0] in f.read_text()]
        text = file.read_text()
        for before, after in zip(old, new, strict=True):
            assert before in text, before
            text = text.replace(before, after)
        deployed = self.told.count("deployed again")
        file.write_text(text)
        wait_for(lambda: self.told.count("deployed again") > deployed, "the deployment")

    def run(self, command: str) -> str:
        ended = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in ended.stdout
        return ended.stdout


@pytest.fixture
def newcomer(tmp_path):
    somebody = Newcomer(tmp_path)
    yield somebody
    somebody.close()


def commands(console: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a block and the lines that follow it."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, *lines = part.splitlines()
        yield command, lines


def shown(lines: list[str], output: str) -> bool:
    """Return whether the output has these lines, in order; ``...`` stands for anything."""
    pattern = ".*?".join(
        re.sub(r"(\\ )+", r"\\s+", re.escape(part)) for part in "\n".join(lines).split("...")
    )
    return re.search(pattern.replace("\\\n", "\\s*\n"), output, re.DOTALL) is not None


def test_a_newcomer_gets_from_a_new_job_to_a_run_that_is_repaired(newcomer):
    taken = []
    for kind, text in walk():
        match kind:
            case "python":
                newcomer.write("jobs/greeting.py", text)
            case "diff":
                newcomer.change(text)
            case "console":
                for command, lines in commands(text):
                    output = newcomer.run(command)
                    assert shown(lines, output), f"$ {command}\n{output}"
                    taken.append(command.split()[1])
    assert taken == ["check", "local", "ls", "run", "run", "why", "rerun"]
