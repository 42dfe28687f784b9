"""Queries of the control table's indexes of runs, as DynamoDB wants them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from batch import control
from batch.contract import RunError

FAILED: Final = "FAILED"
"""A result that means every failure, whatever its name."""

RUNNING: Final = "RUNNING"

_RESULTS: Final = {
    result.lower(): result
    for result in (FAILED, RUNNING, "SUCCEEDED", "SKIPPED", "TIMED_OUT", "ABORTED", *RunError)
}

# The input of a run may be 100 KB, which a list does not show.
_LISTED: Final = (
    "job", "run", "execution", "started", "trigger", "requestedBy", "schedule", "scheduledTime",
    "admitted", "ended", "result", "error", "attempts", "exitCode", "reason", "logStream", "skip",
)  # fmt: skip


def result_of(text: str) -> str | None:
    """Return the result that a person means, or None. A service's own error passes as it is."""
    return _RESULTS.get(text.lower()) or (text if "." in text else None)


@dataclass(frozen=True)
class Runs:
    """Which runs of an index are asked for."""

    since: datetime | None = None
    until: datetime | None = None
    result: str = ""
    """The one word of a result, :data:`FAILED`, :data:`RUNNING`, or empty for any."""

    def query(self, index: str, value: str) -> dict[str, Any]:
        """Return the arguments of the Query for those under ``value``, the newest first."""
        key, _ = control.INDEXES[index]
        names = {*_LISTED, key}
        values = {":key": value}
        within = [f"#{key} = :key"]
        if self.since:
            values[":since"] = control.moment(self.since)
        if self.until:
            values[":until"] = control.moment(self.until)
        if self.since and self.until:
            within.append("#started BETWEEN :since AND :until")
        elif self.since or self.until:
            within.append("#started >= :since" if self.since else "#started <= :until")
        query: dict[str, Any] = {
            "IndexName": index,
            "KeyConditionExpression": " AND ".join(within),
            "ProjectionExpression": ", ".join(f"#{name}" for name in sorted(_LISTED)),
            "ScanIndexForward": False,
        }
        if self.result:
            condition, more = self._filter()
            query["FilterExpression"] = condition
            values |= more
            names |= {"open"} if self.result == RUNNING else set()
        query["ExpressionAttributeNames"] = {f"#{name}": name for name in sorted(names)}
        query["ExpressionAttributeValues"] = {
            name: {"S": text} for name, text in sorted(values.items())
        }
        return query

    def _filter(self) -> tuple[str, dict[str, str]]:
        if self.result == RUNNING:
            return "#open = :running", {":running": control.RUNNING}
        if self.result == FAILED:
            # A run that another one took the place of ends ABORTED, and failed nothing.
            return (
                "attribute_exists(#result) AND NOT #result IN (:succeeded, :skipped) AND "
                "(attribute_not_exists(#error) OR #error <> :replaced)",
                {
                    ":succeeded": "SUCCEEDED",
                    ":skipped": "SKIPPED",
                    ":replaced": control.REPLACED,
                },
            )
        return "#result = :result", {":result": self.result}
