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

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from moto.core import errors
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler

from localaws import events as buses
from localaws.access.clients import calling
from localaws.hooks import Hooks
from tests.local.delays import Deferred, Hold, Lag, LateIndex
from tests.local.event_faults import EventFaults, Where, anything
from tests.local.refusals import Refusal, refused

Answer = Callable[[Callable[[], Any], Any], Any]
"""Answers a call, given what would answer it and moto's object for the request."""


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
            return refused(response, Refusal(code, message))

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

        def answer(proceed: Callable[[], Any], response: Any) -> Any:
            proceed()
            return refused(response, Refusal(code, "on purpose"))

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

    def describe_late(self, **which: Any) -> Lag:
        """Have DescribeExecution know nothing of what happens from now on, until told to."""
        lag = Lag()
        self._add("stepfunctions.DescribeExecution", lag.answer, times=float("inf"), **which)
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


def _parameters(response: Any) -> dict[str, Any]:
    if response.automated_parameter_parsing:
        return dict(response.params)
    try:
        return dict(json.loads(response.body))
    except (TypeError, ValueError):
        return {}
