"""What the control table remembers, as plain values: runs, jobs, pauses. Pure.

``batch.control`` says what is in the table, and where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from batch import control
from batch.contract import DEFAULT_SCHEDULE, Trigger
from batchctl.outcome import Outcome, of_result
from batchctl.runs import Run


@dataclass(frozen=True)
class RunRecord:
    """A run, as the platform remembers it."""

    job: str
    name: str
    arn: str
    started: datetime
    trigger: str = Trigger.MANUAL
    requested_by: str = ""
    schedule: str = ""
    scheduled_time: str = ""
    input: str = ""
    """The execution input as JSON, values of the environment masked; empty if it is not kept."""

    admitted: datetime | None = None
    limit: datetime | None = None
    """When it is over the limit of a run."""

    ended: datetime | None = None
    outcome: Outcome | None = None
    """None while it runs."""

    image_digest: str = ""
    skip: str = ""
    message: str = ""
    """Which message its end is worth; empty for none."""

    told: datetime | None = None
    recorded: bool = True
    """Whether the table has it; else it is what Step Functions alone knows."""

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> RunRecord:
        """Return the record in an item of the table."""
        at = plain(item)
        result = at.get("result")
        return cls(
            at["job"],
            at["run"],
            at["execution"],
            _moment(at["started"]),
            trigger=at.get("trigger", Trigger.MANUAL),
            requested_by=at.get("requestedBy", ""),
            schedule=at.get("schedule", ""),
            scheduled_time=at.get("scheduledTime", ""),
            input=at.get("input", ""),
            admitted=_maybe(at.get("admitted")),
            limit=_maybe(at.get("limit")),
            ended=_maybe(at.get("ended")),
            outcome=of_result(
                result,
                error=at.get("error", ""),
                exit_code=at.get("exitCode"),
                reason=at.get("reason", ""),
                attempts=at.get("attempts"),
                task_arn=at.get("taskArn", ""),
                task_definition_arn=at.get("taskDefinitionArn", ""),
                log_stream=at.get("logStream", ""),
                skip=at.get("skip", ""),
            )
            if result
            else None,
            image_digest=at.get("imageDigest", ""),
            skip=at.get("skip", ""),
            message=at.get("message", ""),
            told=_maybe(at.get("told")),
        )

    @classmethod
    def of_run(cls, run: Run) -> RunRecord:
        """Return what Step Functions knows of a run that the table has nothing, or no end, of."""
        given = run.input if isinstance(run.input, dict) else {}

        def text(key: str) -> str:
            return str(given.get(key) or "")

        return cls(
            run.job,
            run.name,
            run.arn,
            run.started,
            trigger=text("trigger") or Trigger.MANUAL,
            requested_by=text("requestedBy"),
            schedule=text("schedule"),
            scheduled_time=text("scheduledTime"),
            ended=run.ended,
            outcome=run.outcome,
            recorded=False,
        )

    @property
    def id(self) -> str:
        """``JOB/RUN``: what every command takes to find it again."""
        return f"{self.job}/{self.name}"

    @property
    def result(self) -> str:
        """One word: the outcome's, or RUNNING."""
        return self.outcome.result if self.outcome else "RUNNING"

    @property
    def waiting(self) -> bool:
        """Whether it has not begun: it waits for a place of its job or group."""
        return self.outcome is None and self.admitted is None and self.recorded

    @property
    def words(self) -> str:
        """How it ended, as a person would say it."""
        if self.outcome:
            return self.outcome.in_words()
        return "waiting for its place" if self.waiting else "running"

    @property
    def started_by(self) -> str:
        """What started it, and who: ``schedule``, ``manual by jane``."""
        if self.trigger == Trigger.SCHEDULE and self.schedule not in ("", DEFAULT_SCHEDULE):
            return f"{self.trigger} {self.schedule}"
        # An ARN ends in the name of a user or a session.
        who = self.requested_by.rpartition("/")[2]
        return f"{self.trigger} by {who}" if who else self.trigger

    def took(self, now: datetime) -> timedelta:
        """Return how long it ran, or runs."""
        return (self.ended or now) - self.started


@dataclass(frozen=True)
class JobState:
    """The last results of a job."""

    job: str
    run: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    outcome: Outcome | None = None
    failures: int = 0
    """How often it failed since it last succeeded."""

    failing_since: datetime | None = None
    last_success: datetime | None = None

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> JobState:
        """Return the state in an item of the table."""
        at = plain(item)
        result = at.get("lastResult")
        return cls(
            at[control.SORT_KEY],
            run=at.get("lastRun", ""),
            started=_maybe(at.get("lastStarted")),
            ended=_maybe(at.get("lastEnded")),
            outcome=of_result(
                result, exit_code=at.get("lastExitCode"), reason=at.get("lastReason", "")
            )
            if result
            else None,
            failures=at.get("failures", 0),
            failing_since=_maybe(at.get("failingSince")),
            last_success=_maybe(at.get("lastSuccess")),
        )


@dataclass(frozen=True)
class Pause:
    """Scheduled runs do not start: of a job, or of the whole platform."""

    job: str
    """Or ``control.EVERY_JOB``."""

    by: str
    since: datetime
    reason: str
    until: datetime | None = None

    @classmethod
    def of_item(cls, item: Mapping[str, Any]) -> Pause:
        """Return the pause in an item of the table."""
        at = plain(item)
        return cls(
            at[control.SORT_KEY],
            at.get("by", ""),
            _moment(at["since"]),
            at.get("reason", ""),
            _maybe(at.get("until")),
        )

    def item(self) -> dict[str, Any]:
        """Return the item that the table is to have."""
        texts = {
            control.PARTITION_KEY: control.PAUSES,
            control.SORT_KEY: self.job,
            "by": self.by,
            "since": control.moment(self.since),
            "reason": self.reason,
        }
        item: dict[str, Any] = {name: {"S": value} for name, value in texts.items()}
        if self.until:
            item["until"] = {"S": control.moment(self.until)}
            # Never before: DynamoDB's TTL counts whole seconds.
            item[control.TTL] = {"N": str(int(self.until.timestamp()) + 1)}
        return item

    @property
    def of_platform(self) -> bool:
        """Whether it holds for every job."""
        return self.job == control.EVERY_JOB

    def active(self, now: datetime) -> bool:
        """Return whether it still holds."""
        return self.until is None or self.until > now

    def data(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"by": self.by, "since": self.since, "until": self.until, "reason": self.reason}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item without DynamoDB's types. Numbers of the table are whole."""
    values = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        values[name] = int(value) if kind == "N" else value
    return values


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _maybe(text: str | None) -> datetime | None:
    return _moment(text) if text else None
