"""How a run ended, in the words and the exit statuses of the contract. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from batch.contract import RunError

TIMED_OUT = 124
"""A time limit ended it, as ``timeout(1)`` says it."""

NOT_STARTED = 125
"""The container never ran, as ``docker run`` says it."""

STOPPED = 130
"""Aborted, or its task was stopped: what a shell says of Ctrl-C."""

SKIPPED = 75
"""Not now: ``EX_TEMPFAIL`` of sysexits."""

SKIPPED_RESULT = "SKIPPED"


@dataclass(frozen=True)
class Outcome:
    """The end of a run."""

    status: str
    """The execution's: SUCCEEDED, FAILED, TIMED_OUT, ABORTED."""

    error: str = ""
    exit_code: int | None = None
    reason: str = ""
    attempts: int | None = None
    task_arn: str = ""
    task_definition_arn: str = ""
    log_stream: str = ""
    skipped: bool = False
    skip: str = ""
    """A ``control.Skip``, where it is known why it was skipped."""

    @property
    def result(self) -> str:
        """One word: SUCCEEDED, SKIPPED, ``Job.ExitCode`` and its like, TIMED_OUT, ABORTED."""
        if self.skipped:
            return SKIPPED_RESULT
        # Whoever aborts a run may give any error, and a limit's has Step Functions' own.
        if self.status in ("ABORTED", "TIMED_OUT"):
            return self.status
        return self.error or self.status

    def in_words(self) -> str:
        """Return the end as a person would say it."""
        attempts = f" after {self.attempts} attempts" if (self.attempts or 0) > 1 else ""
        match self.result:
            case "SUCCEEDED":
                return f"succeeded{attempts}"
            case "SKIPPED":
                return f"skipped: {self.reason}" if self.reason else "skipped"
            case RunError.EXIT_CODE:
                return f"failed with exit code {self.exit_code}{attempts}"
            case RunError.TIMED_OUT:
                return f"stopped at the time limit of an attempt{attempts}"
            case RunError.NOT_STARTED:
                return f"never started: {self.reason}" if self.reason else "never started"
            case RunError.STOPPED:
                return f"its task was stopped: {self.reason}" if self.reason else "task stopped"
            case "TIMED_OUT":
                return "stopped at the time limit of the run"
            case "ABORTED":
                return f"aborted: {self.reason}" if self.reason else "aborted"
            case other:
                return f"failed: {other}: {self.reason}" if self.reason else f"failed: {other}"

    def exit_status(self, *, skipped_ok: bool = False) -> int:
        """Return what ``run --wait`` ends with. A missing exit code is never 0."""
        match self.result:
            case "SUCCEEDED":
                return 0
            case "SKIPPED":
                return 0 if skipped_ok else SKIPPED
            case RunError.TIMED_OUT | "TIMED_OUT":
                return TIMED_OUT
            case RunError.NOT_STARTED:
                return NOT_STARTED
            case RunError.EXIT_CODE:
                return self.exit_code or 1
            case RunError.STOPPED | "ABORTED":
                return self.exit_code or STOPPED
        return 1


def of_execution(execution: dict[str, Any]) -> Outcome | None:
    """Return the outcome in an answer of DescribeExecution, or None while it runs.

    The status event's ``detail`` has the same keys and is read too.
    """
    status = execution["status"]
    if status in ("RUNNING", "PENDING_REDRIVE"):
        return None
    if status == "SUCCEEDED":
        output = _object(execution.get("output"))
        return Outcome(
            status,
            skipped=output.get("result") == SKIPPED_RESULT,
            skip=str(output.get("code") or ""),
            **_facts(output, why="why"),
        )
    cause = _object(execution.get("cause"))
    facts = _facts(cause, why="reason")
    if not cause and execution.get("cause"):
        # Not one of ours: Step Functions' own words.
        facts["reason"] = str(execution["cause"])
    return Outcome(status, error=str(execution.get("error") or ""), **facts)


def of_result(result: str, *, error: str = "", **facts: Any) -> Outcome:
    """Return the outcome of a run whose ``result`` the control table has.

    Args:
        error: the execution's own.
        facts: what else is known, by the names of :class:`Outcome`.
    """
    if result == SKIPPED_RESULT:
        return Outcome("SUCCEEDED", skipped=True, **facts)
    if result in ("SUCCEEDED", "TIMED_OUT", "ABORTED"):
        return Outcome(result, error=error, **facts)
    return Outcome("FAILED", error=result, **facts)


def _facts(document: dict[str, Any], *, why: str) -> dict[str, Any]:
    code, attempts = document.get("exitCode"), document.get("attempts")
    return {
        "exit_code": int(code) if code is not None else None,
        "attempts": int(attempts) if attempts is not None else None,
        "reason": str(document.get(why) or ""),
        "task_arn": str(document.get("taskArn") or ""),
        "task_definition_arn": str(document.get("taskDefinitionArn") or ""),
        "log_stream": str(document.get("logStream") or ""),
    }


def _object(text: str | None) -> dict[str, Any]:
    try:
        document = json.loads(text or "")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
