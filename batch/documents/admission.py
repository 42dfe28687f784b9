"""May the run begin? One transaction asks everything, and writes that it has.

It checks the pauses, takes the job's place and its group's, claims the scheduled time, and opens
the record of the run. All of it happens or nothing. Which condition failed decides what becomes of
the run. Every condition lets the run's own earlier write pass: the answer to a write can be lost,
and the state then writes once more.

Pauses and claims are for runs of schedules; a backfill claims under its own id. The states use

``$refused``   which conditions failed (:func:`_refused`)
``$conflicts`` how often DynamoDB refused because of another transaction
``$waits``     how often the run waited for a place
``$skip``      why the run does nothing: ``code`` and ``why``
``$admitted``  when it was let in
"""

from __future__ import annotations

from typing import Any, Final

from batch import control, durations
from batch.contract import Platform, Trigger
from batch.control import Skip
from batch.documents import keys, places, run_record
from batch.documents.jsonata import expression, text
from batch.documents.run_record import INPUT, NOW
from batch.documents.statements import Statement, allow
from batch.job import Job, Overlap
from batch.job.model import ADMISSION_SECONDS

START: Final = "Ask to begin"
WHY: Final = "Why not?"
SKIP: Final = "Record that it is skipped"
FAILED: Final = "Admission failed"

# What a condition of the transaction is about, in the order of its items.
_PLATFORM_PAUSE: Final = "pause of the platform"
_PAUSE: Final = "pause"
_CLAIM: Final = "claim"
_RECORD: Final = "record"

_PAUSED: Final = "Wait for the table"

_CONFLICTS: Final = 60
"""How often a transaction that met another one is tried again: about ten minutes in all."""

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
        START: {
            "Type": "Task",
            "Resource": f"arn:{platform.partition}:states:::aws-sdk:dynamodb:transactWriteItems",
            "Arguments": {
                "ClientRequestToken": expression(_REQUEST),
                "TransactItems": expression(_items(platform, job, group_limit)),
            },
            "Assign": {"admitted": expression(NOW)},
            "Output": {},
            "Retry": [
                # A refusal is an answer. Its reasons are in the text that Catch reads.
                # Nor does a table come back that is not there.
                {
                    "ErrorEquals": [
                        "DynamoDb.TransactionCanceledException",
                        "DynamoDb.ResourceNotFoundException",
                    ],
                    "MaxAttempts": 0,
                },
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "IntervalSeconds": 2,
                    "BackoffRate": 2,
                    "MaxAttempts": 15,
                    "MaxDelaySeconds": 60,
                    "JitterStrategy": "FULL",
                },
            ],
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {
                        "refused": _refused(job, group_limit),
                        "trouble": run_record.trouble(),
                    },
                    "Output": {},
                    "Next": WHY,
                }
            ],
            "Next": after,
        },
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
                places=_places(job, group_limit),
                replace=job.overlap is Overlap.REPLACE,
                again=START,
                pause=_PAUSED,
                taken=_TAKEN,
            )
            | _waiting(job)
            if _places(job, group_limit)
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
                f"($in := {INPUT}; {_SCHEDULED} and $exists($in.scheduledTime) ? {late} : false)"
            ),
            "Assign": {"skip": _skip(Skip.START_DEADLINE, why)},
            "Next": SKIP,
        }
    ]


_SCHEDULED: Final = f"$in.trigger = {text(Trigger.SCHEDULE.value)}"

_CLAIMED: Final = (
    f"($in.trigger = {text(Trigger.SCHEDULE.value)} ? $in.schedule :"
    f" $in.trigger = {text(Trigger.BACKFILL.value)} and $exists($in.backfill) ?"
    f" 'backfill:' & $in.backfill)"
)
"""What the scheduled time is claimed under; nothing where it is not claimed."""

_REQUEST: Final = (
    "$substring($states.context.Execution.Id, -20) & '-' &"
    " $toMillis($states.context.State.EnteredTime)"
)
"""The request token, the same for every retry of the state, within DynamoDB's 36 characters."""

_TAKEN: Final = "May it wait?"


def _places(job: Job, group_limit: int | None) -> dict[str, int]:
    """Return the places that a run needs: sort key to how many there are."""
    found = {}
    if job.overlap is not Overlap.ALLOW:
        found[control.job_slots_key(job.name)["sk"]] = 1
    if job.concurrency_group and group_limit is not None:
        found[control.group_slots_key(job.concurrency_group)["sk"]] = group_limit
    return found


def _items(platform: Platform, job: Job, group_limit: int | None) -> str:
    table = text(platform.control_table)
    held = _places(job, group_limit)
    taken = "".join(f", {_place(table, key, limit)}" for key, limit in held.items())
    holds = ", ".join(text(key) for key in held)
    limit = (
        f"{{'S': $fromMillis($toMillis($states.context.State.EnteredTime) +"
        f" {job.run_timeout_seconds * 1000})}}"
        if job.run_timeout_seconds is not None
        else "$nothing"
    )
    return f"""(
        $in := {INPUT};
        $me := {{'S': $states.context.Execution.Id}};
        $now := {{'S': {NOW}}};
        $claimed := {_CLAIMED};
        $awake := function($sk) {{{{'ConditionCheck': {{
            'TableName': {table},
            'Key': {{'pk': {{'S': {text(control.PAUSES)}}}, 'sk': {{'S': $sk}}}},
            'ConditionExpression': 'attribute_not_exists(pk) OR #until <= :now',
            'ExpressionAttributeNames': {{'#until': 'until'}},
            'ExpressionAttributeValues': {{':now': $now}}
        }}}}}};
        [
            {_SCHEDULED} ? [$awake({text(control.EVERY_JOB)}), $awake({text(job.name)})] : [],
            $exists($claimed) and $exists($in.scheduledTime) ? {{'Put': {{
                'TableName': {table},
                'Item': {{
                    'pk': {{'S': {text(control.claim_key(job.name, "", "")["pk"])}}},
                    'sk': {{'S': $claimed & '#' & $in.scheduledTime}},
                    'execution': $me,
                    'expires': $record.expires
                }},
                'ConditionExpression': 'attribute_not_exists(pk) OR execution = :me',
                'ExpressionAttributeValues': {{':me': $me}}
            }}}} : []{taken},
            {{'Put': {{
                'TableName': {table},
                'Item': $merge([$record, {{
                    'admitted': $now,
                    'limit': {limit},
                    'holds': {f"{{'SS': [{holds}]}}" if holds else "$nothing"}
                }}])
            }}}}
        ]
        )"""


def _place(table: str, key: str, limit: int) -> str:
    return f"""{{'Update': {{
                'TableName': {table},
                'Key': {{'pk': {{'S': {text(control.SLOTS)}}}, 'sk': {{'S': {text(key)}}}}},
                'UpdateExpression': 'ADD holders :set',
                'ConditionExpression':
                    'attribute_not_exists(holders) OR size(holders) < :limit OR
                    contains(holders, :me)',
                'ExpressionAttributeValues': {{
                    ':set': {{'SS': [$me.S]}}, ':me': $me, ':limit': {{'N': '{limit}'}} }}
            }}}}"""


def _refused(job: Job, group_limit: int | None) -> str:
    """Return the expression for ``$refused``.

    The SDK's text names a reason for each item, in order: "[None, ConditionalCheckFailed]".
    ``failed`` has the items whose condition did not hold, ``cancelled`` is true if the transaction
    was looked at.
    """
    held = "".join(f", {text(key)}" for key in _places(job, group_limit))
    return expression(
        f"""(
        $in := {INPUT};
        $claimed := {_CLAIMED};
        $items := [
            {_SCHEDULED} ? [{text(_PLATFORM_PAUSE)}, {text(_PAUSE)}] : [],
            $exists($claimed) and $exists($in.scheduledTime) ? {text(_CLAIM)} : []{held},
            {text(_RECORD)}];
        $listed := $match($states.errorOutput.Cause, /reasons \\[([^\\]]*)\\]/)[0].groups[0];
        $codes := $split($listed, ', ');
        {{
            'cancelled': $exists($listed),
            'failed': [$map($codes, function($code, $i) {{
                $code = 'ConditionalCheckFailed' ? $items[$i] }})]
        }}
        )"""
    )


def _why(job: Job, group_limit: int | None) -> dict[str, Any]:
    def refused(what: str, code: Skip, why: str) -> dict[str, Any]:
        return {
            "Condition": expression(f"{text(what)} in $refused.failed"),
            "Assign": {"skip": _skip(code, why)},
            "Next": SKIP,
        }

    choices = [
        refused(_PLATFORM_PAUSE, Skip.PAUSED, "'the platform is paused'"),
        refused(_PAUSE, Skip.PAUSED, "'the job is paused'"),
        refused(
            _CLAIM,
            Skip.ALREADY_RAN,
            "'another run has the scheduled time ' & $run.scheduledTime & ' of this schedule'",
        ),
    ]
    if _places(job, group_limit):
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
                "Assign": {"holders": [], "freed": False, "alive": ""},
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


def _waiting(job: Job) -> dict[str, Any]:
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
    return {
        _TAKEN: {"Type": "Choice", "Choices": choices, "Default": "Wait for a place"},
        "Wait for a place": {
            "Type": "Wait",
            # 5 s, then half as much again, up to 5 min. With jitter: many may wait.
            "Seconds": expression(
                "$ceil($min([300, 5 * $power(1.5, $min([11, $waits]))]) * (0.5 + $random() / 2))"
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
    table = platform.control_table_arn
    statements = [
        allow(
            [
                "dynamodb:ConditionCheckItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ],
            [table],
        ),
        *places.permissions(platform=platform),
    ]
    if key_arn:
        statements.append(keys.use(key_arn, through=f"dynamodb.{platform.region}.amazonaws.com"))
    return statements
