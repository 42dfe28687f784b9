"""Wait states end at their time, not before it and not in another zone.

moto compares a Timestamp with the machine's local time without a zone, refuses every offset but
``Z``, and cuts fractions of a second off.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from localaws.fidelity.failures import fail
from localaws.fidelity.patching import patch, replace

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def parse(text: Any) -> datetime | None:
    """Return the moment that an RFC 3339 text names, or None if it is none."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@patch
def apply() -> None:
    """Read timestamps with their zone and wait to the end."""

    def seconds(self: Any, env: Any) -> float:
        self.string.eval(env=env)
        text = env.stack.pop()
        moment = parse(text)
        if moment is None:
            raise fail(self._create_failure_event(env, text))
        return (moment - datetime.now(UTC)).total_seconds()

    def wait(self: Any, env: Any, wait_seconds: float) -> None:  # noqa: ARG001
        end = time.monotonic() + wait_seconds
        while env.is_running() and (left := end - time.monotonic()) > 0:
            env.program_state_event.wait(left)

    replace(Timestamp, "_from_timestamp_string", staticmethod(parse))
    replace(Timestamp, "_get_wait_seconds", seconds)
    replace(WaitFunction, "_wait_interval", wait)
