"""Follows the files of a program, and deploys it again when one has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from batch.errors import BatchError
from batchctl.local.declared import job_of
from batchctl.local.platform import LocalPlatform, warn
from localaws import program
from localaws.redeployment import deploy_again

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from localaws.monitor import Registration

LOOK_SECONDS = 0.5
"""Between two looks at the files; a look is a ``stat`` of each."""


class Following:
    """A deployed program, and what its files were when it was last deployed."""

    def __init__(self, local: LocalPlatform, project_dir: Path, console: Console) -> None:
        self._local = local
        self._project_dir = project_dir
        self._console = console
        self._deployment = local.deployment
        self._files = self._stamps()

    def look(self) -> None:
        """Deploy the program again if one of its files is not what it was."""
        files = self._stamps()
        if files == self._files:
            return
        self._files = files
        try:
            done = deploy_again(self._local.emulator, self._deployment, self._project_dir)
        except BatchError as error:
            self._console.print(
                f"[red]not deployed:[/] {escape(str(error))}\nwhat was deployed stays"
            )
            return
        self._deployment = done.deployment
        parts = {"changed": done.changed, "new": done.made, "gone": done.removed}
        told = [f"{self._named(those)} {what}" for what, those in parts.items() if those]
        if told:
            self._console.print(f"[bold]deployed again[/]: {', '.join(told)}")
            warn(self._console, done.deployment)

    def _named(self, registrations: Iterable[Registration]) -> str:
        """Return the jobs that registrations are of; those of no job by type and name."""
        platform = self._local.aws.platform
        names = [
            job_of(platform, registration) or registration.where
            for registration in registrations
            if registration.custom
        ]
        return " ".join(dict.fromkeys(names))

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        stack = self._deployment.stack
        stamps = {}
        for path in (
            self._project_dir / "Pulumi.yaml",
            self._project_dir / f"Pulumi.{stack}.yaml",
            *program.files(self._project_dir),
        ):
            # An editor takes a file away for a moment while it writes another.
            if path.exists():
                status = path.stat()
                stamps[path] = status.st_mtime_ns, status.st_size
        return stamps
