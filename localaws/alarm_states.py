"""Whether the values of a metric are a reason for an alarm, as CloudWatch decides it.

("Using Amazon CloudWatch alarms", "How alarms evaluate missing data".) Two things are simpler
here: the last period ends now, not at a full minute, so that what happened counts at once; and
periods before the alarm was made do not count, so that a new alarm has time to get its first
value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_STATISTICS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True)
class Value:
    """One value of a metric."""

    time: datetime
    value: float


@dataclass(frozen=True)
class Rule:
    """When a metric is a reason for an alarm."""

    statistic: str
    period: timedelta
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    missing: str
    """``missing``, ``ignore``, ``breaching`` or ``notBreaching``."""
    since: datetime
    """When the alarm was made."""

    @property
    def is_known(self) -> bool:
        """Whether this can be evaluated here."""
        return self.statistic in _STATISTICS and self.comparison in _COMPARISONS

    @property
    def reach(self) -> timedelta:
        """How far back an evaluation looks."""
        return self.period * self.evaluation_periods

    def state(self, values: Iterable[Value], now: datetime, before: str) -> str:
        """Return the alarm's state at ``now``, given the state ``before``."""
        points = self._points(list(values), now)
        present = [point for point in points if point is not None]
        breaching = [_COMPARISONS[self.comparison](point, self.threshold) for point in present]
        absent = len(points) - len(present)
        count = sum(breaching) + (absent if self.missing == "breaching" else 0)
        if count >= self.datapoints_to_alarm:
            return ALARM
        if self.missing in {"breaching", "notBreaching"} or not absent:
            # Periods that do not count yet decide nothing either.
            return OK if points or before != ALARM else before
        if not present:
            return before if self.missing == "ignore" or not points else INSUFFICIENT_DATA
        if sum(breaching) + absent < self.datapoints_to_alarm:
            return OK
        if self.missing == "ignore":
            return before
        return ALARM if all(breaching) else OK

    def next_look(self, values: Iterable[Value], now: datetime, state: str) -> datetime | None:
        """Return when ``state`` may change though nothing happens, if it may."""
        # What is not too much does not become too much by being forgotten.
        if state == OK and self.missing != "breaching" and self.comparison.startswith("Greater"):
            return None
        moments = {value.time + self.period * n for value in values for n in self._counts}
        moments |= {self.since + self.period * n for n in self._counts}
        return min((moment for moment in moments if moment > now), default=None)

    @property
    def _counts(self) -> range:
        return range(1, self.evaluation_periods + 1)

    def _points(self, values: Sequence[Value], now: datetime) -> list[float | None]:
        """Return the statistic of each period that counts, the newest first."""
        points: list[float | None] = []
        for n in self._counts:
            start, end = now - self.period * n, now - self.period * (n - 1)
            within = [each.value for each in values if start < each.time <= end]
            if within:
                points.append(_STATISTICS[self.statistic](within))
            elif start >= self.since:
                points.append(None)
        return points
