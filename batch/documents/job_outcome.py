"""How a machine tells what became of a task: by its shape, never by the name of an error.

Step Functions' own verdict is not asked: ``runTask.sync`` fails when any container does, and an
injected sidecar must not decide about the job. The container is found by its name.
"""

from __future__ import annotations

from typing import Final

from batch import durations
from batch.contract import LOG_STREAM_PREFIX
from batch.documents.jsonata import expression, text

# What ``$ended.kind`` may be.
SUCCEEDED: Final = "succeeded"
FAILED: Final = "exit code"
INTERRUPTED: Final = "interrupted"
STOPPED: Final = "stopped"
NOT_STARTED: Final = "not started"
TIMED_OUT: Final = "timed out"

_INTERRUPTIONS: Final = ("SpotInterruption", "TerminationNotice", "InfrastructureHealth")
"""Stop codes of a task that AWS took the ground from under."""

_REASON_LIMIT: Final = 1000
"""Characters: a Cause holds 32,768, and a message in a channel far fewer."""

ATTEMPTS: Final = "$started + ($ended.started ? 1 : 0)"
"""How often the command was started: ``$started`` are those before the task that ended."""


def of_result(*, container: str) -> str:
    """Return the expression for ``$ended`` of a task that ``.sync`` took for a success."""
    return expression(f"($task := $states.result; $error := ''; $text := ''; {_ended(container)})")


def of_error(*, container: str) -> str:
    """Return the expression for ``$ended`` of what ``.sync`` took for a failure.

    The Cause is the task as JSON, or text if there is no task. JSON that was cut cannot be
    parsed, but says that a task there was.
    """
    return expression(
        f"""(
        $error := $states.errorOutput.Error;
        $text := $type($states.errorOutput.Cause) = 'string' ? $states.errorOutput.Cause : '';
        $task := $substring($text, 0, 1) = '{{' and $substring($text, -1) = '}}' ?
            $parse($text) : {{}};
        {_ended(container)}
        )"""
    )


def of_timeout(attempt_seconds: int | None, run_seconds: int | None = None, *, left: str) -> str:
    """Return the expression for ``$ended`` of an attempt over a limit, its task unknown yet.

    Args:
        attempt_seconds: the limit of an attempt.
        run_seconds: the limit of the run.
        left: the expression for what was left of it when the attempt began.
    """
    attempt, run = (
        f"the {what} took longer than its limit"
        + (f" of {durations.in_words(limit)}" if limit else "")
        for what, limit in (("attempt", attempt_seconds), ("run", run_seconds))
    )
    if run_seconds is None:
        reason = text(attempt)
    elif attempt_seconds is None:
        reason = text(run)
    else:
        reason = f"{left} < {attempt_seconds} ? {text(run)} : {text(attempt)}"
    return expression(
        f"""{{'kind': {text(TIMED_OUT)}, 'started': true, 'stopped': false, 'reason': {reason}}}"""
    )


def of_task(*, container: str) -> str:
    """Return what ``$ended`` takes over from DescribeTasks' ``$task`` (``task_end.states``)."""
    return f"""(
        $own := {_own(container)};
        {{
            'stopped': $task.LastStatus = 'STOPPED',
            'started': $exists($task.StartedAt) or $exists($own.ExitCode),
            'exitCode': $own.ExitCode,
            'taskDefinitionArn': $task.TaskDefinitionArn,
            'imageDigest': $own.ImageDigest,
            'logStream': $exists($task.StartedAt) ? {_stream(container)}
        }}
        )"""


def cause() -> str:
    """Return the expression for the Cause of a run that failed: small, valid JSON."""
    return expression(
        f"""$string({{
        'exitCode': $ended.exitCode,
        'reason': $substring($ended.reason, 0, {_REASON_LIMIT}),
        'attempts': {ATTEMPTS},
        'taskArn': $ended.taskArn,
        'taskDefinitionArn': $ended.taskDefinitionArn,
        'logStream': $ended.logStream,
        'imageDigest': $ended.imageDigest,
        'taskStopped': $ended.stopped = false ? false
        }})"""
    )


def refusal() -> str:
    """Return the expression for the Cause of a run whose input is wrong."""
    return expression(
        f"""$string({{
        'reason': $substring($join($run.problems, '; also '), 0, {_REASON_LIMIT}),
        'attempts': 0
        }})"""
    )


def not_admitted() -> str:
    """Return the expression for the Cause of a run that could not be let in."""
    return expression(
        """$string({
        'reason': 'the control table could not be written: ' & $trouble,
        'attempts': 0
        })"""
    )


def result() -> str:
    """Return the expression for the output of a run that succeeded."""
    return expression(
        f"""{{
        'result': 'SUCCEEDED',
        'exitCode': $ended.exitCode,
        'attempts': {ATTEMPTS},
        'taskArn': $ended.taskArn,
        'taskDefinitionArn': $ended.taskDefinitionArn,
        'logStream': $ended.logStream,
        'imageDigest': $ended.imageDigest
        }}"""
    )


def is_kind(*kinds: str, and_also: str = "") -> str:
    """Return the condition that ``$ended`` is one of ``kinds``."""
    listed = ", ".join(text(kind) for kind in kinds)
    return expression(f"$ended.kind in [{listed}]" + (f" and {and_also}" if and_also else ""))


def _ended(container: str) -> str:
    """Return what ends a block: ``$ended`` from ``$task``, or from an error without one."""
    interruptions = ", ".join(text(code) for code in _INTERRUPTIONS)
    return f"""
        $own := {_own(container)};
        $ran := $exists($task.StartedAt) or $exists($own.ExitCode);
        $cut := $substring($text, 0, 1) = '{{' and $substring($text, -1) != '}}';
        $reason := $join($distinct([$task.StoppedReason, $own.Reason]), '; ');
        {{
            'kind':
                $task.StopCode = 'UserInitiated' ? {text(STOPPED)} :
                $ran and $task.StopCode in [{interruptions}] ? {text(INTERRUPTED)} :
                $exists($own.ExitCode) ?
                    ($own.ExitCode = 0 ? {text(SUCCEEDED)} : {text(FAILED)}) :
                $ran or $cut ? {text(STOPPED)} : {text(NOT_STARTED)},
            'started': $ran,
            'stopped': true,
            'exitCode': $own.ExitCode,
            'reason': $reason != '' ? $reason :
                $substring($join([$error, $text], ': '), 0, {_REASON_LIMIT}),
            'taskArn': $task.TaskArn,
            'taskDefinitionArn': $task.TaskDefinitionArn,
            'imageDigest': $own.ImageDigest,
            'logStream': $ran and $exists($task.TaskArn) ? {_stream(container)}
        }}"""


def _own(container: str) -> str:
    return f"$task.Containers[Name = {text(container)}][0]"


def _stream(container: str) -> str:
    """Return the stream of the container's log (``contract.log_stream``)."""
    return f"{text(f'{LOG_STREAM_PREFIX}/{container}/')} & $split($task.TaskArn, '/')[-1]"
