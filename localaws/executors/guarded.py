"""The emulator's side of a guard: starts it, hands over what to run, hears how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from localaws import guard
from localaws.executors import STDERR, STDOUT, Output

_READ_BYTES: Final = 65536


class CannotExecute(Exception):
    """The operating system refused to execute the command."""

    def __init__(self, errno: int, text: str) -> None:
        super().__init__(text)
        self.errno = errno


def folder_of(container_id: str) -> Path:
    """Return the folder that a container's command has while it runs."""
    return Path(tempfile.gettempdir()) / container_id


class Guarded:
    """A command under its guard (`localaws.guard`)."""

    def __init__(
        self,
        *,
        id: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        adopt: bool = True,
        apart: bool = False,
        files: Mapping[str, str] | None = None,
        inspect: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Describe the command. Nothing runs before :meth:`start`.

        Args:
            id: A name for the command, unique on this machine.
            argv: What to run.
            env: Its whole environment.
            adopt: Whether everything that it started is to end with it.
            apart: Whether standard output and standard error are two pipes.
            files: Texts to put into its folder, by name.
            inspect: A command whose output tells how a container ended.
            remove: A command that takes a container away.
        """
        self.id = id
        self.guard_pid = 0
        self.is_over = False
        self._spec: dict[str, Any] = {
            "argv": list(argv),
            "env": dict(env),
            "folder": str(folder_of(id)),
            "files": dict(files or {}),
            "adopt": adopt,
            "inspect": list(inspect),
            "remove": list(remove),
        }
        self._apart = apart
        self._pid = 0
        self._lock = threading.Lock()

    def start(self) -> int:
        """Run the command and return its process id, which is its process group's too.

        Raises:
            CannotExecute: If the operating system refuses.
        """
        pipes = {STDOUT: os.pipe()}
        if self._apart:
            pipes[STDERR] = os.pipe()
        writing = {stream: write for stream, (_, write) in pipes.items()}
        self._reading = {read: stream for stream, (read, _) in pipes.items()}
        try:
            self._process = subprocess.Popen(
                # Isolated and without site-packages: it is up in milliseconds, and no variable
                # of the caller reaches it. UTF-8 whatever the locale, as the line it is sent.
                [sys.executable, "-I", "-S", "-X", "utf8", guard.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=writing[STDOUT],
                pass_fds=list(writing.values()),
                start_new_session=True,
                cwd="/",
            )
        except OSError:
            for read in self._reading:
                os.close(read)
            raise
        finally:
            for write in writing.values():
                os.close(write)
        self.guard_pid = self._process.pid
        self._spec["output"] = [writing[STDOUT], writing.get(STDERR, writing[STDOUT])]
        self._send(json.dumps(self._spec))
        report = self._report()
        if "pid" not in report:
            self._close()
            raise CannotExecute(report.get("error", 0), report.get("message", "its guard died"))
        self._pid = report["pid"]
        return self._pid

    def attend(self, output: Output) -> dict[str, Any]:
        """Hand over what the command writes until it is gone; return the guard's last report.

        The report has ``exit`` and ``state`` (what ``inspect`` printed).
        """
        assert self._process.stdout  # noqa: S101 - it was made with a pipe
        reports = self._process.stdout.fileno()
        open_pipes = set(self._reading)
        while ready := open_pipes.intersection(select.select([*open_pipes, reports], [], [])[0]):
            for pipe in ready:
                if block := os.read(pipe, _READ_BYTES):
                    output(self._reading[pipe], block)
                else:
                    open_pipes.discard(pipe)
        # Not only at the pipe's end: a process out of the guard's reach (sudo) may hold it open.
        report = self._report()
        if "exit" not in report:
            report = {"exit": 128 + signal.SIGKILL, "state": ""}
            self._stand_in()
        self._close()
        return report

    def terminate(self) -> None:
        """Send SIGTERM to the process group."""
        self._send("TERM")

    def kill(self) -> None:
        """Send SIGKILL to the process group; the guard ends what left it."""
        self._send("KILL")

    def abandon(self) -> None:
        """Close the pipe: the guard ends everything."""
        with self._lock, contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def _stand_in(self) -> None:
        """End what a guard that was killed would have ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        if self._spec["remove"]:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    self._spec["remove"],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    env=self._spec["env"],
                    timeout=guard.REMOVE_SECONDS,
                    check=False,
                )
        guard.remove_folder(self._spec["folder"])

    def _send(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._process.stdin:
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def _report(self) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 - it was made with a pipe
        try:
            report: dict[str, Any] = json.loads(self._process.stdout.readline() or b"{}")
        except ValueError:
            report = {}
        return report

    def _close(self) -> None:
        self.abandon()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        for pipe in self._reading:
            os.close(pipe)
        self.is_over = True
