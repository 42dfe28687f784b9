"""The processes that a deployment runs, so that none outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Processes:
    """Runs commands in process groups of their own, and ends them when told."""

    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def run(
        self, arguments: Sequence[str], *, cwd: str, environment: Mapping[str, str], stdin: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return what it wrote."""
        with self._lock:
            if self._ended:
                raise InterruptedError("the deployment was interrupted")
            process = subprocess.Popen(
                list(arguments),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        try:
            stdout, stderr = process.communicate(stdin)
        finally:
            with self._lock:
                self._running.discard(process)
        return subprocess.CompletedProcess(list(arguments), process.returncode, stdout, stderr)

    def end(self) -> None:
        """Kill what still runs, with all its children, and refuse to run more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
