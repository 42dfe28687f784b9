"""The record of a run as its machine writes it (``batch.control`` says where).

The table's attributes have types in front of their values. What is unknown is left out: JSONata
drops a key whose value is nothing.
"""

from __future__ import annotations

import json
from typing import Any, Final

from batch.contract import Platform, Trigger
from batch.control import RUNNING, UNTOLD, Message, Skip, run_key
from batch.documents import masking
from batch.documents.calls import call, otherwise
from batch.documents.jsonata import expression, moment, text
from batch.job import Job

INPUT: Final = "($g := $states.context.Execution.Input; $type($g) = 'object' ? $g : {})"
"""The execution input; what is not an object has no keys."""

NOW: Final = moment("$states.context.State.EnteredTime")
"""When the state was entered, which a retry of it does not change."""

STARTED: Final = moment("$states.context.Execution.StartTime")

_INPUT_LIMIT: Final = 100_000
"""Characters of the input that are kept: an item has 400 KB, and Step Functions keeps it too."""

_TEXT_LIMIT: Final = 1000


def item(*, job: Job, container: str, history_days: int, success_messages: bool) -> str:
    """Return the expression for ``$record``: a run that has begun, without its admission."""
    key = run_key(job.name, "")
    says = {
        "successMessages": success_messages
        if job.success_messages is None
        else job.success_messages,
        "topicArn": job.topic_arn,
        "pauseAfterFailures": job.pause_after_failures,
    }
    said = json.dumps({name: value for name, value in says.items() if value is not None})
    return expression(f"""(
        $in := {INPUT};
        $text := function($v) {{
            $type($v) = 'string' and $v != '' ? {{'S': $substring($v, 0, {_TEXT_LIMIT})}} }};
        $given := {masking.shown("$in")};
        $started := {STARTED};
        {{
            'pk': {{'S': {text(key["pk"])}}},
            'sk': {{'S': $states.context.Execution.Name}},
            'job': {{'S': {text(job.name)}}},
            'run': {{'S': $states.context.Execution.Name}},
            'execution': {{'S': $states.context.Execution.Id}},
            'container': {{'S': {text(container)}}},
            'started': {{'S': $started}},
            'day': {{'S': $substring($started, 0, 10)}},
            'expires': {{'N': $string($floor($toMillis($started) / 1000) +
                {history_days * 86400})}},
            'trigger': $exists($text($in.trigger)) ? $text($in.trigger) :
                {{'S': {text(Trigger.MANUAL.value)}}},
            'requestedBy': $text($in.requestedBy),
            'schedule': $text($in.schedule),
            'scheduledTime': $text($in.scheduledTime),
            'input': $length($given) <= {_INPUT_LIMIT} ? {{'S': $given}},
            'says': {{'S': {text(said)}}},
            'open': {{'S': {text(RUNNING)}}}
        }}
        )""")


BEGUN: Final = "$record"

NOT_OVER: Final = "attribute_not_exists(recorder)"
"""The condition of every write: a call that was on its way when its run was stopped comes late."""


def put(platform: Platform, written: str, *, failed: str, after: str) -> dict[str, Any]:
    """Return the state that writes the record ``written``, a JSONata object."""
    return call(
        platform,
        "dynamodb:putItem",
        {
            "TableName": platform.control_table,
            "Item": expression(written),
            "ConditionExpression": NOT_OVER,
        },
        catch=[otherwise(failed, Assign={"trouble": trouble()})],
        after=after,
    )


def skipped() -> str:
    """Return the JSONata object of a run that did nothing, for the reason in ``$skip``."""
    late = text(Skip.START_DEADLINE.value)
    return f"""(
        $told := $skip.code = {late};
        $merge([$sift($record, function($v, $k) {{ $k != 'open' }}), {{
            'ended': {{'S': {NOW}}},
            'result': {{'S': 'SKIPPED'}},
            'skip': {{'S': $skip.code}},
            'reason': {{'S': $skip.why}},
            'attempts': {{'N': '0'}},
            'message': $told ? {{'S': {text(Message.LATE.value)}}},
            'open': $told ? {{'S': {text(UNTOLD)}}}
        }}])
        )"""


def trouble() -> str:
    """Return the expression for the words of an error that a state met."""
    return expression(
        f"$substring($join([$states.errorOutput.Error, $states.errorOutput.Cause], ': '),"
        f" 0, {_TEXT_LIMIT})"
    )
