"""May the run begin? One transaction asks everything, and writes that it has.

It checks the pauses, takes the job's place and its group's, claims the scheduled time, and opens
the record of the run (``admission_request``). Which condition failed decides what becomes of it.

Pauses and claims are for runs of schedules; a backfill claims under its own id. The states use

``$refused``   which conditions failed (``admission_request.refused``)
``$conflicts`` how often DynamoDB refused because of another transaction
``$waits``     how often the run waited for a place
``$skip``      why the run does nothing: ``code`` and ``why``
``$admitted``  when it was let in
"""

from __future__ import annotations

from typing import Any, Final

from batch import control, durations
from batch.contract import Platform
from batch.control import Skip
from batch.documents import admission_request as request
from batch.documents import keys, places, run_record
from batch.documents.calls import RETRY, at_once, call, otherwise
from batch.documents.jsonata import expression, text
from batch.documents.run_record import INPUT, NOW
from batch.documents.statements import Statement, allow
from batch.job import Job, Overlap
from batch.job.model import ADMISSION_SECONDS

START: Final = "Ask to begin"
WHY: Final = "Why not?"
SKIP: Final = "Record that it is skipped"
FAILED: Final = "Admission failed"

_PAUSED: Final = "Wait for the table"

_CONFLICTS: Final = 60
"""How often a transaction that met another one is tried again: about ten minutes in all."""

_LONGEST_PAUSE: Final = 300
"""Seconds between two looks at a place."""

_PATIENCE: Final = ADMISSION_SECONDS - 600
"""Seconds that a run waits for the one that it replaces."""


def states(
    *,
    platform: Platform,
    job: Job,
    group_limit: int | None,
    after: str,
) -> dict[str, Any]:
    """Return the states from :data:`START` on.

    Args:
        group_limit: how many runs the job's concurrency group lets in; None without a group.
        after: the state that goes on once the run is let in.
    """
    return {
        START: call(
            platform,
            "dynamodb:transactWriteItems",
            {
                "ClientRequestToken": expression(request.REQUEST),
                "TransactItems": expression(request.items(platform, job, group_limit)),
            },
            assign={"admitted": expression(NOW)},
            retry=[
                # A refusal is an answer, whose reasons are in the text that Catch reads; and a
                # table does not come back that is not there.
                at_once(
                    "DynamoDb.TransactionCanceledException", "DynamoDb.ResourceNotFoundException"
                ),
                # Nine minutes: DynamoDB knows the request again for ten.
                {**RETRY[0], "MaxAttempts": 13, "MaxDelaySeconds": 60},
            ],
            catch=[
                otherwise(
                    WHY,
                    Assign={
                        "refused": request.refused(job, group_limit),
                        "trouble": run_record.trouble(),
                    },
                )
            ],
            after=after,
        ),
        WHY: _why(job, group_limit),
        _PAUSED: {
            "Type": "Wait",
            "Seconds": expression("$ceil($random() * $min([20, $power(2, $conflicts)]))"),
            "Assign": {"conflicts": expression("$conflicts + 1")},
            "Next": START,
        },
        **(
            places.states(
                platform=platform,
                places=request.wanted(job, group_limit),
                replace=job.overlap is Overlap.REPLACE,
                again=START,
                pause=_PAUSED,
                taken=_TAKEN,
            )
            | _waiting(platform, job)
            if request.wanted(job, group_limit)
            else {}
        ),
        SKIP: run_record.put(platform, run_record.skipped(), failed=FAILED, after="Skipped"),
        "Skipped": {
            "Type": "Succeed",
            "Output": expression("{'result': 'SKIPPED', 'code': $skip.code, 'why': $skip.why}"),
        },
    }


def too_late(job: Job) -> list[dict[str, Any]]:
    """Return the rule of a Choice for a run that comes after its start deadline, if it has one."""
    if job.start_deadline_seconds is None:
        return []
    late = (
        f"($toMillis($states.context.Execution.StartTime) - $toMillis($in.scheduledTime)) / 1000"
        f" > {job.start_deadline_seconds}"
    )
    words = durations.in_words(job.start_deadline_seconds)
    why = (
        f"'it would have started more than {words} after its scheduled time ' & $run.scheduledTime"
    )
    return [
        {
            "Condition": expression(
                f"($in := {INPUT}; "
                f"{request.SCHEDULED} and $exists($in.scheduledTime) ? {late} : false)"
            ),
            "Assign": {"skip": _skip(Skip.START_DEADLINE, why)},
            "Next": SKIP,
        }
    ]


_TAKEN: Final = "May it wait?"


def _why(job: Job, group_limit: int | None) -> dict[str, Any]:
    def refused(what: str, code: Skip, why: str) -> dict[str, Any]:
        return {
            "Condition": expression(f"{text(what)} in $refused.failed"),
            "Assign": {"skip": _skip(code, why)},
            "Next": SKIP,
        }

    choices = [
        refused(request.PLATFORM_PAUSE, Skip.PAUSED, "'the platform is paused'"),
        refused(request.PAUSE, Skip.PAUSED, "'the job is paused'"),
        refused(
            request.CLAIM,
            Skip.ALREADY_RAN,
            "'another run has the scheduled time ' & $run.scheduledTime & ' of this schedule'",
        ),
    ]
    # The run was stopped while its write was on the way, and is recorded by now.
    choices.append(
        {
            "Condition": expression(f"{text(request.RECORD)} in $refused.failed"),
            "Next": FAILED,
        }
    )
    if request.wanted(job, group_limit):
        choices.append(
            {
                "Condition": expression(
                    f"$count($refused.failed) > 0 and $conflicts >= {_CONFLICTS}"
                ),
                "Next": _TAKEN,
            }
        )
        choices.append(
            {
                "Condition": expression("$count($refused.failed) > 0"),
                "Assign": {"alive": ""},
                "Next": places.START,
            }
        )
    choices.append(
        {
            "Condition": expression(f"$refused.cancelled and $conflicts < {_CONFLICTS}"),
            "Next": _PAUSED,
        }
    )
    return {"Type": "Choice", "Choices": choices, "Default": FAILED}


def _waiting(platform: Platform, job: Job) -> dict[str, Any]:
    """Return what becomes of a run whose place is really taken."""
    own = text(control.job_slots_key(job.name)["sk"])
    choices: list[dict[str, Any]] = []
    if job.overlap is Overlap.SKIP:
        choices.append(
            {
                "Condition": expression(f"{own} in $refused.failed"),
                "Assign": {
                    "skip": _skip(Skip.OVERLAP, "'the run ' & $alive & ' of this job is not over'")
                },
                "Next": SKIP,
            }
        )
    queued = job.overlap is Overlap.QUEUE or job.concurrency_group is not None
    longest = job.queue_seconds if queued else _PATIENCE
    words = durations.in_words(longest)
    waited = (
        "($toMillis($states.context.State.EnteredTime) -"
        " $toMillis($states.context.Execution.StartTime)) / 1000"
    )
    choices.append(
        {
            "Condition": expression(f"{waited} >= {longest}"),
            "Assign": {
                "skip": _skip(
                    Skip.QUEUED_TOO_LONG, f"'it waited {words} for its place, last for ' & $alive"
                )
            },
            "Next": SKIP,
        }
    )
    choices.append({"Condition": expression("$waits = 0"), "Next": "Record that it waits"})
    # 5 s, then half as much again, up to 5 min. With jitter: many may wait.
    pause = f"$min([{_LONGEST_PAUSE}, 5 * $power(1.5, $min([11, $waits]))])"
    return {
        _TAKEN: {"Type": "Choice", "Choices": choices, "Default": "Wait for a place"},
        # People see it, and the sweep sees to it, whatever becomes of it.
        "Record that it waits": run_record.put(
            platform, run_record.BEGUN, failed="Wait for a place", after="Wait for a place"
        ),
        "Wait for a place": {
            "Type": "Wait",
            "Seconds": expression(
                f"$max([1, $ceil($min([{pause} * (0.75 + $random() / 4), {longest} - {waited}]))])"
            ),
            "Assign": {"waits": expression("$waits + 1"), "conflicts": 0},
            "Next": START,
        },
    }


def _skip(code: Skip, why: str) -> str:
    return expression(f"{{'code': {text(code.value)}, 'why': {why}}}")


def variables() -> dict[str, Any]:
    """Return what is to be assigned before :data:`START`."""
    return {"conflicts": 0, "waits": 0, "alive": ""}


def permissions(*, platform: Platform, key_arn: str = "") -> list[Statement]:
    """Return what the states need.

    Args:
        key_arn: the key of the control table, empty if it has none of its own.
    """
    return [
        allow(
            [
                "dynamodb:ConditionCheckItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ],
            [platform.control_table_arn],
            # And never the last results of jobs, what is expected of them, or what was told.
            **{
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": ["claim#*", control.PAUSES, "run#*", control.SLOTS]
                }
            },
        ),
        *places.permissions(platform=platform),
        *keys.use(platform, key_arn, "dynamodb"),
    ]
