"""What a sweep does about tasks whose run is over: it stops them.

A run over its own time limit leaves its task running, and so may an aborted one. The recorder stops
both; the sweep looks for what it did not. A task says in its environment which run it belongs to,
and one that does not is none of ours. Of a run that goes on nothing is stopped.

The machine's variables are those of ``sweep_machine``, ``$alive`` that of ``sweep_runs``; here are
its own:

``$tasks``      ARNs of tasks to look at
``$more``       the token of the next page, '' at the end
``$seen``       how many tasks were looked at
``$orphans``    those that may be orphans, each with its ``task`` and ``run``
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import Platform
from batch.documents import sweep_calls
from batch.documents.jsonata import expression, text
from batch.documents.statements import Statement, allow
from batch.documents.sweep_bounds import DESCRIBED_TASKS, TASK_PAGE, TASKS
from batch.documents.sweep_calls import DONE, SETTLED_SECONDS, call

START: Final = "List the running tasks"
_LIST_MORE: Final = "List more running tasks"
_ANY: Final = "Any task?"
_LOOK: Final = "Look at the tasks"
_SEE: Final = "See to each task"
_MORE: Final = "More tasks?"


def states(*, platform: Platform, after: str) -> dict[str, Any]:
    """Return the states from :data:`START` on."""
    return {
        START: _list(platform, seen="0", after=after),
        _LIST_MORE: _list(platform, seen="$seen", after=after, NextToken=expression("$more")),
        _ANY: {
            "Type": "Choice",
            "Choices": [{"Condition": expression("$count($tasks) > 0"), "Next": _LOOK}],
            "Default": after,
        },
        _LOOK: sweep_calls.each(
            f"[$partition($tasks, {DESCRIBED_TASKS})]",
            "Describe the tasks",
            {"Describe the tasks": _describe(platform)},
            assign={
                "orphans": expression("[$states.result.orphans]"),
                "problems": sweep_calls.noted(),
            },
            failed=sweep_calls.skip_to(after, problem="the running tasks are not looked at"),
            after=_SEE,
        ),
        _SEE: sweep_calls.each(
            sweep_calls.first("$orphans"),
            "Ask about its run",
            _stop(platform),
            assign={
                "left": expression("$left - $count($orphans)"),
                "problems": sweep_calls.noted(),
            },
            failed=sweep_calls.skip_to(after, problem="orphaned tasks are not stopped"),
            after=_MORE,
        ),
        _MORE: {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$more = ''"), "Next": after},
                {"Condition": expression(f"$seen < {TASKS}"), "Next": _LIST_MORE},
            ],
            "Default": "Too many tasks",
        },
        "Too many tasks": sweep_calls.note(
            f"more than {TASKS} tasks run, and the rest is not looked at", after=after
        ),
    }


def permissions(*, platform: Platform) -> list[Statement]:
    """Return what these states need."""
    cluster = {"ecs:cluster": platform.cluster_arn}
    return [
        # "*": the resource of a list would be a container instance, which Fargate has none of.
        allow(["ecs:ListTasks"], ["*"], ArnEquals=cluster),
        allow(
            ["ecs:DescribeTasks", "ecs:StopTask"],
            [platform.arn("ecs", f"task/{platform.prefix}/*")],
            ArnEquals=cluster,
        ),
    ]


def _list(platform: Platform, *, seen: str, after: str, **from_: Any) -> dict[str, Any]:
    return call(
        platform,
        "ecs:listTasks",
        {
            "Cluster": platform.cluster_arn,
            "DesiredStatus": "RUNNING",
            "MaxResults": TASK_PAGE,
            **from_,
        },
        assign={
            "tasks": expression("[$states.result.TaskArns]"),
            "more": expression("$exists($states.result.NextToken) ? $states.result.NextToken : ''"),
            "seen": expression(f"{seen} + $count($states.result.TaskArns)"),
        },
        output={},
        failed=sweep_calls.skip_to(after, problem="the running tasks are not listed"),
        after=_ANY,
    )


def _describe(platform: Platform) -> dict[str, Any]:
    """Return the state that finds the tasks of a few whose run is not known to go on."""
    return call(
        platform,
        "ecs:describeTasks",
        {"Cluster": platform.cluster_arn, "Tasks": expression("$states.input")},
        output=expression(
            f"""(
            $settled := $toMillis({sweep_calls.before(SETTLED_SECONDS)});
            $tasks := $map($states.result.Tasks, function($task) {{(
                $set := function($name) {{ $distinct($task.Overrides.ContainerOverrides
                    .Environment[Name = $name].Value)[0] }};
                $job := $set('BATCH_JOB');
                $run := $set('BATCH_RUN');
                $exists($job) and $exists($run) ? {{
                    'task': $task.TaskArn,
                    'created': $toMillis($task.CreatedAt),
                    'job': $job,
                    'run': $run,
                    'execution': {sweep_calls.execution(platform, "$job", "$run")}
                }} : {{}}
            )}});
            {{'orphans': [$filter($tasks, function($t) {{
                $exists($t.task) and $not($t.execution in $alive) and $t.created < $settled
            }})]}}
            )"""
        ),
        failed=sweep_calls.give_up(problem=text("running tasks are not looked at")),
        after=DONE,
    )


def _stop(platform: Platform) -> dict[str, Any]:
    """Return the states that stop a task if its run is over."""
    whose = "$states.input.job & ' ' & $states.input.run"
    return {
        "Ask about its run": call(
            platform,
            "sfn:describeExecution",
            {
                "ExecutionArn": expression("$states.input.execution"),
                "IncludedData": "METADATA_ONLY",
            },
            output=expression("$merge([$states.input, {'status': $states.result.Status}])"),
            failed=[
                {
                    "ErrorEquals": ["Sfn.ExecutionDoesNotExistException"],
                    "Output": expression("$merge([$states.input, {'status': 'UNKNOWN'}])"),
                    "Next": "Is it an orphan?",
                },
                *sweep_calls.give_up(problem=f"{whose} & ': its task is not seen to'"),
            ],
            after="Is it an orphan?",
        ),
        "Is it an orphan?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(
                        f"""$states.input.status in ['RUNNING', 'PENDING_REDRIVE'] or
                        ($states.input.status = 'UNKNOWN' and $states.input.created >
                        $toMillis({sweep_calls.before(control.UNKNOWN_SECONDS)}))"""
                    ),
                    "Output": {},
                    "Next": DONE,
                }
            ],
            "Default": "Stop the task",
        },
        "Stop the task": call(
            platform,
            "ecs:stopTask",
            {
                "Cluster": platform.cluster_arn,
                "Task": expression("$states.input.task"),
                "Reason": expression(
                    f"""{text(platform.sweep)} & ': the run ' & $states.input.run & ' of ' &
                    $states.input.job & ' is ' &
                    ($states.input.status = 'UNKNOWN' ? 'not known to Step Functions' :
                    'over (' & $states.input.status & ')')"""
                ),
            },
            output={},
            failed=sweep_calls.give_up(problem=f"{whose} & ': its task is not stopped'"),
            after=DONE,
        ),
    }
