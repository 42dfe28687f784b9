"""A process that runs ``hello`` again and again in an emulator that is warm.

``python -m bench.warm COUNT`` prints the seconds of each run, from its start to the event that
tells of its end, and those of the bare command, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from batchctl import runs
from batchctl.local import platform
from batchctl.local.screen import console
from batchctl.outcome import of_execution
from localaws.feed import ExecutionStatusChange, Happening

JOB: Final = "hello"

COMMAND: Final = ["bash", "-c", 'echo "hello from hello, attempt 1"']


def seconds(work: Callable[[], None], count: int) -> list[float]:
    """Return how long each of ``count`` times takes; the first, which is colder, is not counted."""
    took = []
    for _ in range(count + 1):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return took[1:]


def bare() -> None:
    """Run the command and nothing else."""
    subprocess.run(COMMAND, check=True, stdout=subprocess.DEVNULL)


def main(count: int) -> None:
    """Measure ``count`` runs."""
    ended = threading.Condition()
    results: dict[str, str] = {}

    def watch(happening: Happening) -> None:
        if isinstance(happening, ExecutionStatusChange):
            outcome = of_execution(happening.detail)
            if outcome is not None:
                with ended:
                    results[happening.detail["name"]] = outcome.result
                    ended.notify_all()

    with platform.provisioned("local", console=console(), executor="process", fires=False) as local:
        local.emulator.feed.subscribe(watch)

        def run() -> None:
            name = runs.start(local.aws, JOB, {"trigger": "manual"})
            with ended:
                ended.wait_for(lambda: name in results, timeout=60)
            if results[name] != "SUCCEEDED":
                raise RuntimeError(f"{name}: {results[name]}")

        json.dump({"runs": seconds(run, count), "bare": seconds(bare, count)}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
