"""What the recorder does about the end of a run, and the one transaction that it writes for that.

The transaction completes the record, brings the job's state forward, gives back the places that
the run held, and pauses a job that failed too often. Each condition also holds after the write
itself, whose answer may have been lost: only the job's version does not, and then the record says
who completed it.
"""

from __future__ import annotations

from typing import Final

from batch import control
from batch.contract import Platform, RunError
from batch.control import Message, Skip
from batch.documents import record
from batch.documents.jsonata import text

TELL: Final = "Tell"
TELL_OTHER: Final = "Tell the failure channel, too"

# What ``$plan.do`` may be: the way that the recorder goes.
NOTHING: Final = "nothing"
DESCRIBE: Final = "describe"
FIND: Final = "find the task"
RECORD: Final = "record"
RECORD_AND_TELL: Final = "tell"
RECORD_AND_TELL_BOTH: Final = "tell both"
RECORD_AND_LOG: Final = "log"
RECORD_AND_COUNT: Final = "count"

# Times compare as texts. An end that is older than the job's last is one whose event came late:
# it does not become the last, nor does it end failures that came after it.
_COUNT = """
    $moot := $end.result = 'SKIPPED' or $replaced;
    $failed := $not($moot) and $end.result != 'SUCCEEDED';
    $older := $exists($job.lastEnded) and $at < $job.lastEnded;
    $stale := $exists($job.lastSuccess) and $at < $job.lastSuccess;
    $counts := $failed and $not($stale or $unrelated);
    $before := $exists($job.failures) and $not($unrelated) ? $job.failures : 0;
    $failures := $counts ? $before + 1 : $failed or $older ? $before : 0;
    $recovered := $end.result = 'SUCCEEDED' and $before > 0 and $not($older);
"""

# Not while somebody's pause holds: that has a reason of its own. Failures of the time of a pause
# (who mends a job runs it by hand) are not those after which it is paused again once resumed.
_PAUSE = """
    $isPaused := $exists($pause) and ($exists($pause.until) ? $pause.until > $now : true);
    $pausable := $counts and $exists($says.pauseAfterFailures);
    $since := $exists($job.pausedAfter) ? $failures - $job.pausedAfter : $failures;
    $pauses := $pausable and $since >= $says.pauseAfterFailures and $not($isPaused);
    $pauseReason := $failures & ($failures = 1 ? ' failure, ' : ' failures in a row, the last ') &
        $detail.name;
"""

_STATE = """
    $last := $older ? {} : {
        'lastRun': $detail.name, 'lastResult': $end.result, 'lastStarted': $began,
        'lastEnded': $at, 'lastExitCode': $end.exitCode, 'lastReason': $end.reason
    };
    $state := $merge([
        $last,
        {
            'failures': $failures,
            'failingSince': $counts ? ($before > 0 and $job.failingSince < $at ?
                $job.failingSince : $at),
            'pausedAfter': $pausable and ($pauses or $isPaused) ? $failures,
            'version': $exists($job.version) ? $job.version + 1 : 1
        },
        $failed or $stale ? {} : {'lastSuccess': $at, 'lastSuccessRun': $detail.name}
    ]);
    $outdated := [
        $older ? [] : $filter(['lastExitCode', 'lastReason'], function($name) {
            $not($exists($lookup($last, $name))) }),
        $failures = 0 ? ['failingSince', 'pausedAfter']
    ];
"""

# An update of an item. Names go by "#", as many of them are words of DynamoDB's own.
_CHANGE = """
    $typed := function($value) {
        $type($value) = 'number' ? {'N': $string($value)} : {'S': $value} };
    $change := function($partition, $sort, $set, $remove, $condition, $old) {(
        $sets := $keys($set);
        $names := $distinct([$sets, $remove, $keys($old)]);
        {
            'TableName': $table,
            'Key': {'pk': {'S': $partition}, 'sk': {'S': $sort}},
            'UpdateExpression': 'SET ' &
                $join($map($sets, function($name) { '#' & $name & ' = :' & $name }), ', ') &
                ($count($remove) > 0 ? ' REMOVE ' &
                    $join($map($remove, function($name) { '#' & $name }), ', ') : ''),
            'ConditionExpression': $condition,
            'ExpressionAttributeNames': $merge($map($names, function($name) {
                {'#' & $name: $name} })),
            'ExpressionAttributeValues': $merge([
                $map($sets, function($name) { {':' & $name: $typed($lookup($set, $name))} }),
                $map($keys($old), function($name) {
                    {':old_' & $name: $typed($lookup($old, $name))} })
            ])
        }
    )};
"""


def plan(
    *,
    platform: Platform,
    ended: str,
    described: str,
    history_days: int,
    success_messages: bool,
    success_topic_arn: str,
    failure_topic_arn: str,
) -> str:
    """Return the expression for ``$plan``, from what TransactGetItems gave.

    It has ``do``, the way to go; ``items``, the transaction; ``run``, what the message tells of,
    and ``topic`` and perhaps ``other``, which hear it; ``container``, the name of the job's.
    """
    return f"""(
        {record.statements(platform=platform, ended=ended, described=described)}
        {_COUNT}
        {_PAUSE}
        {_STATE}
        $byDefault := {str(success_messages).lower()};
        {_message(success_topic_arn, failure_topic_arn)}
        {_way()}
        $table := {text(platform.control_table)};
        {_CHANGE}
        {{
            'do': $do,
            'items': $known ? {_taken_over()} : {_completed(platform, history_days)},
            'run': $run,
            'topic': $topic,
            'other': $other,
            'container': $exists($record.container) ? $record.container : ''
        }}
    )"""


def _message(success_topic_arn: str, failure_topic_arn: str) -> str:
    """Return the statements for what is told to whom: ``$run``, ``$topic``, ``$other``.

    The record of a run that is complete says so itself. A skipped run completes its own.
    """
    return f"""
        $known := $exists($record.recorder) or $exists($record.skip);
        $loud := $exists($says.successMessages) ? $says.successMessages : $byDefault;
        $message := $known ? $record.message :
            $end.skip = {text(Skip.START_DEADLINE)} ? {text(Message.LATE)} :
            $moot ? $nothing :
            $failed ? {text(Message.FAILURE)} :
            $recovered ? {text(Message.RECOVERED)} :
            $loud ? {text(Message.SUCCESS)};
        $marks := {{
            'message': $message,
            'failures': $recovered ? $before,
            'failingSince': $recovered ? $job.failingSince
        }};
        $run := $merge([$record, $known ? {{}} : $merge([$given, $end, $marks]), {{
            'paused': $message = {text(Message.FAILURE)} ?
                ($isPaused ? $pause.reason : $pauses ? $pauseReason)
        }}]);
        $both := $message = {text(Message.RECOVERED)} and $loud and $not($exists($says.topicArn));
        $topic := $exists($says.topicArn) ? $says.topicArn :
            $both or $message = {text(Message.SUCCESS)} ? {text(success_topic_arn)} :
            {text(failure_topic_arn)};
        $other := $both ? {text(failure_topic_arn)};
    """


def _way() -> str:
    """Return the statements for ``$do``.

    Exactly one recorder completes a record, and another takes it over only where the sweep says
    that this very one is over. Whatever comes twice finds nothing to do.
    """
    return f"""
        $untold := $record.open = {text(control.UNTOLD)};
        $mayTell := $untold and ($not($exists($record.recorder)) or $record.recorder = $me or
            $event.retell = true and $record.recorder = $event.recorder);
        $published := $event.retell = true ? [$event.published] : [];
        $allTold := {text(TELL)} in $published;
        $do :=
            $known and $not($mayTell) ? {text(NOTHING)} :
            $not($known) and $mustDescribe ? {text(DESCRIBE)} :
            $not($known) and $mustFind ? {text(FIND)} :
            $not($exists($message)) or $allTold ? {text(RECORD)} :
            $both and $not({text(TELL_OTHER)} in $published) ? {text(RECORD_AND_TELL_BOTH)} :
            $message != {text(Message.FAILURE)} ? {text(RECORD_AND_TELL)} :
            $run.result = {text(RunError.NOT_STARTED)} and $not($known) ?
                {text(RECORD_AND_COUNT)} :
            $exists($run.logStream) ? {text(RECORD_AND_LOG)} : {text(RECORD_AND_TELL)};
    """


def _taken_over() -> str:
    """Return the expression for the transaction that makes a complete record this recorder's."""
    return f"""[{{'Update': $change('run#' & $run.job, $run.run,
        {{'recorder': $me, 'told': $allTold ? $now}},
        $allTold ? ['open'] : [],
        '#open = :old_open AND ' & ($exists($record.recorder) ?
            '#recorder = :old_recorder' : 'attribute_not_exists(#recorder)'),
        {{'open': {text(control.UNTOLD)}, 'recorder': $record.recorder}}
    )}}]"""


def _completed(platform: Platform, history_days: int) -> str:
    """Return the expression for the transaction that completes a record.

    A task that may still run keeps its places: whoever wants one finds out.
    """
    return f"""[
        {{'Update': $change('run#' & $run.job, $run.run,
            $merge([$given, $end, $marks, {{
                'recorder': $me,
                'open': $exists($message) ? {text(control.UNTOLD)},
                'expires': $exists($record) ? $nothing :
                    $floor($toMillis($at) / 1000) + {history_days * 86_400}
            }}]),
            $exists($message) ? [] : ['open'],
            'attribute_not_exists(#recorder) OR #recorder = :recorder', {{}}
        )}},
        $moot ? [] : {{'Update': $change({text(control.JOBS)}, $run.job,
            $state, $outdated,
            $exists($job.version) ? '#version = :old_version' : 'attribute_not_exists(#version)',
            {{'version': $job.version}}
        )}},
        $pauses ? {{'Put': {{
            'TableName': $table,
            'Item': {{
                'pk': {{'S': {text(control.PAUSES)}}}, 'sk': {{'S': $run.job}},
                'by': {{'S': {text(platform.recorder)}}}, 'since': {{'S': $now}},
                'reason': {{'S': $pauseReason}}
            }},
            'ConditionExpression': 'attribute_not_exists(#by) OR #until <= :now',
            'ExpressionAttributeNames': {{'#by': 'by', '#until': 'until'}},
            'ExpressionAttributeValues': {{':now': {{'S': $now}}}}
        }}}} : [],
        $lost ? [] : $map($record.holds, function($place) {{
            {{'Update': {{
                'TableName': $table,
                'Key': {{'pk': {{'S': {text(control.SLOTS)}}}, 'sk': {{'S': $place}}}},
                'UpdateExpression': 'DELETE #holders :it',
                'ExpressionAttributeNames': {{'#holders': 'holders'}},
                'ExpressionAttributeValues': {{':it': {{'SS': [$run.execution]}}}}
            }}}} }})
    ]"""
