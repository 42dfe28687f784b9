"""The states that releases left behind: what an upgrade starts from.

``python -m tests.engine.releases 0.2.0``, on the commit of a release, keeps the states of its
stacks in ``releases/<version>/``. They are never written again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.engine import stacks

RELEASES = Path(__file__).parent / "releases"


def keep(version: str) -> None:
    """Deploy every stack and keep its state."""
    folder = RELEASES / version
    folder.mkdir(parents=True)
    for stack in stacks.STACKS:
        with (
            tempfile.TemporaryDirectory() as scratch,
            stacks.backend_of(Path(scratch), stack) as backend,
        ):
            deployed = backend.of_project(stack)
            deployed.up()
            text = json.dumps(lasting(deployed.state()), indent=1, sort_keys=True) + "\n"
            (folder / f"{stack}.json").write_text(text)


def read(path: Path) -> dict[str, Any]:
    """Return a state that was kept."""
    return json.loads(path.read_text())


def lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without times, and without the lines of code that made it."""
    passing = {"created", "modified", "sourcePosition", "stackTrace"}
    resources = [
        {key: value for key, value in resource.items() if key not in passing}
        for resource in state["resources"]
    ]
    manifest = {key: value for key, value in state["manifest"].items() if key != "time"}
    return {**state, "manifest": manifest, "resources": resources}


if __name__ == "__main__":
    keep(sys.argv[1])
