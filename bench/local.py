"""The local mode, beside what else runs a one-line command on one machine.

Cold: the whole command, from its start to its end. Warm: one run more in what is up already, less
what the bare command takes. Metaflow has nothing that is up: each of its runs is a process.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bench import installed, measure

HERE: Final = Path(__file__).parent

OURS: Final = "batch-platform"

PEERS: Final = {"dagster": "Dagster", "metaflow": "Metaflow"}


@dataclass(frozen=True)
class Local:
    """What one tool took."""

    tool: str
    cold: list[measure.Measured]
    warm_overhead: list[float]
    """Seconds of a run over those of the bare command."""


def measured(rounds: int, peers: Sequence[str], *, runs: int = 20) -> list[Local]:
    """Return what ours and these took, in ``rounds`` cold starts by turns and ``runs`` warm runs.

    Raises:
        measure.Broken: one of them failed.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        start = _Start(Path(scratch))
        tools = (OURS, *peers)
        # The first of each warms the machine's caches.
        for tool in tools:
            start.cold(tool)
        took = [{tool: start.cold(tool) for tool in tools} for _ in range(rounds)]
        ours = json.loads(start.warm(runs).stdout)
        warm = {OURS: ours["runs"]}
        if "dagster" in peers:
            warm["dagster"] = json.loads(start.dagster(runs + 1).stdout)[1:]
    warm["metaflow"] = [round_["metaflow"].seconds for round_ in took if "metaflow" in round_]
    bare = sum(ours["bare"]) / len(ours["bare"])
    return [
        Local(tool, [round_[tool] for round_ in took], [one - bare for one in warm[tool]])
        for tool in tools
    ]


class _Start:
    """Starts each tool's run of the line, with nothing of it in anybody's home."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._quiet = {
            "HOME": str(scratch),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(scratch),
            "METAFLOW_USER": "bench",
        }

    def cold(self, tool: str) -> measure.Measured:
        """Run the whole command."""
        return {OURS: self.ours, "dagster": self.dagster, "metaflow": self.metaflow}[tool]()

    def ours(self) -> measure.Measured:
        words = [sys.executable, "-m", "batchctl", "local", "run", "hello"]
        return measure.run(words, cwd=HERE.parent)

    def dagster(self, runs: int = 1) -> measure.Measured:
        return self._peer("dagster", str(runs))

    def metaflow(self) -> measure.Measured:
        return self._peer("metaflow", "run")

    def warm(self, runs: int) -> measure.Measured:
        """Run ours again and again in what is up."""
        words = [sys.executable, "-m", "bench.warm", str(runs)]
        return measure.run(words, cwd=HERE.parent, environment={"PYTHONPATH": str(HERE.parent)})

    def _peer(self, peer: str, word: str) -> measure.Measured:
        words: list[str | Path] = [_python(peer), HERE / "peers" / peer / "hello.py", word]
        return measure.run(words, cwd=self._scratch, environment=self._quiet)


@cache
def missing(peer: str) -> str:
    """Return why a peer cannot be measured, empty if it can; install it if need be."""
    environment, lock = _environment(peer), _lock(peer)
    return installed.missing(
        environment,
        lock,
        [sys.executable, "-m", "venv", "--clear", environment],
        [
            *(_python(peer), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--requirement", lock),
        ],
    )


def version(peer: str) -> str:
    """Return the version of a peer that is installed, "none" if it is not."""
    pinned = re.search(rf"^{peer}==(\S+)", _lock(peer).read_text(), re.MULTILINE)
    return pinned[1] if pinned and installed.is_current(_environment(peer), _lock(peer)) else "none"


def _environment(peer: str) -> Path:
    return HERE / "peers" / peer / ".venv"


def _lock(peer: str) -> Path:
    return HERE / "peers" / peer / "requirements.txt"


def _python(peer: str) -> Path:
    return _environment(peer) / "bin" / "python"
