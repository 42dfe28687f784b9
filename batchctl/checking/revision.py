"""The files of another git revision, in a folder for as long as they are needed."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batch.stackfile import PROJECT_FILE
from batchctl.errors import OperatorError


@contextmanager
def checked_out(revision: str, project_dir: Path) -> Iterator[Path]:
    """Yield a folder with the project as it was in ``revision``.

    Raises:
        OperatorError: there is no such revision, or no project in it.
    """
    # What begins with a hyphen would be an option of git.
    commit = _git(project_dir, "rev-parse", "--verify", "--quiet", "--end-of-options",
                  f"{revision}^{{commit}}")  # fmt: skip
    if not commit:
        raise OperatorError(
            f"{revision}: neither a file nor a revision of git; give a branch, a tag, a commit, or "
            "a file of `batchctl check --save`; a shallow clone has few: fetch it first"
        )
    prefix = _git(project_dir, "rev-parse", "--show-prefix")
    if not _git(project_dir, "ls-tree", "--name-only", commit, f"./{PROJECT_FILE}"):
        raise OperatorError(
            f"{revision}: it has no {prefix}{PROJECT_FILE}; give a revision that has the project"
        )
    with tempfile.TemporaryDirectory(prefix="batchctl-check-") as folder:
        archive = Path(folder, "archive.tar")
        command = ["git", "archive", f"--output={archive}", commit]
        subprocess.run(command, cwd=_git(project_dir, "rev-parse", "--show-toplevel"), check=True)
        files = Path(folder, "files")
        with tarfile.open(archive) as tar:
            tar.extractall(files, filter="data")
        yield (files / prefix).resolve()


def _git(directory: Path, *arguments: str) -> str:
    try:
        ended = subprocess.run(
            ["git", *arguments], cwd=directory, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise OperatorError(
            "git: it is not installed, and --against names no file; install it, or give a file"
        ) from None
    return ended.stdout.strip() if ended.returncode == 0 else ""
