"""What goes wrong on purpose: calls of the emulator's API, and its events.

```python
with Faults() as faults:
    faults.refuse("dynamodb.TransactWriteItems", "ThrottlingException", times=3)
    faults.lose_answer("sns.Publish", by="batch-local_recorder")
    hold = faults.hold("ecs.StopTask")
    ...
    hold.release()
    faults.events.never(status="FAILED")
```

A call is named as botocore does: ``stepfunctions.StartExecution``, ``logs.GetLogEvents``. It may
be narrowed to those of a state machine (``by``: its name) or with certain parameters (``where``),
and the first so many may pass (``after``). Of several faults the first that fits is taken, for as
many calls as it is for. Everything is right again when the block ends.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from moto.core import errors
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localaws import events as buses
from localaws.access.authorization import Caller
from localaws.access.clients import calling
from localaws.fidelity import transactions
from localaws.hooks import Hooks

PATIENCE_SECONDS = 20.0

Where = Callable[[dict[str, Any]], bool]
Answer = Callable[[Callable[[], Any], Any], Any]
"""Answers a call, given what would answer it and moto's object for the request."""

HTTP_STATUS = {"InternalServerError": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
"""Of errors that no model of a service has with another status than 400."""


class Refusal(ServiceException):
    """An error of whatever service is asked."""


def anything(_: dict[str, Any]) -> bool:
    return True


@dataclass
class Fault:
    """What happens to some calls."""

    call: str
    answer: Answer
    times: float
    after: int
    by: str
    where: Where
    met: int = 0
    """Calls that it was for, so far."""

    def take(self, call: str, parameters: dict[str, Any]) -> bool:
        """Return whether this is what happens to a call, and count it."""
        who = calling.get()
        name = who.source_arn.rpartition(":")[2] if who else ""
        if call != self.call or (self.by and self.by != name) or not self.where(parameters):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.met >= self.times:
            return False
        self.met += 1
        return True

    def stop(self) -> None:
        """Let the next calls be."""
        self.times = 0


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


class Faults:
    """The faults of one emulator, which is this process's."""

    def __init__(self) -> None:
        self.events = EventFaults()
        self._faults: list[Fault] = []
        self._holds: list[Hold] = []
        self._hooks = Hooks()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._hooks.answer(BaseResponse, "call_action", self._call)
        # Its own is outside of it: nobody else is answered by DynamoDB while it is within.
        self._hooks.answer(DynamoHandler, "call_action", self._call)
        self._hooks.answer(buses, "onto_bus", self.events.onto_bus)
        # moto wonders about errors that no model has, as AWS does not.
        self._hooks.answer(errors, "warn", lambda *_, **__: None)
        return self

    def __exit__(self, *_: object) -> None:
        for hold in self._holds:
            hold.release()
        self._hooks.remove()

    def refuse(
        self, call: str, code: str, message: str = "on purpose", *, times: float = 1, **which: Any
    ) -> Fault:
        """Have calls refused, and nothing done."""

        def answer(_: Callable[[], Any], response: Any) -> Any:
            return _serialized(response, Refusal(code, message))

        return self._add(call, answer, times=times, **which)

    def cancel(self, *reasons: str, times: float = 1, **which: Any) -> Fault:
        """Have transactions cancelled: ``TransactionConflict``, ``ThrottlingError``, ``None``."""
        text = (
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(reasons)}]"
        )
        call = "dynamodb.TransactWriteItems"
        return self.refuse(call, "TransactionCanceledException", text, times=times, **which)

    def lose_answer(self, call: str, *, times: float = 1, **which: Any) -> Fault:
        """Have calls done, and the caller hear nothing."""

        def answer(proceed: Callable[[], Any], _: Any) -> Any:
            proceed()
            raise ConnectionAbortedError("the answer is lost on purpose")

        return self._add(call, answer, times=times, **which)

    def fail_after(self, call: str, code: str, *, times: float = 1, **which: Any) -> Fault:
        """Have calls done, and the caller told that they were not."""
        refusal = Faults().refuse(call, code).answer

        def answer(proceed: Callable[[], Any], response: Any) -> Any:
            proceed()
            return refusal(proceed, response)

        return self._add(call, answer, times=times, **which)

    def hold(self, call: str, *, times: float = 1, **which: Any) -> Hold:
        """Have calls wait until they are released."""
        hold = Hold()
        self._holds.append(hold)
        self._add(call, hold.answer, times=times, **which)
        return hold

    def defer(
        self, call: str, answer: Callable[[Any], Any], *, times: float = float("inf"), **which: Any
    ) -> Deferred:
        """Have calls answered with ``answer(response)`` now, and done when told to."""
        deferred = Deferred(answer)
        self._add(call, deferred.answer, times=times, **which)
        return deferred

    def ignore_stop_task(self, **which: Any) -> Deferred:
        """Have StopTask answer and do nothing, until told to."""

        def task(response: Any) -> Any:
            wanted, cluster = response._get_param("task"), response._get_param("cluster")
            (found,) = response.ecs_backend.describe_tasks(cluster, [wanted])
            return {"task": found}

        return self.defer("ecs.StopTask", task, **which)

    def update_late(self, **which: Any) -> Deferred:
        """Have UpdateStateMachine answer, and runs follow the old definition until told to."""
        return self.defer(
            "stepfunctions.UpdateStateMachine",
            lambda _: {"updateDate": datetime.now(UTC)},
            **which,
        )

    def describe_late(self) -> Lag:
        """Have DescribeExecution know nothing of what happens from now on, until told to."""
        lag = Lag()
        self._add("stepfunctions.DescribeExecution", lag.answer, times=float("inf"))
        return lag

    def index_late(self, table: str) -> LateIndex:
        """Have the indexes of a table know nothing of what is written from now on."""
        late = LateIndex(table)
        wanted = {"TableName": table}.items()
        self._add(
            "dynamodb.Query",
            late.answer,
            times=float("inf"),
            where=lambda given: bool(given.get("IndexName")) and wanted <= given.items(),
        )
        return late

    def _add(
        self,
        call: str,
        answer: Answer,
        *,
        times: float,
        after: int = 0,
        by: str = "",
        where: Where = anything,
    ) -> Fault:
        fault = Fault(call, answer, times, after, by, where)
        with self._lock:
            self._faults.append(fault)
        return fault

    def _call(self, original: Callable[..., Any], response: Any) -> Any:
        if getattr(response, "_seen_by_faults", False):
            return original(response)
        response._seen_by_faults = True
        name = f"{response.boto3_service_name}.{response._get_action()}"
        parameters = _parameters(response)
        with self._lock:
            fault = next((each for each in self._faults if each.take(name, parameters)), None)
        if fault is None:
            return original(response)
        return fault.answer(lambda: original(response), response)


def _serialized(response: Any, error: Refusal) -> Any:
    status, headers, body = response.serialized(ActionResult(error))
    headers["status"] = status = HTTP_STATUS.get(error.code, status)
    headers, body = response._enrich_response(headers, body)
    return status, headers, body


def _parameters(response: Any) -> dict[str, Any]:
    if response.automated_parameter_parsing:
        return dict(response.params)
    try:
        return dict(json.loads(response.body))
    except (TypeError, ValueError):
        return {}


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
            return _serialized(response, missing)
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


@dataclass
class _EventFault:
    where: Where
    times: float
    deliver: Callable[[Callable[[], None]], None]


class EventFaults:
    """What happens to the events of Step Functions and ECS.

    Which ones: by the detail's values (``status="FAILED"``, ``name="r1"``), or ``where`` of it.
    """

    def __init__(self) -> None:
        self._faults: list[_EventFault] = []
        self.held: list[Callable[[], None]] = []
        """Deliveries of the events that are late, in the order in which they happened."""

    def never(self, *, times: float = float("inf"), **which: Any) -> None:
        """Lose events."""
        self._add(lambda deliver: None, times, which)

    def twice(self, *, times: float = float("inf"), **which: Any) -> None:
        """Deliver events twice, with the same id."""

        def both(deliver: Callable[[], None]) -> None:
            deliver()
            deliver()

        self._add(both, times, which)

    def late(self, *, times: float = float("inf"), **which: Any) -> None:
        """Keep events until :meth:`release`."""
        self._add(self.held.append, times, which)

    def release(self, *, backwards: bool = False) -> None:
        """Deliver the late events, the last one first if ``backwards``."""
        held, self.held[:] = list(self.held), []
        for deliver in reversed(held) if backwards else held:
            deliver()

    def right(self) -> None:
        """Let the events to come be. The late ones stay late."""
        self._faults.clear()

    def _add(
        self,
        deliver: Callable[[Callable[[], None]], None],
        times: float,
        which: dict[str, Any],
    ) -> None:
        condition = which.pop("where", anything)

        def where(detail: dict[str, Any]) -> bool:
            same = all(detail.get(key) == value for key, value in which.items())
            return same and bool(condition(detail))

        self._faults.append(_EventFault(where, times, deliver))

    def onto_bus(
        self,
        original: Callable[..., None],
        event: dict[str, Any],
        *args: Any,
    ) -> None:
        fault = next((f for f in self._faults if f.times > 0 and f.where(event["detail"])), None)
        if fault is None or not event["source"].startswith("aws."):
            original(event, *args)
            return
        fault.times -= 1
        fault.deliver(lambda: original(event, *args))
