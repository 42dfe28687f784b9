"""What a channel is told of a run that ended.

The expressions read ``$run``, an object of plain values named like the attributes of the run's
record (``batch.control``), and ``$log``: ``lines``, the last texts that the command wrote, or
``why`` there are none.
"""

from __future__ import annotations

from typing import Final

from batch.contract import Platform, RunError
from batch.control import Message
from batch.documents import message
from batch.documents.jsonata import text

LOG_LINES: Final = 20
"""Lines of the log in a message, as many as fit."""

_LOG_LIMIT: Final = 2000
"""Characters of the log in a message, escaped."""

EVENT_TYPES: Final = {
    Message.FAILURE: "batch-run-failed",
    Message.SUCCESS: "batch-run-succeeded",
    Message.RECOVERED: "batch-run-recovered",
    Message.LATE: "batch-run-late",
}
"""``metadata.eventType`` by message."""

# As batchctl says it (``batchctl.outcome``). A reason is not escaped here.
_WORDS: Final = f"""
    $attempts := $run.attempts > 1 ? ' after ' & $run.attempts & ' attempts' : '';
    $because := $exists($run.reason) ? ': ' & $trim($clean($run.reason)) : '';
    $is := function($result) {{ $run.result = $result }};
    $words :=
        $is('SUCCEEDED') ? 'succeeded' & $attempts :
        $is('SKIPPED') ? 'skipped' & $because :
        $is({text(RunError.EXIT_CODE)}) ?
            'failed with exit code ' & $run.exitCode & $attempts :
        $is({text(RunError.TIMED_OUT)}) ? 'stopped at the time limit of an attempt' & $attempts :
        $is({text(RunError.NOT_STARTED)}) ? 'never started' & $because :
        $is({text(RunError.STOPPED)}) ?
            ($because != '' ? 'its task was stopped' & $because : 'task stopped') :
        $is('TIMED_OUT') ? 'stopped at the time limit of the run' :
        $is('ABORTED') ? 'aborted' & $because :
        'failed: ' & $run.result & $because;
"""

# A line that is too long is cut in its middle, or there would be nothing but its end.
_BLOCK: Final = r"""
    $block := function($left) {(
        $short := $map($log.lines, function($line) {
            $length($line) > 500 ?
                $first($line, 400) & ' … ' & $last($line, 97) : $line });
        '*Last log lines*\n```\n' & $tail($clean($join($short, '\n')), $left) & '\n```'
    )};
"""


def text_of(platform: Platform) -> str:
    """Return the expression for the text of the message that ``$run.message`` asks for."""
    return f"""(
        {message.PIECES}
        {_WORDS}
        {_BLOCK}
        $subject := $run.job & '/' & $run.run;
        $failed := $run.message = {text(Message.FAILURE)};
        {_facts(platform)}
        $used := $length($join($facts, '\\n'));
        $lines := $not($failed) ? $facts : $append($facts,
            $count($log.lines) > 0 ?
                $block($min([{_LOG_LIMIT}, {message.DESCRIPTION_LIMIT} - $used - 60])) :
            $exists($log.why) ? '_' & $log.why & '_');
        {_notification(platform)}
    )"""


def _facts(platform: Platform) -> str:
    """Return the statement for ``$facts``: lines of what is known."""
    execution = message.execution_link(platform, "$run.execution")
    log = message.log_link(platform, "$run.logStream")
    return f"""
        $facts := $filter([
            '*Job* ' & $run.job & ' · *Environment* ' & {text(platform.stack)},
            '*Result* ' & $head($words, {message.REASON_LIMIT}),
            $run.message = {text(Message.RECOVERED)} ? '*Before* ' & $run.failures &
                ($run.failures = 1 ? ' failure, ' : ' failures in a row since ') &
                $moment($run.failingSince),
            $join([
                $exists($run.exitCode) ? '*Exit code* ' & $run.exitCode,
                $exists($run.attempts) ? '*Attempts* ' & $run.attempts,
                $exists($run.started) and $exists($run.ended) ?
                    '*Took* ' & $between($run.started, $run.ended)
            ], ' · '),
            $join([
                $exists($run.scheduledTime) ? '*Scheduled for* ' & $moment($run.scheduledTime),
                $exists($run.started) ? '*Started* ' & $moment($run.started),
                $exists($run.trigger) ? '*By* ' & $fact($run.trigger) &
                    ($run.trigger = 'schedule' and $exists($run.schedule) ?
                        ' ' & $fact($run.schedule) : '') &
                    ($exists($run.requestedBy) ? ', ' & $fact($run.requestedBy) : '')
            ], ' · '),
            $exists($run.reason) and $not($contains($words, $trim($clean($run.reason)))) ?
                '*Reason* ' & $head($trim($clean($run.reason)), {message.REASON_LIMIT}),
            $exists($run.paused) ? '*Paused* no scheduled run starts any more: ' &
                $fact($run.paused),
            '*Run* `' & $run.run & '` · ' & $join([
                {execution}, $exists($run.logStream) ? {log}
            ], ' · ')
        ], function($line) {{ $line != '' }});
    """


def _notification(platform: Platform) -> str:
    """Return the expression for the message, of which only title and steps differ by kind."""
    kinds = ", ".join(f"{text(kind)}: {text(event)}" for kind, event in EVENT_TYPES.items())
    why, rerun, logs, resume = (
        message.command(platform, verb, subject)
        for verb, subject in (
            ("why", "$subject"),
            ("rerun", "$subject"),
            ("logs", "$subject"),
            ("resume", "$run.job"),
        )
    )
    return message.notification(
        platform=platform,
        job="$run.job",
        kind=f"$lookup({{{kinds}}}, $run.message)",
        title=f"""$run.job & ' ' & (
            $run.message = {text(Message.RECOVERED)} ? 'recovered: ' & $words :
            $run.message = {text(Message.LATE)} ? 'came too late: ' & $words : $words)""",
        lines="$lines",
        steps=f"""$failed ? [{why}, {rerun}, $exists($run.paused) ? {resume}] :
            $run.message = {text(Message.LATE)} ? [{why}, {rerun}] : [{logs}]""",
        resources="[$run.execution, $run.taskArn]",
        context="{'run': $run.run, 'result': $run.result}",
    )
