"""What happened to a run, as a person would say it, and what to do next. Pure.

The platform knows a run's result, ECS's stop code and stopped reason, the exit code and the last
log lines. An unknown text is quoted, and the advice says where to look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from batch.contract import RunError
from batch.control import Skip
from batch.diagnosis.exits import of_exit
from batch.diagnosis.finding import Diagnosis
from batch.diagnosis.starts import of_start

__all__ = ["Diagnosis", "diagnose"]


_WHERE: Final = "see in its log where the time went"


def diagnose(
    *,
    result: str,
    reason: str = "",
    exit_code: int | None = None,
    stop_code: str = "",
    attempts: int | None = None,
    last_lines: Sequence[str] = (),
    skip: str = "",
) -> Diagnosis:
    """Return what became of a run that ended.

    Args:
        result: ``SUCCEEDED``, ``SKIPPED``, ``TIMED_OUT``, ``ABORTED``, or one of ``RunError``.
        reason: the platform's or ECS's words.
        exit_code: the container's, if it ran to one.
        stop_code: ECS's ``stopCode`` of the last task.
        attempts: how often the command was started.
        last_lines: what the last attempt wrote last, the newest at the end.
        skip: a ``control.Skip``, of a run that was skipped.
    """
    found = _of_result(result, reason, exit_code, stop_code, last_lines, skip)
    if (attempts or 0) > 1 and result not in ("SKIPPED", RunError.NOT_STARTED):
        return Diagnosis(f"{found.what}, after {attempts} attempts", found.todo)
    return found


def _of_result(
    result: str,
    reason: str,
    exit_code: int | None,
    stop_code: str,
    last_lines: Sequence[str],
    skip: str,
) -> Diagnosis:
    match result:
        case "SUCCEEDED":
            return Diagnosis("succeeded", "")
        case "SKIPPED":
            return _skipped(skip, reason)
        case RunError.EXIT_CODE:
            return of_exit(exit_code, reason, last_lines)
        case RunError.NOT_STARTED:
            return of_start(reason)
        case RunError.STOPPED:
            return _stopped(stop_code, reason)
        case RunError.TIMED_OUT:
            return _too_slow(reason)
        case "TIMED_OUT":
            return Diagnosis(
                "did not end within its time limit, and Step Functions ended it",
                f"{_WHERE}; raise the job's `run_timeout` if it needs more",
            )
        case "ABORTED":
            return _aborted(reason)
        case other:
            said = f": {reason}" if reason else ""
            return Diagnosis(
                f"failed with {other}{said}",
                "see its events in the console's page of the execution",
            )


# Skipped


_SKIPS: Final = {
    Skip.PAUSED: "nothing, if the pause is wanted; else `batchctl resume`",
    Skip.ALREADY_RAN: "nothing: the other run did its work; `batchctl run` runs the job once more",
    Skip.START_DEADLINE: "start it with `batchctl rerun` or `batchctl backfill` if its work is "
    "still wanted; the dead-letter queue and `batchctl doctor` say what held the start up",
    Skip.OVERLAP: "look whether the other run is stuck with `batchctl why`; if it is just slow, "
    "give the schedule more room",
    Skip.QUEUED_TOO_LONG: "look what the other run does with `batchctl why`; raise `queue_for` or "
    "the group's limit if waits of that length are normal",
}


def _skipped(skip: str, reason: str) -> Diagnosis:
    said = f": {reason}" if reason else ""
    todo = _SKIPS[Skip(skip)] if skip in set(Skip) else "start it again with `batchctl rerun`"
    return Diagnosis(f"was skipped{said}", todo)


# Stopped


_LOST_GROUND: Final = {
    "SpotInterruption": (
        "lost its place: AWS took the Spot capacity back",
        "`batchctl rerun` it; give the job `retry`, or `spot: False` if it must not be interrupted",
    ),
    "TerminationNotice": (
        "lost its place: AWS ended the host below it",
        "`batchctl rerun` it; give the job `retry` if it may be run twice",
    ),
    "InfrastructureHealth": (
        "lost its place: the host below it was not healthy",
        "`batchctl rerun` it; give the job `retry` if it may be run twice",
    ),
}


def _stopped(stop_code: str, reason: str) -> Diagnosis:
    for code, (what, todo) in _LOST_GROUND.items():
        if code == stop_code or code in reason:
            return Diagnosis(what, todo)
    if re.search(r"spot", reason, re.IGNORECASE):
        return Diagnosis(*_LOST_GROUND["SpotInterruption"])
    said = f": {reason}" if reason else ""
    return Diagnosis(
        f"did not end by itself: its task was stopped{said}",
        "ask who stopped it (CloudTrail, StopTask), and `batchctl rerun` it if its work is wanted",
    )


def _aborted(reason: str) -> Diagnosis:
    if reason.startswith("replaced"):
        return Diagnosis(f"was {reason}", "nothing: the newer run does its work")
    again = "`batchctl rerun` starts it again if its work is still wanted"
    if reason.startswith("stopped by"):
        return Diagnosis(f"was {reason}", again)
    if reason:
        return Diagnosis(f"was stopped: {reason}", again)
    return Diagnosis(
        "was stopped, by whom it does not say",
        f"CloudTrail (StopExecution) knows by whom; {again}",
    )


def _too_slow(reason: str) -> Diagnosis:
    limit = "run_timeout" if reason.startswith("the run") else "attempt_timeout"
    return Diagnosis(
        f"was stopped at its time limit: {reason}" if reason else "was stopped at its time limit",
        f"{_WHERE}; raise the job's `{limit}` if it needs more",
    )
