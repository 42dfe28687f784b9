"""The Pulumi CLI that the engine tests drive."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pulumi.automation import PulumiCommand

BUILT = Path(__file__).parents[2] / "tools" / "engine"
"""Where ``make engine`` puts the one that it builds, below ``bin``."""

PASSPHRASE = "of the engine tests"
"""Of the secrets in states, those of the releases too."""


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


def environment(home: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """Return what the CLI is told: nothing of the machine, and where each provider listens."""
    return {
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items()),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
