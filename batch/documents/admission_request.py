"""The transaction that asks whether a run may begin, and how its refusal is read.

All of it happens or nothing. Every condition lets the run's own earlier write pass: the answer to
a write can be lost, and the state then writes once more.
"""

from __future__ import annotations

from typing import Final

from batch import control
from batch.contract import Platform, Trigger
from batch.documents import run_record
from batch.documents.jsonata import expression, text
from batch.documents.run_record import INPUT, NOW
from batch.job import Job, Overlap

# What a condition of the transaction is about, in the order of its items.
PLATFORM_PAUSE: Final = "pause of the platform"
PAUSE: Final = "pause"
CLAIM: Final = "claim"
RECORD: Final = "record"

SCHEDULED: Final = f"$in.trigger = {text(Trigger.SCHEDULE.value)}"

_CLAIMED: Final = (
    f"({SCHEDULED} ? $in.schedule :"
    f" $in.trigger = {text(Trigger.BACKFILL.value)} and $exists($in.backfill) ?"
    f" 'backfill:' & $in.backfill)"
)
"""What the scheduled time is claimed under; nothing where it is not claimed."""

REQUEST: Final = (
    "$substring($states.context.Execution.Id, -20) & '-' &"
    " $toMillis($states.context.State.EnteredTime)"
)
"""The request token, the same for every retry of the state, within DynamoDB's 36 characters."""


def wanted(job: Job, group_limit: int | None) -> dict[str, int]:
    """Return the places that a run needs: sort key to how many there are."""
    found = {}
    if job.overlap is not Overlap.ALLOW:
        found[control.job_slots_key(job.name)["sk"]] = 1
    if job.concurrency_group and group_limit is not None:
        found[control.group_slots_key(job.concurrency_group)["sk"]] = group_limit
    return found


def items(platform: Platform, job: Job, group_limit: int | None) -> str:
    """Return the expression for the items of the transaction."""
    table = text(platform.control_table)
    held = wanted(job, group_limit)
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
            {SCHEDULED} ? [$awake({text(control.EVERY_JOB)}), $awake({text(job.name)})] : [],
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
                }}]),
                'ConditionExpression': {text(run_record.NOT_OVER)}
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


def refused(job: Job, group_limit: int | None) -> str:
    """Return the expression for ``$refused``.

    The SDK's text names a reason for each item, in order: "[None, ConditionalCheckFailed]".
    ``failed`` has the items whose condition did not hold, ``cancelled`` is true if the transaction
    was looked at.
    """
    held = "".join(f", {text(key)}" for key in wanted(job, group_limit))
    return expression(
        f"""(
        $in := {INPUT};
        $claimed := {_CLAIMED};
        $items := [
            {SCHEDULED} ? [{text(PLATFORM_PAUSE)}, {text(PAUSE)}] : [],
            $exists($claimed) and $exists($in.scheduledTime) ? {text(CLAIM)} : []{held},
            {text(RECORD)}];
        $listed := $match($states.errorOutput.Cause, /reasons \\[([^\\]]*)\\]/)[0].groups[0];
        $codes := $split($listed, ', ');
        {{
            'cancelled': $exists($listed),
            'failed': [$map($codes, function($code, $i) {{
                $code = 'ConditionalCheckFailed' ? $items[$i] }})]
        }}
        )"""
    )
