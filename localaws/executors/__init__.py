"""How a task's container runs on this machine: as a process, or in a container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from localaws.errors import EmulatorError

STDOUT: Final = 1
STDERR: Final = 2

Output = Callable[[int, bytes], None]
"""Gets what a container writes, and to which of its two streams."""


class CannotStart(EmulatorError):
    """A container cannot start; the text is the reason that ECS would give."""


@dataclass(frozen=True)
class Container:
    """What is to run: a container definition with the overrides of one RunTask."""

    name: str
    task_arn: str
    image: str
    command: tuple[str, ...]
    entry_point: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """The definition's variables, the secrets and the overrides; nothing of this machine."""
    definition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """A name for it on this machine, unique because the task's id is."""
        return f"batch-{self.task_arn.rsplit('/', 1)[-1]}-{self.name}"


@dataclass(frozen=True)
class Ended:
    """How a container ended."""

    exit_code: int | None
    reason: str = ""
    """Why it never started; then there is no exit code."""


class Running(Protocol):
    """A container that was started, for as long as its guard lives."""

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""

    def kill(self) -> None:
        """End it (SIGKILL)."""

    def abandon(self) -> None:
        """Let its guard end everything, as if the emulator had ended."""


class Executor(Protocol):
    """A way to run containers."""

    def start(
        self,
        container: Container,
        *,
        output: Output,
        ended: Callable[[Ended], None],
    ) -> Running:
        """Start ``container`` and return once it runs.

        Args:
            container: What to run.
            output: Gets what it writes, in another thread. Lines of the two streams may change
                places, as on AWS, unless they come through one pipe.
            ended: Is called once, after the last output and when nothing of it is left.

        Raises:
            CannotStart: If it cannot; ``ended`` is not called then.
        """
