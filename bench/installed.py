"""What a lock file pins, installed once and again when the lock has changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench import measure


def is_current(folder: Path, lock: Path) -> bool:
    """Return whether the folder holds what the lock says, and was not cut short."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_bytes() == lock.read_bytes()


def missing(folder: Path, lock: Path, *commands: Sequence[str | Path]) -> str:
    """Install with these commands unless it is current; return why not, empty if it is there."""
    if is_current(folder, lock):
        return ""
    sys.stderr.write(f"installing what {lock.parent.name} needs ...\n")
    try:
        for command in commands:
            measure.run(command, cwd=lock.parent)
    except measure.Broken as error:
        return f"not to be installed: {error.why}"
    _stamp(folder).write_bytes(lock.read_bytes())
    return ""


def _stamp(folder: Path) -> Path:
    return folder / "installed.txt"
