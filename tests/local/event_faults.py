"""Events of Step Functions and ECS that get lost, come twice, late, or out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Where = Callable[[dict[str, Any]], bool]
"""Whether something with these parameters, or this detail, is meant."""


def anything(_: dict[str, Any]) -> bool:
    return True


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
