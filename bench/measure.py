"""Runs a command and says how long it took and how much memory it and its children had."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PAGE = os.sysconf("SC_PAGE_SIZE")

LOOK_SECONDS = 0.05

END_SECONDS = 5

ERROR = re.compile(r"(npm )?err(or)?\b", re.IGNORECASE)


class Broken(Exception):
    """A measured command failed: what it took says nothing."""

    @property
    def why(self) -> str:
        """The line in which it says what is wrong: the first that begins so, else the last."""
        lines = [line.strip(" │╷╵") for line in str(self).splitlines() if line.strip(" │╷╵")]
        return next((line for line in lines if ERROR.match(line)), lines[-1])


@dataclass(frozen=True)
class Measured:
    """What one run took."""

    seconds: float
    """From its start to its end, as somebody waits for it."""
    cpu_seconds: float
    """Of all processes together."""
    peak_bytes: int | None
    """The largest sum of resident memory of all processes at one time. Pages that two of them
    share count twice. None where the system does not tell: it has no ``/proc``."""
    stdout: str
    stderr: str


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Run a command to its end.

    Raises:
        Broken: it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, so that all of it can be ended.
        start_new_session=True,
    )
    watched = _Watch(process.pid)
    # Not communicate(): it waits itself, and then nobody is told what the process used.
    with process, watched:
        outputs = ["", ""]
        readers = [
            threading.Thread(target=_read, args=(stream, outputs, index))
            for index, stream in enumerate((process.stdout, process.stderr))
        ]
        try:
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
        except BaseException:
            _end(process)
            raise
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if process.returncode != 0:
        said = "".join(outputs)[-3000:]
        raise Broken(f"{' '.join(map(str, command))}: exit status {process.returncode}\n{said}")
    return Measured(took, used.ru_utime + used.ru_stime, watched.peak or None, *outputs)


def _read(stream: IO[str], outputs: list[str], index: int) -> None:
    outputs[index] = stream.read()


def _end(process: subprocess.Popen[str]) -> None:
    """End a command with all that it started: nobody waits for it any more."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(END_SECONDS)


class _Watch(threading.Thread):
    """Adds up the memory of a process and its descendants, several times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak = 0

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        # The children of a process stand in Linux's own /proc: without them the sum would be wrong.
        if not Path(f"/proc/{self._pid}/task/{self._pid}/children").exists():
            return
        while not self._over.wait(LOOK_SECONDS):
            self.peak = max(self.peak, sum(map(_resident, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return 0
