"""The image that tests run in containers: busybox, and nothing else, made on this machine."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from localaws.executors.container import Engine, find_engine

COMMANDS = "cat echo env false head id kill printf ps pwd seq setsid sh sleep sort touch true yes"
LEFT_OUT = "containers: install podman"
"""As tests/conftest.py counts them."""


def root_file_system() -> bytes:
    """Return a tar of busybox and links to it."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip(LEFT_OUT)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for folder in ("bin", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(entry)
        program = tarfile.TarInfo("bin/busybox")
        program.size, program.mode = Path(busybox).stat().st_size, 0o755
        with Path(busybox).open("rb") as content:
            archive.addfile(program, content)
        for command in COMMANDS.split():
            link = tarfile.TarInfo(f"bin/{command}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return tar.getvalue()


@contextmanager
def busybox_image() -> Iterator[str]:
    """Make the image, and remove it afterwards."""
    engine = find_engine()
    if engine is None:
        pytest.skip(LEFT_OUT)
    image = f"localhost/batch-test-{uuid4().hex[:12]}:1"
    subprocess.run(
        [engine.command, "import", "-", image],
        input=root_file_system(),
        capture_output=True,
        check=True,
    )
    try:
        if not can_run(engine, image):
            pytest.skip(LEFT_OUT)
        yield image
    finally:
        engine.call("rmi", "--force", image)


def can_run(engine: Engine, image: str) -> bool:
    """Whether the engine not only responds: it may lack what containers need."""
    options = ["--rm", "--network", "host"]
    return engine.call("run", *options, image, "true").returncode == 0
