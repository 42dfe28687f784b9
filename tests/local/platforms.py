"""A whole platform in the emulator, made by a program as it is deployed, and its runs."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.feed import ExecutionStatusChange, Happening, TaskStateChange
from localaws.redeployment import deploy_again
from tests.local.control import ControlTable
from tests.local.ecs import wait_for
from tests.local.executions import ENDED
from tests.local.machines import PLATFORM

_PROGRAM = """
from components import BatchPlatform, ScheduledJob

platform = BatchPlatform("batch", {settings!r})
for name, job in {jobs!r}.items():
    ScheduledJob(name, {{"platform": platform.connection, **job}})
"""

CHANNELS = {
    "workspace_id": "T0",
    "success_channel_id": "C0SUCCESS",
    "failure_channel_id": "C0FAILURE",
}


class Deployed:
    """A platform and its jobs. ``$ENDS/$BATCH_RUN`` is where :meth:`tell` writes."""

    def __init__(
        self, emulator: Emulator, folder: Path, jobs: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        self.emulator = emulator
        self.ends = folder / "ends"
        self.ends.mkdir()
        self.happenings: list[Happening] = []
        emulator.feed.subscribe(self.happenings.append)
        self._folder = folder
        self._settings = {"image": "nothing/here:1", "slack": CHANNELS, **settings}
        (folder / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
        (folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: us-east-1\n")
        self._write(jobs)
        self._deployment = deploy(emulator, project_dir=folder)
        self.states = emulator.client("stepfunctions")
        self.table = ControlTable(emulator.client("dynamodb"), PLATFORM)
        self._sweep = self.states.describe_state_machine(
            stateMachineArn=PLATFORM.own_machine_arn(PLATFORM.sweep)
        )["definition"]

    def _write(self, jobs: dict[str, Any]) -> None:
        program = _PROGRAM.format(settings=self._settings, jobs=jobs)
        (self._folder / "__main__.py").write_text(program.replace("$ENDS", str(self.ends)))

    def deploy_again(self, jobs: dict[str, Any]) -> list[str]:
        """Deploy other jobs in the place of these; return the names of what was changed."""
        self._write(jobs)
        done = deploy_again(self.emulator, self._deployment, self._folder)
        self._deployment = done.deployment
        return [registration.inputs["name"] for registration in done.changed]

    # Runs

    def start(self, job: str, given: dict[str, Any], run: str = "") -> str:
        """Start a run and return its ARN."""
        answer = self.states.start_execution(
            stateMachineArn=PLATFORM.state_machine_arn(job),
            input=json.dumps(given),
            **({"name": run} if run else {}),
        )
        return str(answer["executionArn"])

    def end(self, execution: str) -> dict[str, Any]:
        """Return an execution once it is over, and its event on its way."""

        def over() -> dict[str, Any] | None:
            # Step Functions says that it is over a moment before its event is sent.
            if not any(
                isinstance(h, ExecutionStatusChange)
                and h.detail["executionArn"] == execution
                and h.detail["status"] in ENDED
                for h in tuple(self.happenings)
            ):
                return None
            return self.states.describe_execution(executionArn=execution)

        return wait_for(over, f"the end of {execution}")

    def tasks(self, run: str, status: str) -> list[str]:
        """Return the tasks of a run that have come to a status."""
        return [
            str(h.detail["taskArn"])
            for h in tuple(self.happenings)
            if isinstance(h, TaskStateChange) and h.run == run and h.detail["lastStatus"] == status
        ]

    def tell(self, run: str, code: int) -> None:
        """Have the command of a run end."""
        (self.ends / f".{run}").write_text(str(code))
        (self.ends / f".{run}").rename(self.ends / run)

    # The platform's own machines

    def executions(self, machine: str, **which: Any) -> list[str]:
        """Return the executions of one of the platform's own machines, the newest first."""
        listed = self.states.list_executions(
            stateMachineArn=PLATFORM.own_machine_arn(machine), **which
        )
        return [execution["executionArn"] for execution in listed["executions"]]

    def quiet(self) -> None:
        """Wait until every event is delivered and nothing is being recorded."""

        def still() -> bool:
            assert self.emulator.drain()
            return not self.executions(PLATFORM.recorder, statusFilter="RUNNING")

        wait_for(still, "the end of all recorders")

    def sweep(self, *, minutes: float = 5) -> str:
        """Run the sweep as if some minutes had passed, to its end; return its execution's ARN."""
        machine = PLATFORM.own_machine_arn(PLATFORM.sweep)
        entered = "$states.context.State.EnteredTime"
        later = f"$fromMillis($toMillis({entered}) + {minutes * 60_000:.0f})"
        self.states.update_state_machine(
            stateMachineArn=machine, definition=self._sweep.replace(entered, later)
        )
        arn = str(self.states.start_execution(stateMachineArn=machine)["executionArn"])
        swept = self.end(arn)
        assert swept["status"] == "SUCCEEDED", swept
        self.quiet()
        return arn

    def transitions(self, execution: str) -> int:
        """Return how many states an execution entered."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return sum(
            event["type"].endswith("StateEntered") for page in pages for event in page["events"]
        )


UNTIL_TOLD = (
    'while [ ! -e "$ENDS/$BATCH_RUN" ]; do sleep 0.02; done; exit "$(cat $ENDS/$BATCH_RUN)"'
)
"""A command that ends when and how :meth:`Deployed.tell` says."""


@contextmanager
def deployed(jobs: dict[str, Any], **settings: Any) -> Iterator[Deployed]:
    """Deploy jobs, by name, on a platform with those settings."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Emulator(executor="process") as emulator:
            yield Deployed(emulator, folder, jobs, settings)
    finally:
        shutil.rmtree(folder)
