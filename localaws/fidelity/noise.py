"""moto's own messages stay out of the terminal.

Every failed state is logged as an error with the whole program as text, and making that text
takes longer than the state; every request is a line on stderr.
"""

from __future__ import annotations

import logging
from typing import Any

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent

from localaws.fidelity.patching import patch, replace


def _nothing(*_: Any, **__: Any) -> None:
    pass


@patch
def apply() -> None:
    """Silence the interpreter and the web server."""
    logging.getLogger("moto").setLevel(logging.CRITICAL)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    replace(EvalComponent, "_log_failure_event_exception", _nothing)
    replace(EvalComponent, "_log_exception", _nothing)
