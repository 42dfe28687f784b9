"""What people may do: look on, start and stop runs, deploy jobs. IAM policies, one a person's task.

Each goes into a managed policy, or into a permission set of IAM Identity Center. Whoever deploys
the whole platform has ``administrator`` instead. What each leaves open: docs/permissions.md.
"""

from __future__ import annotations

from typing import Any, Final

from batch import control
from batch.contract import RUN_TASK, Platform, Tag
from batch.documents import keys
from batch.documents.statements import Policy, Statement, allow, policy

SIZE_LIMIT: Final = 6144
"""Characters of a managed policy, without white space ("IAM and AWS STS quotas")."""

_VERBS: Final = ("Create", "Delete", "Get", "Update")


def viewer(*, platform: Platform, key_arn: str = "") -> Policy:
    """Return what ``batchctl ls``, ``show``, ``next``, ``history``, ``why`` and ``logs`` call.

    Args:
        key_arn: the key of the control table, empty if it has none of its own.
    """
    return policy(
        [
            *_read_runs(platform, key_arn),
            allow(
                ["states:DescribeStateMachine", "states:ListTagsForResource"],
                [platform.state_machine_arn("*")],
            ),
            allow(
                ["scheduler:GetSchedule"],
                [
                    platform.arn("scheduler", f"schedule/{group}/*")
                    for group in (platform.schedule_group, platform.manual_schedule_group)
                ],
            ),
            # "*": these lists support no resource, and no condition.
            allow(
                ["scheduler:ListSchedules", "states:ListStateMachines", "tag:GetResources"], ["*"]
            ),
        ]
    )


def runner(*, platform: Platform, key_arn: str = "") -> Policy:
    """Return what starting, following, stopping, pausing and scheduling runs take.

    It is for an operator, or for CI. A schedule made by hand starts what this may start anyway.

    The run's input replaces command and environment of a job, and no condition of IAM looks into
    it: whoever starts a job has what the job's own role and secrets give.

    Args:
        key_arn: the key of the control table, empty if it has none of its own.
    """
    return policy(
        [
            *_read_runs(platform, key_arn),
            allow(["states:StartExecution"], [platform.state_machine_arn("*")]),
            # Whether it is production, which is asked before anything is changed.
            allow(["states:ListTagsForResource"], [platform.state_machine_arn(RUN_TASK)]),
            allow(["states:StopExecution"], [platform.execution_arn("*", "*")]),
            _write(platform, control.PAUSES, "DeleteItem", "PutItem"),
            allow(
                [f"scheduler:{verb}Schedule" for verb in _VERBS],
                [platform.arn("scheduler", f"schedule/{platform.manual_schedule_group}/*")],
            ),
            # A backfill reads a job's times, a schedule made by hand takes role and queue of one.
            allow(
                ["scheduler:GetSchedule"],
                [platform.arn("scheduler", f"schedule/{platform.schedule_group}/*")],
            ),
            # Of the platform's roles one trusts Scheduler.
            allow(
                ["iam:PassRole"],
                [platform.roles_arn],
                StringEquals={"iam:PassedToService": ["scheduler.amazonaws.com"]},
            ),
            # "*": the lists support no resource, and no condition.
            allow(["scheduler:ListSchedules", "states:ListStateMachines"], ["*"]),
        ]
    )


def deployer(*, platform: Platform, boundary_arn: str = "", key_arn: str = "") -> Policy:
    """Return what a team's own project takes to deploy jobs on the platform.

    Args:
        boundary_arn: the boundary of every role. Without one it may make no role: a role that it
            wrote itself and could hand to a task would make it anything.
        key_arn: the key of the control table, empty if it has none of its own.
    """
    machines = [platform.state_machine_arn("*")]
    families = [platform.arn("ecs", f"task-definition/{platform.family('*')}:*")]
    schedules = [platform.arn("scheduler", f"schedule/{platform.schedule_group}/*")]
    return policy(
        [
            allow(
                [
                    "states:CreateStateMachine",
                    "states:DescribeStateMachine",
                    "states:ListStateMachineVersions",
                    "states:ListTagsForResource",
                ],
                machines,
            ),
            # The machine for any command is the platform's. So is every one named P_...
            allow(
                [
                    "states:DeleteStateMachine",
                    "states:TagResource",
                    "states:UntagResource",
                    "states:UpdateStateMachine",
                ],
                machines,
                StringNotEquals={f"aws:ResourceTag/{Tag.JOB}": RUN_TASK},
            ),
            allow([f"scheduler:{verb}Schedule" for verb in _VERBS], schedules),
            _write(
                platform, control.EXPECTATIONS, "DeleteItem", "GetItem", "PutItem", "UpdateItem"
            ),
            *keys.use(platform, key_arn, "dynamodb"),
            allow(
                [
                    "ecs:ListTagsForResource",
                    "ecs:RegisterTaskDefinition",
                    "ecs:TagResource",
                    "ecs:UntagResource",
                ],
                families,
            ),
            # "*": they support no resource, and no condition.
            allow(
                [
                    "ecs:DeregisterTaskDefinition",
                    "ecs:DescribeTaskDefinition",
                    "states:ValidateStateMachineDefinition",
                ],
                ["*"],
            ),
            # Each role of the platform trusts one service: none can be handed to another.
            allow(
                ["iam:PassRole"],
                [platform.roles_arn],
                StringEquals={
                    "iam:PassedToService": [
                        "ecs-tasks.amazonaws.com",
                        "scheduler.amazonaws.com",
                        "states.amazonaws.com",
                    ]
                },
            ),
            *roles(platform.job_roles_arn, boundary_arn=boundary_arn, bounded_only=True),
        ]
    )


def roles(arn: str, *, boundary_arn: str, bounded_only: bool) -> list[Statement]:
    """Return what making roles takes, within the boundary where there is one.

    Args:
        bounded_only: without a boundary nothing can be made or changed.
    """
    read = [
        "iam:GetRole*",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
    ]
    if bounded_only and not boundary_arn:
        return [allow(read, [arn])]
    change = [
        "iam:DeleteRole",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole*",
    ]
    within: dict[str, Any] = (
        {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}} if boundary_arn else {}
    )
    return [
        allow([*read, *change], [arn]),
        # IAM knows the boundary of a role in these actions alone. Nobody here may take it away:
        # that would be DeleteRolePermissionsBoundary, or another one by Put.
        allow(
            [
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            [arn],
            **within,
        ),
    ]


def _write(platform: Platform, partition: str, *verbs: str) -> Statement:
    """Return what changing the items of one partition of the control table takes."""
    own: dict[str, Any] = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [partition]},
        # Of a call without a key, all values are those.
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    return allow([f"dynamodb:{verb}" for verb in verbs], [platform.control_table_arn], **own)


def _read_runs(platform: Platform, key_arn: str) -> list[Statement]:
    """Return what the state of a run, its record and its log lines take."""
    logs = platform.log_group_arn(platform.task_log_group)
    table = platform.control_table_arn
    return [
        allow(["dynamodb:BatchGetItem", "dynamodb:GetItem"], [table]),
        allow(["dynamodb:Query"], [table, f"{table}/index/*"]),
        *keys.use(platform, key_arn, "dynamodb"),
        allow(
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [platform.execution_arn("*", "*")],
        ),
        allow(["logs:GetLogEvents"], [f"{logs}:log-stream:*"]),
    ]
