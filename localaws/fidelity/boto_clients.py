"""State machines call the server on 127.0.0.1, with clients that are kept.

moto makes a client for every call, which takes longer than the call, and looks ``localhost`` up,
which may be ``::1``, where the server does not listen.
"""

from __future__ import annotations

import sys
from typing import Any

import moto.stepfunctions.parser.models  # noqa: F401 - loads every module that imported it
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.utils import boto_client

from localaws.clients import make_client
from localaws.fidelity.patching import patch, replace


def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ARG001
    """Return the client of a state machine's task."""
    endpoint = f"http://127.0.0.1:{moto_server_port()}"
    return make_client(service, region=region, endpoint=endpoint, validate=False)


@patch
def apply() -> None:
    """Replace the function in every module that imported it."""
    original = boto_client.boto_client_for
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and (
            getattr(module, "boto_client_for", None) is original
        ):
            replace(module, "boto_client_for", boto_client_for)
