"""How the recorder reads the end of a run: the event, what the table has of it, what AWS says.

JSONata. The statements here define variables that ``record_write`` and the recorder use:

``$event``, ``$detail``  the event that started the recorder, and its ``detail``
``$me``, ``$now``        the recorder's own execution, and the moment
``$record``, ``$job``, ``$pause``  what the table has, as plain objects; not there if it has nothing
``$replaced``            whether another run of the job took its place: that is no failure
``$unrelated``           whether it is any command, which has nothing to do with those before it
``$end``                 how the run ended, named like attributes of its record
``$given``               what a record has from admission, where there is no record
``$mustFind``, ``$mustDescribe``  whether more has to be asked before the record is complete
``$lost``                whether its task may still run
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import LOG_STREAM_PREFIX, RUN_TASK, Platform, RunError, Trigger
from batch.documents import masking
from batch.documents.jsonata import expression, moment, text

SWEEP: Final = "batch.sweep"
"""``source`` of an event that the sweep made."""

# Not its input, which can be nearly all that a state may have.
_READ: Final = (
    *("job", "run", "execution", "container", "trigger", "requestedBy", "schedule"),
    *("scheduledTime", "started", "ended", "open", "holds", "says", "recorder", "skip", "message"),
    *("result", "reason", "exitCode", "attempts", "taskArn", "logStream"),
    *("failures", "failingSince"),
)
"""Attributes of the record that are read."""

_REASON_LIMIT: Final = 1000
MOST_LOOKS: Final = 8
"""How often DescribeExecution is asked that still says RUNNING."""

_INPUT_LIMIT: Final = 30_000
"""Characters of an input in a record that the recorder has to make."""

_PREFIX: Final = text(f"{LOG_STREAM_PREFIX}/")

_OURS: Final = ", ".join(text(error) for error in RunError)


def reads(platform: Platform) -> dict[str, Any]:
    """Return the arguments of the TransactGetItems for record, job and pause of the job."""
    job = _job(platform, "$states.context.Execution.Input.detail")
    keys = [
        {
            control.PARTITION_KEY: {"S": expression(f"'run#' & {job}")},
            control.SORT_KEY: {"S": expression("$states.context.Execution.Input.detail.name")},
        },
        _named(control.JOBS, job),
        _named(control.PAUSES, job),
    ]
    found: list[dict[str, Any]] = [
        {"TableName": platform.control_table, "Key": key} for key in keys
    ]
    found[0] |= {
        "ProjectionExpression": ", ".join(f"#{name}" for name in _READ),
        "ExpressionAttributeNames": {f"#{name}": name for name in _READ},
    }
    return {"TransactItems": [{"Get": each} for each in found]}


def statements(*, platform: Platform, ended: str, described: str) -> str:
    """Return the statements, to be put before what uses them.

    Args:
        ended: the expression for what is known of the task (``task_end``), an empty object
            before it is looked for.
        described: the expression for what DescribeExecution said, ``{}`` before it is asked.
    """
    return f"""
        $event := $states.context.Execution.Input;
        $detail := $event.detail;
        $me := $states.context.Execution.Name;
        $now := {moment("$states.context.State.EnteredTime")};
        $plain := function($item) {{ $exists($item) ?
            $merge($each($item, function($value, $name) {{ {{$name:
                $exists($value.S) ? $value.S : $exists($value.N) ? $number($value.N) :
                $exists($value.SS) ? $value.SS : $value.Ss }} }})) }};
        $record := $plain($states.result.Responses[0].Item);
        $job := $plain($states.result.Responses[1].Item);
        $pause := $plain($states.result.Responses[2].Item);
        $nothing := {{}}.nothing;
        $texts := function($value) {{ $type($value) = 'string' and $value != '' ? $value }};
        $says := $exists($record.says) ? $parse($record.says) : {{}};
        $ended := {ended};
        $described := {described};
        $status := $detail.status;
        $error := $exists($texts($detail.error)) ? $detail.error : $texts($described.Error);
        $cause := $exists($texts($detail.cause)) ? $detail.cause : $texts($described.Cause);
        $unknown := $event.source = {text(SWEEP)} and $not($type($detail.startDate) = 'number');
        $replaced := $error = {text(control.REPLACED)};
        $unrelated := $detail.stateMachineArn = {text(platform.state_machine_arn(RUN_TASK))};
        $ours := $status = 'FAILED' and $error in [{_OURS}] and $substring($cause, 0, 1) = '{{';
        $readable := $exists($cause) and ($ours or $unknown or $replaced);
        $facts := $status = 'SUCCEEDED' and $exists($texts($detail.output)) ?
            $parse($detail.output) : $readable ? $parse($cause) : {{}};
        $skipped := $status = 'SUCCEEDED' and $facts.result = 'SKIPPED';
        $at := $type($detail.stopDate) = 'number' ? $fromMillis($detail.stopDate) : $now;
        $began := $exists($record.started) ? $record.started :
            $type($detail.startDate) = 'number' ? $fromMillis($detail.startDate) : $at;
        $because := $trim($join([
            $skipped ? $facts.why : $exists($facts.reason) ? $facts.reason :
                $status = 'SUCCEEDED' or $readable ? '' : $cause,
            $ended.lost = true ? 'its task was not seen to stop: it may still run'
        ], '; '));
        $end := {{
            'ended': $at,
            'result': $skipped ? 'SKIPPED' :
                $status = 'FAILED' ? ($exists($error) ? $error : $status) : $status,
            'attempts': $facts.attempts,
            'exitCode': $exists($facts.exitCode) ? $facts.exitCode : $ended.exitCode,
            'reason': $because != '' ? $substring($because, 0, {_REASON_LIMIT}),
            'error': $error,
            'taskArn': $exists($facts.taskArn) ? $facts.taskArn : $ended.taskArn,
            'taskDefinitionArn': $exists($facts.taskDefinitionArn) ?
                $facts.taskDefinitionArn : $ended.taskDefinitionArn,
            'logStream': $exists($facts.logStream) ? $facts.logStream : {_stream()},
            'imageDigest': $exists($facts.imageDigest) ?
                $facts.imageDigest : $ended.imageDigest,
            'skip': $skipped ? $facts.code
        }};
        $given := $exists($record) ? {{}} : {_identity(platform)};
        $lost := $ended.lost = true or $unknown;
        $mustFind := $not($exists($ended.reason) or $unknown) and (
            $status in ['ABORTED', 'TIMED_OUT'] or $status = 'FAILED' and $not($ours) or
            $facts.taskStopped = false);
        $mustDescribe := $status in ['FAILED', 'ABORTED'] and
            $not($exists($error) or $exists($cause)) and (
            $not($exists($described.Status)) or
            $described.Status = 'RUNNING' and $described.looks < {MOST_LOOKS});
    """


def seen() -> str:
    """Return what is taken over from DescribeTasks' ``$task`` (``task_end.states``).

    Which container is the job's is in the record; where there is none, a task of one tells.
    """
    return f"""(
        $own := $plan.container != '' ? $task.Containers[Name = $plan.container][0] :
            $count($task.Containers) = 1 ? $task.Containers[0];
        {{
            'stopped': $task.LastStatus = 'STOPPED',
            'exitCode': $own.ExitCode,
            'imageDigest': $own.ImageDigest,
            'logStream': $exists($task.StartedAt) and $exists($own) ?
                {_PREFIX} & $own.Name & '/' & $split($task.TaskArn, '/')[-1]
        }}
        )"""


def _job(platform: Platform, detail: str) -> str:
    start = platform.state_machine_arn("")
    return f"$substringAfter({detail}.stateMachineArn, {text(start)})"


def _named(partition: str, job: str) -> dict[str, Any]:
    return {
        control.PARTITION_KEY: {"S": partition},
        control.SORT_KEY: {"S": expression(job)},
    }


def _stream() -> str:
    """Return the expression for the log stream of a task that was looked for.

    ECS forgets a stopped task: where its log is follows from its ARN.
    """
    return f"""($exists($ended.logStream) ? $ended.logStream :
        $exists($ended.taskArn) and $exists($record.container) ?
            {_PREFIX} & $record.container & '/' &
            $split($ended.taskArn, '/')[-1])"""


def _identity(platform: Platform) -> str:
    """Return the expression for what a record has from its run's admission.

    A run whose machine ended before that has no record.
    """
    return f"""(
        $text := $texts($detail.input);
        $in := $exists($text) ? $parse($text) : {{}};
        $in := $type($in) = 'object' ? $in : {{}};
        $shown := {masking.shown("$in")};
        {{
            'job': {_job(platform, "$detail")},
            'run': $detail.name,
            'execution': $detail.executionArn,
            'started': $began,
            'day': $substring($began, 0, 10),
            'trigger': $exists($texts($in.trigger)) ? $in.trigger : {text(Trigger.MANUAL)},
            'requestedBy': $texts($in.requestedBy),
            'schedule': $texts($in.schedule),
            'scheduledTime': $texts($in.scheduledTime),
            'input': $exists($text) and $length($shown) <= {_INPUT_LIMIT} ? $shown
        }}
    )"""
