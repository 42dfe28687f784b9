"""``pulumi preview``: the program on the real engine, with a provider that stands in for AWS."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import yaml

from bench import measure, program
from tests.engine import cli


@dataclass(frozen=True)
class Preview:
    """What one preview took."""

    whole: measure.Measured
    """Engine and program, from the start of the command."""
    program_cpu: float
    engine_cpu: float
    provider_cpu: float
    """Of the stand-in, which is not in the others but ran beside them."""
    provider_peak: int


class Previews:
    """A stack of so many jobs, to preview again and again."""

    def __init__(self, count: int, folder: Path, provider: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._ask, self._answers = cast("IO[str]", provider.stdin), cast("IO[str]", provider.stdout)
        ports = json.loads(self._line())
        self._environment = {
            **cli.environment(folder / "home", ports),
            "BENCH_JOBS": str(count),
            "PULUMI_BACKEND_URL": f"file://{folder}/states",
            # An update writes the state once, at its end, and not after each resource: it only
            # prepares the next preview.
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PYTHONPATH": str(program.ROOT),
            # The provider's module warns of its own old classes.
            "PYTHONWARNINGS": "ignore",
        }
        (folder / "states").mkdir()
        work = folder / "work"
        work.mkdir()
        project = {"name": program.PROJECT, "runtime": "python"}
        (work / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self._cli("stack", "init", program.STACK, "--secrets-provider", "passphrase")
        file = work / f"Pulumi.{program.STACK}.yaml"
        kept = yaml.safe_load(file.read_text())
        file.write_text(yaml.safe_dump({**kept, "config": program.CONFIG}))

    def preview(self) -> Preview:
        """Run it once."""
        return self._engine("preview")

    def update(self) -> Preview:
        """Make everything, so that the next preview changes nothing."""
        return self._engine("up", "--yes", "--skip-preview")

    def _engine(self, *words: str) -> Preview:
        self._busy()
        command = [sys.executable, "-m", "bench.host", _pulumi(), *words, "--stack", program.STACK]
        run = measure.run(
            [*command, "--non-interactive", "--color=never"],
            cwd=self._folder / "work",
            environment=self._environment,
        )
        took = json.loads(run.stderr.splitlines()[-1])
        busy = self._busy()
        return Preview(run, took["program"], took["engine"], busy["seconds"], int(busy["peak"]))

    def _cli(self, *words: str) -> None:
        measure.run([_pulumi(), *words], cwd=self._folder / "work", environment=self._environment)

    def _busy(self) -> dict[str, float]:
        self._ask.write("\n")
        self._ask.flush()
        answer: dict[str, float] = json.loads(self._line())
        return answer

    def _line(self) -> str:
        return self._answers.readline()


@contextlib.contextmanager
def stack(count: int) -> Iterator[Previews]:
    """Yield a stack that has nothing yet."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "bench.provider"],
            cwd=program.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as provider:
            # It ends when nobody is left to ask, which is as soon as the pipe is closed.
            yield Previews(count, folder, provider)
    finally:
        shutil.rmtree(folder)


def is_there() -> bool:
    """Return whether there is an engine."""
    return cli.find() is not None


def version() -> str:
    """Return the version of the engine."""
    return measure.run([_pulumi(), "version"]).stdout.strip()


def _pulumi() -> str:
    return str(cli.find())
