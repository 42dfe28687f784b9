"""Runs a container's image in docker or podman, through the engine's command.

The image must be there: nothing is pulled, so that a run never waits for a network or shows
somebody else's error. On Linux the container shares the host's network, which is how it reaches
the emulator on 127.0.0.1; elsewhere the engine's virtual machine knows the host by a name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from localaws.executors import CannotStart, Container, Ended, Output
from localaws.executors.guarded import CannotExecute, Guarded, folder_of

ENGINE_VARIABLE: Final = "BATCH_CONTAINER_ENGINE"
"""Names the engine's command, where it is neither ``docker`` nor ``podman``."""

_ANSWER_SECONDS: Final = 10.0
"""How long an engine may take to answer before it counts as not responding."""

_POLL_SECONDS: Final = 0.05
_SIGNAL_SECONDS: Final = 10.0
"""How long an engine's ``kill`` is tried while the container is still being made."""

_HOST_FROM_MACHINE: Final = "host.docker.internal"

_CLIENT_VARIABLES: Final = ("HOME", "LANG", "PATH", "TMPDIR", "USER")
_CLIENT_PREFIXES: Final = ("CONTAINER", "DBUS_", "DOCKER_", "PODMAN_", "STORAGE_", "XDG_")
"""What the engine's command needs of the emulator's environment; the container sees none of it."""

_ENVIRONMENT_FILE: Final = "environment"
_NEVER: Final = "0001-01-01"


@dataclass(frozen=True)
class Engine:
    """A container engine that responds."""

    command: str
    """The path of ``docker`` or ``podman``."""

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the engine's short commands."""
        return subprocess.run(
            [self.command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
            check=False,
            env=_client_environment(),
        )

    def responds(self) -> bool:
        """Whether it can list containers, which needs the daemon and the storage to work."""
        try:
            return self.call("ps", "--quiet").returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def has_image(self, image: str) -> bool:
        """Whether ``image`` is on this machine."""
        try:
            return self.call("image", "inspect", "--format", "{{.Id}}", image).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def find_engine() -> Engine | None:
    """Return the engine that responds: the one that the environment names, docker or podman."""
    named = os.environ.get(ENGINE_VARIABLE)
    for name in [named] if named else ["docker", "podman"]:
        command = shutil.which(name)
        if command and (engine := Engine(command)).responds():
            return engine
    return None


class ContainerExecutor:
    """Runs images in containers."""

    def __init__(self, engine: Engine, emulator: str) -> None:
        self._engine = engine
        self._emulator = emulator

    def start(
        self,
        container: Container,
        *,
        output: Output,
        ended: Callable[[Ended], None],
    ) -> ContainerProcess:
        """Start the container; see `localaws.executors.Executor`."""
        if not self._engine.has_image(container.image):
            raise CannotStart(
                f"CannotPullContainerError: {container.image} is not on this machine; "
                f"get it with `{os.path.basename(self._engine.command)} pull {container.image}`"  # noqa: PTH119
            )
        process = ContainerProcess(self._engine, container, self._emulator)
        process.start(output, ended)
        return process


class ContainerProcess:
    """A container, as the client of the engine that is attached to it."""

    def __init__(self, engine: Engine, container: Container, emulator: str) -> None:
        self._engine = engine
        self._name = container.id
        self._over = threading.Event()
        client = _client_environment()
        variables = {name: _reachable(value) for name, value in container.environment.items()}
        # By the client's environment, because arguments can be read by everybody and a file of
        # variables cannot hold a line break. What the client itself would mistake goes by file.
        handed = {name: value for name, value in variables.items() if name not in client}
        filed = {name: value for name, value in variables.items() if name in client}
        self._guarded = Guarded(
            id=container.id,
            argv=[
                *(engine.command, "run", "--name", container.id),
                *("--label", f"batch.emulator={emulator}"),
                *("--label", f"batch.task={container.task_arn}"),
                *("--pull", "never", "--log-driver", "none"),
                # The task waits itself between SIGTERM and SIGKILL; the guard does not wait.
                *("--stop-timeout", "0"),
                *(("--network", "host") if sys.platform.startswith("linux") else ()),
                *_options(container),
                *(word for name in handed for word in ("--env", name)),
                *(
                    ("--env-file", str(folder_of(container.id) / _ENVIRONMENT_FILE))
                    if filed
                    else ()
                ),
                container.image,
                *(container.entry_point[1:] if container.entry_point else ()),
                *container.command,
            ],
            env={**client, **handed},
            # An engine's own helpers must outlive its client.
            adopt=False,
            # It copies the two one beside the other: together, they would cut into lines.
            apart=True,
            files={_ENVIRONMENT_FILE: "".join(f"{n}={v}\n" for n, v in filed.items())},
            inspect=[
                engine.command,
                "inspect",
                "--type",
                "container",
                "--format",
                _STATE,
                self._name,
            ],
            remove=[engine.command, "rm", "--force", "--volumes", self._name],
        )

    def start(self, output: Output, ended: Callable[[Ended], None]) -> None:
        """Start it and return once it runs.

        Raises:
            CannotStart: If it never ran.
        """
        try:
            self._guarded.start()
        except CannotExecute as error:
            raise CannotStart(f"CannotStartContainerError: {error}") from error
        gate = _Gate(output)
        outcome: dict[str, Any] = {}

        def attend() -> None:
            report = self._guarded.attend(gate.receive)
            state = _parsed(report["state"])
            outcome.update(state)
            ran = gate.is_open or _has_started(state)
            if ran:
                gate.open()
            self._over.set()
            if ran:
                ended(Ended(state.get("ExitCode", report["exit"])))

        threading.Thread(target=attend, name=f"attend {self._name}", daemon=True).start()
        while not self._over.wait(_POLL_SECONDS):
            if _has_started(self._state()):
                gate.open()
                return
        if not gate.is_open:
            raise CannotStart(f"CannotStartContainerError: {gate.complaint()}")

    def terminate(self) -> None:
        """Send SIGTERM to its first process."""
        self._signal("TERM")

    def kill(self) -> None:
        """Send SIGKILL to its first process, which ends them all."""
        self._signal("KILL")

    def abandon(self) -> None:
        """Close the guard's pipe: it removes the container."""
        self._guarded.abandon()

    def _signal(self, name: str) -> None:
        deadline = time.monotonic() + _SIGNAL_SECONDS
        while not self._over.is_set() and time.monotonic() < deadline:
            try:
                if self._engine.call("kill", "--signal", name, self._name).returncode == 0:
                    return
            except (OSError, subprocess.TimeoutExpired):
                pass
            self._over.wait(_POLL_SECONDS)

    def _state(self) -> dict[str, Any]:
        try:
            answer = self._engine.call(
                "inspect", "--type", "container", "--format", _STATE, self._name
            )
        except (OSError, subprocess.TimeoutExpired):
            return {}
        return _parsed(answer.stdout)


_STATE: Final = "{{json .State}}"


def _options(container: Container) -> list[str]:
    definition = container.definition
    options = []
    if container.entry_point:
        # The option takes one word; the others go before the command.
        options += ["--entrypoint", container.entry_point[0]]
    if folder := definition.get("workingDirectory"):
        options += ["--workdir", folder]
    if user := definition.get("user"):
        options += ["--user", user]
    if definition.get("readonlyRootFilesystem"):
        options += ["--read-only"]
    if (definition.get("linuxParameters") or {}).get("initProcessEnabled"):
        options += ["--init"]
    return options


def _client_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _CLIENT_VARIABLES or name.startswith(_CLIENT_PREFIXES)
    }


def _reachable(value: str) -> str:
    if sys.platform.startswith("linux") or not value.startswith("http://127.0.0.1:"):
        return value
    return value.replace("127.0.0.1", _HOST_FROM_MACHINE, 1)


def _parsed(text: str) -> dict[str, Any]:
    try:
        state = json.loads(text)
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _has_started(state: dict[str, Any]) -> bool:
    return not state.get("StartedAt", _NEVER).startswith(_NEVER)


class _Gate:
    """Holds output back until the container runs: before that, it is the engine's complaint."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self.is_open = False

    def receive(self, stream: int, block: bytes) -> None:
        """Take what the engine's client wrote."""
        with self._lock:
            if self.is_open:
                self._output(stream, block)
            else:
                self._held.append((stream, block))

    def open(self) -> None:
        """Let through what was held and what comes."""
        with self._lock:
            self.is_open = True
            while self._held:
                self._output(*self._held.pop(0))

    def complaint(self) -> str:
        """Return the last line of what was held."""
        lines = b"".join(block for _, block in self._held).decode(errors="replace").splitlines()
        said = [line.strip().removeprefix("Error: ") for line in lines if line.strip()]
        return said[-1] if said else "the engine did not say why"
