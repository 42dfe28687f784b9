"""What a machine does once an attempt is over its limit: find the task, stop it, see it stopped.

Step Functions leaves the task running at a state's time-out, and ``States.Timeout`` does not say
which it was. Its ARN is in the execution's own history. Only when the task is stopped may the
next attempt begin, or two of them would run at once.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.documents import job_outcome
from batch.documents.jsonata import expression

FIND: Final = "Find the task"
STOP: Final = "Stop the task"
LOOK: Final = "Look at the task"

_HISTORY_LOOKS: Final = 8
"""How often the history is read: it may show an event only after a while."""

_TASK_LOOKS: Final = 30
"""How often the task is looked at: about 7 minutes, while a container has at most 2 to stop."""

_PAUSE: Final = expression("$power(2, $min([4, $looks - 1]))")
"""Seconds before another look: 1, 2, 4, 8, then 16."""

# By States.TaskFailed and not by name: the names of what is worth a retry (throttling, a failing
# service) are no stable contract. It matches everything but a time-out.
_RETRY: Final = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": 6,
        "MaxDelaySeconds": 30,
        "JitterStrategy": "FULL",
    }
]


def states(*, platform: Platform, container: str, after: str, lost: str) -> dict[str, Any]:
    """Return the states from :data:`FIND` on.

    Args:
        after: the state that goes on once the task is stopped.
        lost: the state that ends the run if the task cannot be found or does not stop.
    """
    task = {"Cluster": platform.cluster_arn}
    sdk = f"arn:{platform.partition}:states:::aws-sdk"
    return {
        FIND: {
            "Type": "Task",
            "Resource": f"{sdk}:sfn:getExecutionHistory",
            "Arguments": {
                "ExecutionArn": expression("$states.context.Execution.Id"),
                "ReverseOrder": True,
                # The newest events only, as a state's result holds 256 KiB; each look adds about
                # ten, before which the task's lie.
                "MaxResults": expression("15 + 15 * $looks"),
            },
            "Assign": {"looks": expression("$looks + 1"), "ended": _with_arn()},
            "Output": {},
            "Retry": _RETRY,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": lost}],
            "Next": "Task found?",
        },
        "Task found?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$exists($ended.taskArn)"),
                    "Assign": {"looks": 0},
                    "Next": STOP,
                },
                {
                    "Condition": expression(f"$looks < {_HISTORY_LOOKS}"),
                    "Next": "Wait for the history",
                },
            ],
            "Default": lost,
        },
        "Wait for the history": {"Type": "Wait", "Seconds": _PAUSE, "Next": FIND},
        STOP: {
            "Type": "Task",
            "Resource": f"{sdk}:ecs:stopTask",
            "Arguments": {
                **task,
                "Task": expression("$ended.taskArn"),
                "Reason": expression("$ended.reason"),
            },
            "Output": {},
            "Retry": _RETRY,
            # It may have ended by itself. Whether it did is what the next state sees.
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": LOOK}],
            "Next": LOOK,
        },
        LOOK: {
            "Type": "Task",
            "Resource": f"{sdk}:ecs:describeTasks",
            "Arguments": {**task, "Tasks": [expression("$ended.taskArn")]},
            "Assign": {
                "looks": expression("$looks + 1"),
                "ended": job_outcome.with_task(container=container),
            },
            "Output": {},
            "Retry": _RETRY,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": lost}],
            "Next": "Task stopped?",
        },
        "Task stopped?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$ended.stopped"), "Next": after},
                {
                    "Condition": expression(f"$looks < {_TASK_LOOKS}"),
                    "Next": "Wait for the task to stop",
                },
            ],
            "Default": lost,
        },
        "Wait for the task to stop": {"Type": "Wait", "Seconds": _PAUSE, "Next": LOOK},
    }


def _with_arn() -> str:
    """Return the expression that adds the task's ARN to ``$ended`` if the history has it.

    Only what follows the newest start counts: the task of an earlier attempt is in there, too.
    """
    return expression(
        """(
        $events := $states.result.Events;
        $start := $max($events[Type = 'TaskScheduled' and
            TaskScheduledEventDetails.Resource = 'runTask.sync'].Id);
        $output := $exists($start) ? $events[Type = 'TaskSubmitted' and
            Id > $start][0].TaskSubmittedEventDetails.Output;
        $task := $exists($output) ? $parse($output).Tasks[0];
        $exists($task.TaskArn) ?
            $merge([$ended, {'taskArn': $task.TaskArn, 'taskDefinitionArn':
                $task.TaskDefinitionArn}]) :
            $ended
        )"""
    )
