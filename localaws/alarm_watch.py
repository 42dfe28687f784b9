"""Alarms follow their metrics, when a value comes and when time passes.

moto evaluates an alarm only where somebody asks for it, and treats no data as no reason. An alarm
on an expression over several metrics is not evaluated. What a change of state does is in
:mod:`localaws.alarms`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from localaws.alarm_states import Rule, Value
from localaws.clock import Clock
from localaws.feed import Feed
from localaws.hooks import Hooks
from localaws.metrics import Metrics
from localaws.worker import Worker

_Series = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric."""

_TO_BE_SURE: Final = timedelta(milliseconds=1)
"""Beyond the moment at which a value is out of a period's reach."""


class AlarmWatch:
    """Evaluates the alarms of one emulator, in a thread of its own."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._clock = clock
        self._hooks = Hooks()
        self._metrics = Metrics(feed, clock, self._look_soon)
        self._worker: Worker | None = None
        self._about_to_look = False
        self._next: datetime | None = None

    def install(self) -> None:
        """Begin to watch."""
        self._worker = Worker("localaws-alarms", self._clock)
        self._hooks.answer(CloudWatchBackend, "put_metric_alarm", self._made)
        self._metrics.install()

    def close(self) -> None:
        """Watch no more."""
        self._metrics.close()
        self._hooks.remove()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until the alarms have seen what was put; return False if it takes longer."""
        return self._worker is None or self._worker.drain(timeout)

    def _look_soon(self) -> None:
        # It will see what two threads put at once.
        if (worker := self._worker) is not None and not self._about_to_look:
            self._about_to_look = True
            worker.submit(self._look)

    def _made(self, original: Callable[..., Any], *args: Any, **named: Any) -> Any:
        alarm = original(*args, **named)
        alarm._made_at = self._clock.now()
        self._look_soon()
        return alarm

    def _look(self) -> None:
        self._about_to_look = False
        self._metrics.sample()
        now = self._clock.now()
        upcoming = []
        for backend, rules in _rules():
            oldest = now - max(rule.reach for _, rule in rules)
            values = _values(backend, oldest)
            for alarm, rule in rules:
                found = [each for each in values[_series(alarm)] if now - each.time < rule.reach]
                state = rule.state(found, now, alarm.state_value)
                _tell(backend, alarm, state)
                if moment := rule.next_look(found, now, state):
                    upcoming.append(moment + _TO_BE_SURE)
        self._look_again(min(upcoming, default=None), now)

    def _look_again(self, when: datetime | None, now: datetime) -> None:
        planned = self._next if self._next and self._next > now else None
        if when is not None and (planned is None or when < planned):
            self._next = when
            if (worker := self._worker) is not None:
                worker.submit(self._look, when=when)


def _rules() -> Iterator[tuple[Any, list[tuple[Any, Rule]]]]:
    """Yield each region that has alarms, and what each of them goes by."""
    for regions in tuple(cloudwatch_backends.values()):
        for backend in tuple(regions.values()):
            alarms = tuple(backend.alarms.values())
            known = [(alarm, rule) for alarm in alarms if (rule := _rule(alarm)) is not None]
            if known:
                yield backend, known


def _values(backend: Any, oldest: datetime) -> dict[_Series, list[Value]]:
    """Return what was put in a region since ``oldest``."""
    found: dict[_Series, list[Value]] = defaultdict(list)
    for datum in tuple(backend.metric_data):
        time = datum.timestamp
        dated = time.replace(tzinfo=UTC) if time.tzinfo is None else time
        # Statistics that a client put as such have no value of their own.
        value = getattr(datum, "value", None)
        if value is not None and dated > oldest:
            series = _key(datum.namespace, datum.name, datum.dimensions)
            found[series].append(Value(dated, value))
    return found


def _key(namespace: str, name: str, dimensions: Iterable[Any]) -> _Series:
    return namespace, name, frozenset((each.name, each.value) for each in dimensions)


def _series(alarm: Any) -> _Series:
    return _key(alarm.namespace, alarm.metric_name, alarm.dimensions)


def _rule(alarm: Any) -> Rule | None:
    if alarm.metric_data_queries or not alarm.metric_name:
        return None
    periods = int(alarm.evaluation_periods)
    rule = Rule(
        statistic=alarm.statistic,
        period=timedelta(seconds=int(alarm.period)),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods),
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        missing=alarm.treat_missing_data or "missing",
        since=getattr(alarm, "_made_at", datetime.min.replace(tzinfo=UTC)),
    )
    return rule if rule.is_known else None


def _tell(backend: Any, alarm: Any, state: str) -> None:
    if state == alarm.state_value:
        return
    reason = f"{alarm.statistic} of {alarm.metric_name}: the threshold {alarm.threshold} "
    reason += "was crossed" if state == "ALARM" else "is not crossed"
    backend.set_alarm_state(alarm.name, reason, json.dumps({"version": "1.0"}), state)
