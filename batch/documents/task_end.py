"""How a machine makes sure that the task of an execution is over: find it, stop it, see it stopped.

Step Functions leaves a task running at the time-out of its state or of its execution, tries to
stop it only once when an execution is aborted, and nowhere says which task it was. The task's ARN
is in the execution's history. Only when the task is stopped may another one take its place, or two
of them would run at once.

The states work on a variable, an object with ``reason`` (why the task is stopped). They add to it
``taskArn``, ``taskDefinitionArn``, ``stopped`` and ``none``: the execution never asked for a task.
``$looks`` has to be 0 before the first of them.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.documents.calls import call, otherwise
from batch.documents.jsonata import expression, text

OWN_EXECUTION: Final = "$states.context.Execution.Id"

_HISTORY_LOOKS: Final = 8
"""How often the history is read: it may show an event only after a while."""

_TASK_LOOKS: Final = 30
"""How often the task is looked at: about 7 minutes, while a container has at most 2 to stop."""

_MISSING_LOOKS: Final = 4
"""From which look on a task that ECS does not know is over: about 15 seconds after the first."""

_PAUSE: Final = expression("$power(2, $min([4, $looks - 1]))")
"""Seconds before another look: 1, 2, 4, 8, then 16."""


def find(of: str = "") -> str:
    """Return the name of the first state."""
    return f"Find the task{of}"


def states(
    *,
    platform: Platform,
    after: str,
    lost: str,
    execution: str = OWN_EXECUTION,
    variable: str = "ended",
    seen: str = "{'stopped': $task.LastStatus = 'STOPPED'}",
    of: str = "",
) -> dict[str, Any]:
    """Return the states from :func:`find` on.

    Args:
        after: the state that goes on once the task is stopped, or where there never was one.
        lost: the state that goes on if the task cannot be found or does not stop.
        execution: the expression for the ARN of the execution.
        variable: the variable that they work on, without the ``$``.
        seen: the expression for what is taken over from DescribeTasks' ``$task``, an object that
            has ``stopped``.
        of: the end of the states' names, for a machine that has them twice.
    """
    task = {"Cluster": platform.cluster_arn}
    known = f"${variable}"
    stop, look = f"Stop the task{of}", f"Look at the task{of}"
    return {
        find(of): call(
            platform,
            "sfn:getExecutionHistory",
            {
                "ExecutionArn": expression(execution),
                "ReverseOrder": True,
                # The newest events only, as a state's result holds 256 KiB; each look adds about
                # ten, before which the task's lie.
                "MaxResults": expression("15 + 15 * $looks"),
            },
            assign={"looks": expression("$looks + 1"), variable: _with_arn(known, execution)},
            catch=[otherwise(lost)],
            after=f"Task found{of}?",
        ),
        f"Task found{of}?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"$exists({known}.taskArn)"),
                    "Assign": {"looks": 0},
                    "Next": stop,
                },
                {"Condition": expression(f"{known}.none = true"), "Next": after},
                {
                    "Condition": expression(f"$looks < {_HISTORY_LOOKS}"),
                    "Next": f"Wait for the history{of}",
                },
            ],
            "Default": lost,
        },
        f"Wait for the history{of}": {"Type": "Wait", "Seconds": _PAUSE, "Next": find(of)},
        stop: call(
            platform,
            "ecs:stopTask",
            {
                **task,
                "Task": expression(f"{known}.taskArn"),
                "Reason": expression(f"{known}.reason"),
            },
            # It may have ended by itself. Whether it did is what the next state sees.
            catch=[otherwise(look)],
            after=look,
        ),
        look: call(
            platform,
            "ecs:describeTasks",
            {**task, "Tasks": [expression(f"{known}.taskArn")]},
            assign={"looks": expression("$looks + 1"), variable: _with_task(known, seen)},
            catch=[otherwise(lost)],
            after=f"Task stopped{of}?",
        ),
        f"Task stopped{of}?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression(f"{known}.stopped"), "Next": after},
                {
                    "Condition": expression(f"$looks < {_TASK_LOOKS}"),
                    "Next": f"Wait for the task to stop{of}",
                },
            ],
            "Default": lost,
        },
        f"Wait for the task to stop{of}": {"Type": "Wait", "Seconds": _PAUSE, "Next": look},
    }


def _with_arn(known: str, execution: str) -> str:
    """Return the expression that adds the task's ARN if the history has it.

    Only what follows the newest start counts: the task of an earlier attempt is in there, too. The
    first event of an execution has the number 1: where it is among those read and no task was
    asked for, there is none. The history may lag. That of another execution, which is over, says
    nothing before its end is in it; the own one has no end yet, and is only asked for a task that
    there was.
    """
    ends = ", ".join(text(f"Execution{end}") for end in ("Aborted", "Failed", "Succeeded"))
    whole = f"$exists($states.result.Events[Type in [{ends}, 'ExecutionTimedOut']])"
    if execution == OWN_EXECUTION:
        whole = "true"
    none = f"""$not($exists($start)) and $min($events.Id) = 1 ?
            $merge([{known}, {{'none': true}}]) :"""
    if execution == OWN_EXECUTION:
        none = ""
    return expression(
        f"""(
        $events := {whole} ? $states.result.Events : [];
        $start := $max($events[Type = 'TaskScheduled' and
            TaskScheduledEventDetails.Resource = 'runTask.sync'].Id);
        $output := $exists($start) ? $events[Type = 'TaskSubmitted' and
            Id > $start][0].TaskSubmittedEventDetails.Output;
        $task := $exists($output) ? $parse($output).Tasks[0];
        $exists($task.TaskArn) ?
            $merge([{known}, {{'taskArn': $task.TaskArn, 'taskDefinitionArn':
                $task.TaskDefinitionArn}}]) :
        {none}
            {known}
        )"""
    )


def _with_task(known: str, seen: str) -> str:
    """Return the expression that adds what DescribeTasks says of the task.

    ECS forgets a stopped task after about an hour. It may not know a new one for a moment, either:
    one that is missing is over only if it still is some looks later.
    """
    return expression(
        f"""(
        $task := $states.result.Tasks[0];
        $exists($task) ? $merge([{known}, {seen}]) :
        $looks >= {_MISSING_LOOKS} and $exists($states.result.Failures[Reason = 'MISSING']) ?
            $merge([{known}, {{'stopped': true}}]) : {known}
        )"""
    )
