"""How a machine reads its execution input: what is wrong with it, or what it runs.

Everything is checked in one state, so that a wrong input is refused before a task costs money and
with every problem at once.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Trigger
from batch.documents.jsonata import expression, literal, text, utf8_bytes
from batch.job import Job

OVERRIDES_LIMIT: Final = 8192
"""Bytes of RunTask's overrides, the JSON around the values included (RunTask, "overrides")."""

_TEXTS: Final = (
    *("cpu", "memory", "schedule", "scheduledTime", "trigger", "requestedBy", "backfill"),
)


_MOMENT: Final = (
    "/^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,3})?Z/"
)


_REDRIVEN: Final = "a redrive does not ask whether it may run; start it anew: batchctl rerun RUN"


def constants(job: Job) -> dict[str, Any]:
    """Return what the machine holds of ``job``: the input of :func:`read`."""
    known: dict[str, Any] = {
        "name": job.name,
        "commands": list(job.command),
        "environment": [
            {"Name": name, "Value": value} for name, value in sorted(job.environment.items())
        ],
        "secrets": sorted(job.secrets),
    }
    if job.cpu is not None:
        known["cpu"] = str(job.cpu)
    if job.memory is not None:
        known["memory"] = str(job.memory)
    if job.attempt_timeout_seconds is not None:
        known["attemptSeconds"] = job.attempt_timeout_seconds
    if job.run_timeout_seconds is not None:
        known["runSeconds"] = job.run_timeout_seconds
    if job.ephemeral_storage_gib is not None:
        known["ephemeralStorage"] = {"SizeInGiB": job.ephemeral_storage_gib}
    held: dict[str, Any] = literal(known)
    return held


def read(*, container: str) -> str:
    """Return the expression for ``$run``: ``{"problems": [...]}`` or what the task is given.

    The state's own input is the job (:func:`constants`); what was asked for is in the context.
    """
    # Measured with a number of attempts that has as many digits as any will have.
    measured = f"$string({_overrides(container, attempt=text('999'))})"
    return expression(
        f"""(
        $job := $states.input;
        $given := $states.context.Execution.Input;
        $in := $type($given) = 'object' ? $given : {{}};
        $problems := [{_problems()}];
        $count($problems) > 0 ? {{'problems': $problems}} : (
            $run := {_run()};
            $bytes := {utf8_bytes(measured)};
            $bytes > {OVERRIDES_LIMIT} ? {{'problems': [{_too_large()}]}} : $run
        )
        )"""
    )


def overrides(*, container: str) -> str:
    """Return the expression for RunTask's overrides of the next attempt.

    A redrive would go on here, past the admission, with a place that another run may have.
    """
    return expression(
        f"""(
        $states.context.Execution.RedriveCount > 0 ? $error({text(_REDRIVEN)}) : 0;
        {_overrides(container, attempt="$string($started + 1)")}
        )"""
    )


def _problems() -> str:
    """Return the items of an array; those that are fine give nothing and are not in it."""
    names = ", ".join(text(name) for name in _TEXTS)
    triggers = ", ".join(text(trigger.value) for trigger in Trigger)
    allowed = ", ".join(Trigger)
    return f"""
        $type($given) = 'object' ? [] :
            'input: not an object; pass {{}} or the keys to override',
        $map($filter($keys($in), function($key) {{ $type($lookup($in, $key)) = 'null' }}),
            function($key) {{ $key & ': is null; leave the key out' }}),
        $map([{names}], function($key) {{(
            $value := $lookup($in, $key);
            $not($type($value) in ['string', 'null']) and $exists($value) ?
                $key & ': is not a string; write the value in quotes')}}),
        $map(['cpu', 'memory'], function($key) {{(
            $value := $lookup($in, $key);
            $type($value) = 'string' ? ($value = '' or $contains($value, /[^0-9]/) ?
                $key & ': is not a number; write digits in quotes, for instance "1024"'))}}),
        $type($in.trigger) = 'string' ? ($in.trigger in [{triggers}] ? [] :
            'trigger: unknown value; use one of {allowed}'),
        $type($in.scheduledTime) = 'string' ? (
            $in.scheduledTime != '' and $replace($in.scheduledTime, {_MOMENT}, '') = '' ? [] :
            'scheduledTime: is not a moment in UTC; write it as 2026-11-23T18:00:00Z'),
        $exists($in.commands) ? (
            $type($in.commands) = 'null' ? [] :
            $type($in.commands) != 'array' ?
                'commands: is not a list; write ["bash", "-c", "..."]' :
            $count($in.commands) = 0 ?
                'commands: is empty; write ["bash", "-c", "..."]' :
            $count($filter($in.commands, function($word) {{ $type($word) = 'string' }})) <
                $count($in.commands) ?
                'commands: holds something that is not a string; write each word in quotes') :
            $count($job.commands) = 0 ?
                'commands: missing; pass {{"commands": ["bash", "-c", "..."]}}',
        $exists($in.environment) ? (
            $type($in.environment) = 'null' ? [] :
            $type($in.environment) != 'array' ?
                'environment: is not a list; write [{{"Name": "A", "Value": "1"}}]' :
            $count($filter($in.environment, function($variable) {{
                $type($variable) != 'object' ? false :
                $type($variable.Name) != 'string' ? false :
                $type($variable.Value) = 'string' and $variable.Name != '' }})) <
                $count($in.environment) ?
                'environment: holds something that is not a Name and a Value, both strings;
                write {{"Name": "A", "Value": "1"}}' :
            $map($in.environment, function($variable) {{
                $variable.Name in $job.secrets ? 'environment: ' & $variable.Name &
                    ' is one of the secrets of the job; leave it out' }}))
    """


def _run() -> str:
    """Return the object of what runs: the job, the input over it, ``BATCH_*`` over both.

    ``BATCH_SCHEDULED_TIME`` of a run without one is when it was started, so that a command that
    computes with it works by hand, too.
    """
    context = "$states.context.Execution"
    return f"""{{
        'commands': [$exists($in.commands) ? $in.commands : $job.commands],
        'scheduledTime': $in.scheduledTime,
        'cpu': $exists($in.cpu) ? $in.cpu : $job.cpu,
        'memory': $exists($in.memory) ? $in.memory : $job.memory,
        'environment': [$each(
            $merge([$job.environment, $in.environment, {{'Name': 'BATCH_JOB', 'Value': $job.name}},
                {{'Name': 'BATCH_RUN', 'Value': {context}.Name}},
                {{'Name': 'BATCH_TRIGGER', 'Value': $exists($in.trigger) ? $in.trigger :
                    {text(Trigger.MANUAL.value)}}},
                {{'Name': 'BATCH_SCHEDULED_TIME', 'Value': $exists($in.scheduledTime) ?
                    $in.scheduledTime : $substring({context}.StartTime, 0, 19) & 'Z'}}
            ][Name != 'BATCH_ATTEMPT'].{{Name: Value}}),
            function($value, $name) {{ {{'Name': $name, 'Value': $value}} }})]
    }}"""


def _overrides(container: str, *, attempt: str) -> str:
    return f"""{{
        'Cpu': $run.cpu,
        'Memory': $run.memory,
        'EphemeralStorage': $job.ephemeralStorage,
        'ContainerOverrides': [{{
            'Name': {text(container)},
            'Command': [$run.commands],
            'Environment': [$run.environment, {{'Name': 'BATCH_ATTEMPT', 'Value': {attempt}}}]
        }}]
    }}"""


def _too_large() -> str:
    return (
        f"'input: commands, environment and size take ' & $bytes & ' bytes, ECS allows"
        f" {OVERRIDES_LIMIT}; pass less, for instance the address of a file'"
    )
