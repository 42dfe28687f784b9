"""Virtual environments made once: one of the package's clone, one of the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.package import clone, engine

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    # One worker makes each environment, and no other waits for it.
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("package"))


@pytest.fixture(scope="session")
def cloned(tmp_path_factory):
    """A clone whose package has installed its own requirements."""
    root = clone.clone(tmp_path_factory.mktemp("clone"))
    folder = root / "components"
    python = clone.venv(folder / ".venv")
    clone.pip(python, "install", "--quiet", "-r", "requirements.txt", folder=folder)
    return folder, python


@pytest.fixture(scope="session")
def host(cloned, tmp_path_factory):
    """The provider of the clone, started from a project of somebody else."""
    folder, python = cloned
    with engine.host(python, folder, elsewhere=tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="session")
def project():
    """What ``pyproject.toml`` says of the project."""
    return tomllib.loads((clone.ROOT / "pyproject.toml").read_text())["project"]
