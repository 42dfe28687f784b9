"""The Pulumi CLI that the engine tests drive."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from pulumi.automation import PulumiCommand

BUILT = Path(__file__).parents[2] / "tools" / "engine"
"""Where ``make engine`` puts the one that it builds, below ``bin``."""


def find() -> Path | None:
    """Return the CLI on the PATH, else the one that was built, else None."""
    if on_path := shutil.which("pulumi"):
        return Path(on_path)
    built = BUILT / "bin" / "pulumi"
    return built if built.is_file() else None


@cache
def command() -> PulumiCommand:
    """Return the CLI as the Automation API takes it."""
    found = find()
    assert found is not None, "no Pulumi CLI; make engine"
    return PulumiCommand(root=None if shutil.which("pulumi") else str(BUILT))
