"""The state machine of a job: one task after another until the command has succeeded.

``docs/state-machine.md`` draws it. Its variables:

``$job``            what the job's code says (``job_input.constants``)
``$run``            the input merged over that
``$record``         what the control table gets to know of the run (``run_record``)
``$started``        how often the command was started before the current task
``$failed``         attempts that failed and were tried again
``$failedStarts``   starts that failed, and interruptions, that were tried again
``$ended``          what became of the last task (``job_outcome``)
``$looks``          how often something was looked up since the time-out

and those of ``admission``. A run's limit counts from ``$admitted``, when it was let in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from batch.contract import Platform, RunError, Tag
from batch.documents import (
    admission,
    job_input,
    job_outcome,
    machine_logs,
    run_record,
    task_end,
)
from batch.documents.jsonata import delay, expression, literal, longest_delay
from batch.documents.statements import Statement, allow
from batch.job import Backoff, Job
from batch.job.limits import LONGEST as _LONGEST

RUN: Final = "Run the command"
_VERDICT: Final = "What happened?"


def definition(
    *,
    platform: Platform,
    job: Job,
    family: str,
    container: str,
    subnets: Sequence[str],
    security_groups: Sequence[str],
    public_ip: bool,
    project: str,
    history_days: int = 400,
    group_limit: int | None = None,
    success_messages: bool = True,
) -> dict[str, Any]:
    """Return the definition of the state machine of ``job``.

    Args:
        family: the task definition's family; ECS takes its newest revision, so that a new image
            reaches every machine without a change of this document.
        container: the name of the container that runs the command.
        project: the Pulumi project, for the tag of the tasks.
        history_days: how long the record of a run is kept.
        group_limit: the number of places of the job's concurrency group.
        success_messages: whether a success is told, where the job does not say.
    """
    document: dict[str, Any] = {
        "Comment": job.description or f"Runs {job.name} on {platform.prefix}",
        "QueryLanguage": "JSONata",
        "StartAt": "Job",
    }
    if job.run_timeout_seconds is not None:
        # Only what goes wrong is ended by it: what is left of a run's limit bounds its attempts.
        document["TimeoutSeconds"] = min(
            job.run_timeout_seconds + job.longest_wait_seconds, _LONGEST
        )
    run: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"arn:{platform.partition}:states:::ecs:runTask.sync",
        "Arguments": {
            "Cluster": platform.cluster_arn,
            "TaskDefinition": family,
            "CapacityProviderStrategy": [{"CapacityProvider": _capacity(job), "Weight": 1}],
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": list(subnets),
                    "SecurityGroups": list(security_groups),
                    "AssignPublicIp": "ENABLED" if public_ip else "DISABLED",
                }
            },
            "Overrides": job_input.overrides(container=container),
            "EnableECSManagedTags": True,
            # Those of the stack (default_tags) are on the task definition.
            "PropagateTags": "TASK_DEFINITION",
            "Tags": _tags(platform, job, project),
        },
        "Assign": {"ended": job_outcome.of_result(container=container)},
        "Output": {},
        "Catch": [
            {
                "ErrorEquals": ["States.Timeout"],
                "Assign": {
                    "ended": job_outcome.of_timeout(
                        job.attempt_timeout_seconds,
                        job.run_timeout_seconds,
                        left=_left(job),
                    ),
                    "looks": 0,
                },
                "Output": {},
                "Next": task_end.find(),
            },
            # Only a redrive makes an expression of this state fail, and another start would, too.
            {
                "ErrorEquals": ["States.QueryEvaluationError"],
                "Assign": {"ended": job_outcome.of_error(container=container)},
                "Output": {},
                "Next": "Never started",
            },
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"ended": job_outcome.of_error(container=container)},
                "Output": {},
                "Next": _VERDICT,
            },
        ],
        "Next": _VERDICT,
    }
    if job.run_timeout_seconds is not None:
        longest = [_left(job)]
        if job.attempt_timeout_seconds is not None:
            longest.append(str(job.attempt_timeout_seconds))
        run["TimeoutSeconds"] = expression(f"$max([1, $min([{', '.join(longest)}])])")
    elif job.attempt_timeout_seconds is not None:
        run["TimeoutSeconds"] = job.attempt_timeout_seconds
    document["States"] = {
        "Job": {
            "Type": "Pass",
            "Output": job_input.constants(job),
            "Next": "Read the input",
        },
        "Read the input": {
            "Type": "Pass",
            "Assign": {
                "job": expression("$states.input"),
                "run": job_input.read(container=container),
                "record": run_record.item(
                    job=job,
                    container=container,
                    history_days=history_days,
                    success_messages=success_messages,
                ),
                "started": 0,
                "failed": 0,
                "failedStarts": 0,
                **admission.variables(),
            },
            # Kept out of every later state, where it would be in the history again and again.
            "Output": {},
            "Next": "Input is right?",
        },
        "Input is right?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$exists($run.problems)"), "Next": "Record the refusal"},
                *admission.too_late(job),
            ],
            "Default": admission.START,
        },
        # As a run that has begun: whoever records its end finds it, even if no event tells of it.
        "Record the refusal": run_record.put(
            platform, run_record.BEGUN, failed="Input refused", after="Input refused"
        ),
        **admission.states(platform=platform, job=job, group_limit=group_limit, after=RUN),
        RUN: run,
        **task_end.states(
            platform=platform,
            seen=job_outcome.of_task(container=container),
            after=_VERDICT,
            lost="Task lost",
        ),
        _VERDICT: _verdict(job),
        **_waits(job),
        **_ends(),
    }
    return document


def told(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a deployed definition says of its job, for people.

    Returns:
        ``commands``, ``cpu``, ``memory``, ``environment``, ``secrets`` (names) as the job has
        them, ``attemptSeconds`` and ``runSeconds`` (None without a limit) and ``taskDefinition``,
        the family. Empty for a machine that is not of this form.
    """
    states = definition.get("States", {})
    if not {"Job", RUN} <= states.keys():
        return {}
    return {
        "attemptSeconds": None,
        "runSeconds": None,
        **states["Job"]["Output"],
        "taskDefinition": states[RUN]["Arguments"]["TaskDefinition"],
    }


def permissions(*, platform: Platform, key_arn: str = "") -> list[Statement]:
    """Return what the role of the platform's machines needs, for every job and run-task.

    Args:
        key_arn: the key of the control table, empty if it has none of its own.
    """
    definitions = [
        platform.arn("ecs", f"task-definition/{family}:*")
        for family in (platform.family(), platform.family("*"))
    ]
    tasks = [platform.arn("ecs", f"task/{platform.prefix}/*")]
    cluster = {"ecs:cluster": platform.cluster_arn}
    return [
        *admission.permissions(platform=platform, key_arn=key_arn),
        allow(["ecs:RunTask"], definitions, ArnEquals=cluster),
        allow(["ecs:StopTask", "ecs:DescribeTasks"], tasks, ArnEquals=cluster),
        allow(["ecs:TagResource"], tasks, StringEquals={"ecs:CreateAction": "RunTask"}),
        allow(
            ["iam:PassRole"],
            [platform.roles_arn],
            StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
        ),
        # The rule by which Step Functions hears that a task of .sync has ended. It makes it.
        allow(
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [platform.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")],
        ),
        # Where the machine finds the task of an attempt that timed out.
        allow(["states:GetExecutionHistory"], [platform.execution_arn("*", "*")]),
        *machine_logs.permissions(),
    ]


def _capacity(job: Job) -> str:
    """Return the capacity provider. ECS falls back from Spot to nothing: the machine does."""
    if not job.spot:
        return "FARGATE"
    if job.start_retry.attempts == 1:
        return "FARGATE_SPOT"
    last = job.start_retry.attempts - 1
    return expression(f"$failedStarts < {last} ? 'FARGATE_SPOT' : 'FARGATE'")


def _tags(platform: Platform, job: Job, project: str) -> list[dict[str, Any]]:
    tags = {
        Tag.PLATFORM: platform.prefix,
        Tag.JOB: job.name,
        Tag.OWNER: job.owner,
        Tag.PROJECT: project,
    }
    return [
        {"Key": key.value, "Value": literal(value)} for key, value in sorted(tags.items()) if value
    ]


def _verdict(job: Job) -> dict[str, Any]:
    attempts_left = f"$failed + 1 < {job.retry.attempts}{_in_time(job, job.retry, '$failed')}"
    starts_left = (
        f"$failedStarts + 1 < {job.start_retry.attempts}"
        f"{_in_time(job, job.start_retry, '$failedStarts')}"
    )
    tried_again = [job_outcome.FAILED, job_outcome.TIMED_OUT]
    if job.retry.exit_codes:
        codes = ", ".join(str(code) for code in sorted(job.retry.exit_codes))
        attempts_left += f" and $ended.exitCode in [{codes}]"
        tried_again = [job_outcome.FAILED]
    infrastructure = [job_outcome.NOT_STARTED, job_outcome.INTERRUPTED]
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": job_outcome.is_kind(*kinds, and_also=condition), "Next": target}
            for kinds, condition, target in (
                ([job_outcome.SUCCEEDED], "", "Succeeded"),
                (tried_again, attempts_left, "Wait before another attempt"),
                (infrastructure, starts_left, "Wait before another start"),
                ([job_outcome.FAILED], "", "Command failed"),
                ([job_outcome.TIMED_OUT], "", "Attempt timed out"),
                ([job_outcome.NOT_STARTED], "", "Never started"),
            )
        ],
        "Default": "Task stopped",
    }


def _left(job: Job) -> str:
    """Return what is left of the run's limit when the state is entered, in seconds."""
    if job.run_timeout_seconds is None:
        return ""
    spent = "($toMillis($states.context.State.EnteredTime) - $toMillis($admitted)) / 1000"
    return f"$ceil({job.run_timeout_seconds} - {spent})"


def _in_time(job: Job, backoff: Backoff, tried: str) -> str:
    """Return the condition that the run's limit leaves time for another wait."""
    if job.run_timeout_seconds is None or backoff.attempts == 1:
        return ""
    return f" and {longest_delay(backoff, tried=tried)} < {_left(job)}"


def _waits(job: Job) -> dict[str, Any]:
    started = expression(job_outcome.ATTEMPTS)
    return {
        "Wait before another attempt": {
            "Type": "Wait",
            "Seconds": expression(delay(job.retry, tried="$failed")),
            "Assign": {"started": started, "failed": expression("$failed + 1")},
            "Next": RUN,
        },
        "Wait before another start": {
            "Type": "Wait",
            "Seconds": expression(delay(job.start_retry, tried="$failedStarts")),
            "Assign": {"started": started, "failedStarts": expression("$failedStarts + 1")},
            "Next": RUN,
        },
    }


def _ends() -> dict[str, Any]:
    failed = {
        "Command failed": RunError.EXIT_CODE,
        "Attempt timed out": RunError.TIMED_OUT,
        "Never started": RunError.NOT_STARTED,
        "Task stopped": RunError.STOPPED,
    }
    return {
        "Task lost": {
            "Type": "Pass",
            "Assign": {
                "ended": expression(
                    "$merge([$ended, {'reason': $ended.reason &"
                    " ', and its task was not seen to stop: it may still run'}])"
                )
            },
            "Next": "Attempt timed out",
        },
        "Succeeded": {"Type": "Succeed", "Output": job_outcome.result()},
        admission.FAILED: {
            "Type": "Fail",
            "Error": RunError.NOT_STARTED.value,
            "Cause": job_outcome.not_admitted(),
        },
        "Input refused": {
            "Type": "Fail",
            "Error": RunError.NOT_STARTED.value,
            "Cause": job_outcome.refusal(),
        },
        **{
            name: {"Type": "Fail", "Error": error.value, "Cause": job_outcome.cause()}
            for name, error in failed.items()
        },
    }
