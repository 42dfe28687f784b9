"""A state machine may do what the policies of its role allow.

moto evaluates none: whatever a state calls is answered, and no role is even looked for.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import moto.stepfunctions.parser.models  # noqa: F401 - loads every module that imported it
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask

from localaws.access.authorization import Caller
from localaws.access.clients import AuthorizedClient
from localaws.fidelity.patching import patch, wrap


@dataclass
class RunCredentials(StateCredentials):  # type: ignore[misc] # moto is not typed
    """A role, and the run that takes it."""

    machine_arn: str
    run: str

    @property
    def caller(self) -> Caller:
        """Who calls with it."""
        return Caller("states.amazonaws.com", self.machine_arn, self.role_arn, session=self.run)


@patch
def apply() -> None:
    """Say whose credentials a state has, and make every client a client of theirs."""

    @wrap(StateTask, "_eval_state_credentials")
    def credentials(original: Any, self: Any, env: Any) -> Any:
        about = env.states.context_object.context_object_data
        return RunCredentials(
            role_arn=original(self, env).role_arn,
            machine_arn=about["StateMachine"]["Id"],
            run=about["Execution"]["Name"],
        )

    def client(original: Any, region: str, service: str, state_credentials: Any = None) -> Any:
        made = original(region=region, service=service, state_credentials=state_credentials)
        if isinstance(state_credentials, RunCredentials):
            return AuthorizedClient(made, state_credentials.caller)
        return made

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and hasattr(module, "boto_client_for"):
            wrap(module, "boto_client_for")(client)
