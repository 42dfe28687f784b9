"""What a program can leave out of its run: measured in ``bench/README.md``."""

import gc
import os
from typing import Any, Final

import pulumi

DEBUG: Final = "BATCH_PROGRAM_DEBUG"
"""Set to anything, the SDK's debug messages reach ``pulumi preview --debug``."""


def run_lean() -> None:
    """Have the rest of the program look for no garbage and say nothing that nobody reads.

    For the top of ``__main__.py``, whose process ends with the program. With a thousand jobs, each
    of the two is a large part of the time that a preview takes.
    """
    # A program's objects stay until it ends; the collector would go through them again and again.
    gc.disable()
    if not os.environ.get(DEBUG):
        # The SDK has several for each resource, and sends each to the engine and waits until it
        # is there, also when the engine shows none.
        pulumi.log.debug = _unsaid


def _unsaid(*_: Any, **__: Any) -> None:
    """Take a message, and leave it."""
