"""The project outside its checkout, with nothing installed but what a part of it names itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def clone(into: Path) -> Path:
    """Return a folder with what would be committed here now: all but what is ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    return into


def venv(at: Path) -> Path:
    """Return the Python of a new virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", at], check=True)
    return at / "bin" / "python"


def environment() -> dict[str, str]:
    """Return this process's environment without ``PYTHONPATH``, on which the checkout may be."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def pip(python: Path, *arguments: str | Path, folder: Path) -> None:
    """Run pip as somebody would in ``folder``, with the versions that are pinned here."""
    constraints = folder / ".constraints.txt"
    constraints.write_text(_pins())
    command = [python, "-m", "pip", *arguments]
    told = {**environment(), "PIP_CONSTRAINT": str(constraints), "PIP_NO_COMPILE": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=told, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def _pins() -> str:
    """Return the pinned versions without their hashes: a folder has none that could be checked."""
    lines = (ROOT / "requirements" / "run.txt").read_text().splitlines()
    return "\n".join(line.rstrip(" \\") for line in lines if line[:1].isalnum())
