"""IAM statements, policies and trusts as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
Policy = dict[str, Any]

VERSION = "2012-10-17"


def allow(
    actions: Sequence[str], resources: Sequence[str], **conditions: Mapping[str, Any]
) -> Statement:
    """Return a statement of an identity's policy.

    Args:
        conditions: operator to keys, for instance ``ArnEquals={"ecs:cluster": arn}``.
    """
    statement: Statement = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return _with_conditions(statement, conditions)


def allow_service(
    service: str,
    actions: Sequence[str],
    resources: Sequence[str],
    **conditions: Mapping[str, Any],
) -> Statement:
    """Return a statement of a resource's policy: an AWS service is the principal."""
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions),
        "Resource": list(resources),
    }
    return _with_conditions(statement, conditions)


def policy(statements: Sequence[Statement]) -> Policy:
    """Return the policy of ``statements``."""
    return {"Version": VERSION, "Statement": list(statements)}


def trust(service: str, *, account: str, source_arns: Sequence[str] = ()) -> Policy:
    """Return the trust of a role that ``service`` assumes, only on behalf of ``account``.

    Without the conditions any other account's resource could have the service use this role
    ("The confused deputy problem" in IAM's user guide).

    Args:
        source_arns: patterns of the resources for which the role is assumed; empty for any.
    """
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if source_arns:
        conditions["ArnLike"] = {"aws:SourceArn": list(source_arns)}
    return policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": conditions,
            }
        ]
    )


def _with_conditions(
    statement: Statement, conditions: Mapping[str, Mapping[str, Any]]
) -> Statement:
    if conditions:
        statement["Condition"] = {operator: dict(keys) for operator, keys in conditions.items()}
    return statement
