"""Threads that ended are forgotten.

moto keeps every thread it ever started in a list, for its own tests.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.utils import TMP_THREADS

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Clear the list of dead threads when a run ends."""

    @wrap(BaseExecutionWorkerCommunication, "terminated")
    def terminated(original: Any, self: Any) -> None:
        original(self)
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
