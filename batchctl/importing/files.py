"""The files of an import: read as text, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from keyword import iskeyword
from pathlib import Path

from batchctl.errors import OperatorError

_LARGEST = 1_000_000


def text(path: Path) -> str:
    """Return what a file says."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path}: {_said(error)}; check the path") from None
    if len(raw) > _LARGEST:
        raise OperatorError(
            f"{path}: it has {len(raw):,} bytes; check that it is the file you mean"
        )
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = "\0"
    if "\0" in decoded:
        raise OperatorError(f"{path}: it is not text; check that it is the file you mean")
    return decoded


def check_free(path: Path, *, force: bool) -> None:
    """Refuse a path that a module cannot be written to."""
    if path.suffix != ".py" or not path.stem.isidentifier() or iskeyword(path.stem):
        raise OperatorError(f"{path}: it is no module of Python; call it like jobs/imported.py")
    if path.exists() and not force:
        raise OperatorError(f"{path}: it exists; choose another name, or give --force")
    if not path.parent.is_dir():
        raise OperatorError(f"{path}: there is no folder {path.parent}; make it, or check the path")


def write(path: Path, content: str) -> None:
    """Write a file whole: nobody sees half of it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
    except OSError as error:
        raise OperatorError(f"{path}: {_said(error)}; check who may write there") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        # As a file that an editor makes, not readable by its owner alone.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OperatorError(f"{path}: {_said(error)}; free the disk, or check the path") from None


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
