"""Runs a container's command as a process of this machine.

The image is not used: the command finds what this machine has on its PATH. It runs in an empty
folder, in a session of its own, and sees nothing of the emulator's environment but the PATH.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from typing import Final

from localaws.executors import CannotStart, Container, Ended, Output
from localaws.executors.guarded import CannotExecute, Guarded, folder_of

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

START_ERROR: Final = (
    "CannotStartContainerError: Error response from daemon: failed to create shim task: "
    "OCI runtime create failed: runc create failed: unable to start container process: {}: unknown"
)
"""As Fargate words it."""


class ProcessExecutor:
    """Runs commands as processes."""

    def start(
        self,
        container: Container,
        *,
        output: Output,
        ended: Callable[[Ended], None],
    ) -> Guarded:
        """Start the command; see `localaws.executors.Executor`."""
        argv = (*container.entry_point, *container.command)
        if not argv:
            raise CannotStart(
                START_ERROR.format(
                    "no command specified (a process has no image to take it from: give the job "
                    "a command, or run it in a container)"
                )
            )
        folder = str(folder_of(container.id))
        environment = {
            "PATH": os.environ.get("PATH", DEFAULT_PATH),
            "HOME": folder,
            "TMPDIR": folder,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            **container.environment,
        }
        guarded = Guarded(id=container.id, argv=argv, env=environment)
        try:
            guarded.start()
        except CannotExecute as error:
            raise CannotStart(START_ERROR.format(_refusal(argv[0], error))) from error

        def attend() -> None:
            ended(Ended(guarded.attend(output)["exit"]))

        threading.Thread(target=attend, name=f"attend {container.id}", daemon=True).start()
        return guarded


def _refusal(program: str, error: CannotExecute) -> str:
    if error.errno == errno.ENOENT and "/" not in program:
        return f'exec: "{program}": executable file not found in $PATH'
    if error.errno == errno.ENOENT:
        return f'exec: "{program}": stat {program}: no such file or directory'
    return f'exec: "{program}": {str(error).lower()}'


class Idle:
    """A sidecar whose command only its image knows: it does nothing until the task ends."""

    def __init__(self, ended: Callable[[Ended], None]) -> None:
        self._ended = ended
        self._over = False

    def terminate(self) -> None:
        """End."""
        if not self._over:
            self._over = True
            self._ended(Ended(0, "not run: as a process it has no command"))

    kill = abandon = terminate
