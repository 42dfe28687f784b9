"""What is done late, or is said to be as it was: the ways in which :class:`Faults` delays."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import dynamodb_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localaws.access.authorization import Caller
from localaws.access.clients import calling
from localaws.fidelity import transactions
from tests.local.refusals import Refusal, refused

PATIENCE_SECONDS = 20.0


@dataclass
class Hold:
    """Calls that wait before anything is done.

    What a state machine waits for is never done if its run is stopped meanwhile.
    """

    arrived: threading.Event = field(default_factory=threading.Event)
    _open: threading.Event = field(default_factory=threading.Event)

    def answer(self, proceed: Callable[[], Any], _: Any) -> Any:
        self.arrived.set()
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._open.wait(0.01):
            assert time.monotonic() < until, "nobody released what was held"
            if _is_stopped(calling.get()):
                raise ConnectionAbortedError("its run was stopped before it was made")
        return proceed()

    def wait(self) -> None:
        """Wait until a call is held."""
        assert self.arrived.wait(PATIENCE_SECONDS), "no such call was made"

    def release(self) -> None:
        """Let what waits go on, and what comes pass."""
        self._open.set()


def _is_stopped(caller: Caller | None) -> bool:
    """Return whether the run of a state machine that calls has been stopped meanwhile."""
    if caller is None or ":stateMachine:" not in caller.source_arn:
        return False
    run = f"{caller.source_arn.replace(':stateMachine:', ':execution:')}:{caller.session}"
    _, _, _, region, account, *_ = run.split(":")
    execution = stepfunctions_parser_backends[account][region].describe_execution(run)
    return not execution.exec_worker.env.is_running()


@dataclass
class Deferred:
    """Calls that are answered at once and done later."""

    answer_with: Callable[[Any], Any]
    waiting: list[Callable[[], Any]] = field(default_factory=list)

    def answer(self, proceed: Callable[[], Any], response: Any) -> Any:
        self.waiting.append(proceed)
        return response.serialized(ActionResult(self.answer_with(response)))

    def take_effect(self) -> None:
        """Do what was asked for."""
        while self.waiting:
            self.waiting.pop(0)()


@dataclass
class Lag:
    """What DescribeExecution says is older than what is."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    late: bool = True

    def answer(self, proceed: Callable[[], Any], response: Any) -> Any:
        if not self.late:
            return proceed()
        arn = response._get_param("executionArn")
        run = response.stepfunction_backend.describe_execution(arn)
        if run.start_date >= self.since:
            missing = Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
            return refused(response, missing)
        if run.stop_date and run.stop_date >= self.since:
            return response.serialized(
                ActionResult(
                    {
                        "executionArn": arn,
                        "input": run.execution_input,
                        "name": run.name,
                        "startDate": run.start_date,
                        "stateMachineArn": run.state_machine_arn,
                        "status": "RUNNING",
                    }
                )
            )
        return proceed()

    def catch_up(self) -> None:
        """Say what is."""
        self.late = False


class LateIndex:
    """What a query of an index finds is older than what is in the table."""

    def __init__(self, table: str) -> None:
        self._before: dict[int, Any] = {}
        self._late = True
        with transactions.alone():
            for each in _tables(table):
                self._before[id(each)] = copy.deepcopy(each.items)

    def answer(self, proceed: Callable[[], Any], response: Any) -> Any:
        if not self._late:
            return proceed()
        table = response.dynamodb_backend.get_table(response.params["TableName"])
        with transactions.alone():
            now, table.items = table.items, copy.deepcopy(self._before.get(id(table), table.items))
            try:
                return proceed()
            finally:
                table.items = now

    def catch_up(self) -> None:
        """Find what there is."""
        self._late = False


def _tables(name: str) -> list[Any]:
    return [
        backend.tables[name]
        for regions in tuple(dynamodb_backends.values())
        for backend in tuple(regions.values())
        if name in backend.tables
    ]
