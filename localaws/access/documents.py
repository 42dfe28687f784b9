"""The policies that moto keeps: of roles, topics, queues and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend

AWS_OWN = "alias/aws/"
"""What the aliases of AWS's own keys begin with."""


@dataclass(frozen=True)
class Role:
    """A role as far as its rights go."""

    arn: str
    trust: str
    policies: tuple[str, ...]
    """The texts of its inline and its attached policies."""
    boundary: str | None
    """The text of its permissions boundary, empty if there is no such policy."""


def parts(arn: str) -> tuple[str, str, str, str]:
    """Return service, region, account and resource of an ARN."""
    _, _, service, region, account, resource = (arn.split(":", 5) + [""] * 6)[:6]
    return service, region, account, resource


def backend(service: str, account: str, region: str) -> Any:
    """Return what moto keeps of a service; its modules are loaded when somebody asks."""
    return get_backend(service)[account][region]


def role(arn: str) -> Role | None:
    """Return a role, or None if there is none."""
    account = parts(arn)[2]
    if not account:
        return None
    iam = backend("iam", account, arn.split(":")[1])
    found = next((r for r in tuple(iam.roles.values()) if r.arn == arn), None)
    if found is None:
        return None
    attached = tuple(_default(policy) for policy in found.managed_policies.values())
    boundary = found.permissions_boundary_arn
    return Role(
        arn,
        found.assume_role_policy_document,
        (*found.policies.values(), *attached),
        None if not boundary else _managed(iam, boundary),
    )


def _managed(iam: Any, arn: str) -> str:
    found = iam.managed_policies.get(arn)
    return _default(found) if found else ""


def _default(policy: Any) -> str:
    version = next(v for v in policy.versions if v.is_default_version)
    return str(version.document)


@dataclass(frozen=True)
class Resource:
    """A topic or a queue: its policy and its key, empty if it has none."""

    policy: str
    key: str


def topic(arn: str) -> Resource | None:
    """Return a topic, or None if there is none."""
    _, region, account, _ = parts(arn)
    found = backend("sns", account, region).topics.get(arn) if account else None
    return found and Resource(found.policy, found.kms_master_key_id or "")


def queue(arn: str) -> Resource | None:
    """Return a queue, or None if there is none."""
    _, region, account, name = parts(arn)
    found = backend("sqs", account, region).queues.get(name) if account else None
    return found and Resource(found.policy or "", found.kms_master_key_id or "")


def key(name: str, *, account: str, region: str) -> tuple[str, str]:
    """Return the ARN and the policy of a key by id, ARN or alias; no policy if there is none.

    A key of AWS's own is known by its alias.
    """
    if name.startswith("arn:"):
        _, region, account, resource = parts(name)
        name = resource if resource.startswith("alias/") else resource.removeprefix("key/")
    if name.startswith(AWS_OWN):
        return f"arn:aws:kms:{region}:{account}:{name}", ""
    keys = backend("kms", account, region).keys
    found = keys.get(name) or next((k for k in tuple(keys.values()) if name in k.aliases), None)
    if found is None:
        return f"arn:aws:kms:{region}:{account}:key/{name}", ""
    own = next((alias for alias in found.aliases if alias.startswith(AWS_OWN)), None)
    if own is not None:
        return f"arn:aws:kms:{region}:{account}:{own}", ""
    return str(found.arn), str(found.policy)
