"""Roles for tests that are not about them."""

from __future__ import annotations

import json
from typing import Any

SERVICES = (
    "chatbot.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "events.amazonaws.com",
    "scheduler.amazonaws.com",
    "states.amazonaws.com",
)


def open_role(iam: Any, name: str = "r", *, path: str = "/") -> str:
    """Make a role that every service may take and that may do everything; return its ARN.

    Asked for again, it is the same one.
    """
    for role in iam.list_roles(PathPrefix=path)["Roles"]:
        if role["RoleName"] == name:
            return str(role["Arn"])
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": list(SERVICES)},
        "Action": "sts:AssumeRole",
    }
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    made = iam.create_role(
        RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="everything",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    return str(made["Role"]["Arn"])


def open_policy(arn: str, action: str) -> str:
    """Return a policy with which everybody, services too, may do ``action`` to a resource."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
