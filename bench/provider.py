"""A process that stands in for the AWS provider: that of ``tests/engine``, apart from the engine.

It prints its ports as one line of JSON, and when its input ends how long it was busy.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from bench import jobs
from tests.engine import provider
from tests.engine.cloud import Cloud


def main() -> None:
    """Serve until nobody asks any more."""
    cloud = Cloud(jobs.ACCOUNT)
    with provider.serving(cloud) as ports:
        _say(ports)
        # A line asks how busy it has been since the last one.
        before = _busy()
        for _ in sys.stdin:
            now = _busy()
            _say({"seconds": now - before, "peak": _peak()})
            before = now


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
