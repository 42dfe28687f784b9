"""Which of the policies for people has an action. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase

from batch.contract import Platform
from batch.documents import administrator, people
from batch.documents import doctor as examination
from batch.documents.statements import Policy

# Which actions a policy has is the same for every platform.
_ANY = Platform("batch", "any", "000000000000", "us-east-1")


def having(action: str) -> list[str]:
    """Return the policies that have ``action`` on something, the narrowest first."""
    return [name for name, policy in _policies().items() if _has(policy, action)]


def _policies() -> dict[str, Policy]:
    boundary = "arn:aws:iam::000000000000:policy/boundary"
    return {
        "viewer": people.viewer(platform=_ANY),
        "runner": people.runner(platform=_ANY),
        "doctor": examination.doctor(platform=_ANY),
        "deployer": people.deployer(platform=_ANY, boundary_arn=boundary),
        "admin": administrator.admin(platform=_ANY, name="batch"),
    }


def _has(policy: Policy, action: str) -> bool:
    patterns = [pattern for one in policy["Statement"] for pattern in one["Action"]]
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
