"""The local mode, beside what else runs a one-line command on one machine.

Cold: the whole command, from its start to its end. Warm: one run more in what is up already, less
what the bare command takes. Metaflow has nothing that is up: each of its runs is a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import measure

HERE: Final = Path(__file__).parent

PEERS: Final = HERE / "peers"


@dataclass(frozen=True)
class Local:
    """What one tool took."""

    tool: str
    cold: list[measure.Measured]
    warm_overhead: list[float]
    """Seconds of a run over those of the bare command."""


def measured(rounds: int, *, runs: int = 20) -> list[Local]:
    """Return what each tool took, in ``rounds`` cold starts by turns and ``runs`` warm runs."""
    dagster, metaflow = _python("dagster"), _python("metaflow")
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        quiet = {
            **os.environ,
            "HOME": scratch,
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": scratch,
            "METAFLOW_USER": "bench",
        }
        cold: dict[str, Callable[[], measure.Measured]] = {
            "batch-platform": lambda: measure.run(
                [sys.executable, "-m", "batchctl", "local", "run", "hello"], cwd=HERE.parent
            ),
            "dagster": lambda: measure.run(
                [dagster, PEERS / "dagster" / "hello.py", "1"], environment=quiet
            ),
            "metaflow": lambda: measure.run(
                [metaflow, PEERS / "metaflow" / "hello.py", "run"],
                cwd=Path(scratch),
                environment=quiet,
            ),
        }
        # The first of each warms the machine's caches.
        for start in cold.values():
            start()
        took = [{tool: start() for tool, start in cold.items()} for _ in range(rounds)]
        ours = json.loads(
            measure.run(
                [sys.executable, "-m", "bench.warm", str(runs)],
                cwd=HERE.parent,
                environment={"PYTHONPATH": str(HERE.parent)},
            ).stdout
        )
        theirs = json.loads(
            measure.run(
                [dagster, PEERS / "dagster" / "hello.py", str(runs + 1)], environment=quiet
            ).stdout
        )[1:]
    bare = sum(ours["bare"]) / len(ours["bare"])
    warm = {
        "batch-platform": ours["runs"],
        "dagster": theirs,
        "metaflow": [round_["metaflow"].seconds for round_ in took],
    }
    return [
        Local(tool, [round_[tool] for round_ in took], [one - bare for one in warm[tool]])
        for tool in cold
    ]


def _python(peer: str) -> Path:
    """Return the interpreter of a peer's own environment, which is made if it is not there."""
    folder, wanted = PEERS / peer / ".venv", PEERS / peer / "requirements.txt"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_bytes() != wanted.read_bytes():
        sys.stderr.write(f"installing {peer} ...\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run(
            [
                *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--requirement", wanted),
            ],
            check=True,
        )
        stamp.write_bytes(wanted.read_bytes())
    return python
