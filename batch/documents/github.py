"""What GitHub Actions may do on AWS, by OpenID Connect: no key is kept anywhere.

A token names the repository and the environment of the job that asks ("About security hardening
with OpenID Connect", GitHub). Each role takes the tokens of one environment, and who may use that
environment is said on GitHub: reviewers, branches.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from batch.contract import Platform
from batch.documents import administrator, people
from batch.documents.statements import Policy, Statement, allow, policy

HOST: Final = "token.actions.githubusercontent.com"
"""The issuer of the tokens, without its scheme."""

AUDIENCE: Final = "sts.amazonaws.com"
"""For whom aws-actions/configure-aws-credentials has them made."""


class Access(StrEnum):
    """What a role is for."""

    PREVIEW = "preview"
    DEPLOY = "deploy"
    RUN = "run"


def environment(access: Access, stack: str) -> str:
    """Return the environment on GitHub whose jobs take a role."""
    return stack if access is Access.DEPLOY else f"{stack}-{access.value}"


def trust(*, provider_arn: str, repository: str, environment: str) -> Policy:
    """Return the trust of a role: one environment of one repository.

    Args:
        provider_arn: the OpenID Connect provider of the account.
        repository: ``owner/name``.
        environment: the environment's name.
    """
    claims = {
        f"{HOST}:aud": AUDIENCE,
        f"{HOST}:sub": f"repo:{repository}:environment:{environment}",
    }
    return policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": claims},
            }
        ]
    )


def preview(
    *, platform: Platform, state_bucket: str, state_key_arn: str = "", key_arn: str = ""
) -> list[Statement]:
    """Return what ``pulumi preview`` calls, and what resolves an image's tag.

    Args:
        state_bucket: the name of the bucket of Pulumi's state.
        state_key_arn: the key of the stack's secrets, empty if there is none in this account.
        key_arn: the key of the control table, empty if it has none of its own.
    """
    return [
        *people.viewer(platform=platform, key_arn=key_arn)["Statement"],
        # "*": these support no resource, and no condition.
        allow(
            ["ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
            ["*"],
        ),
        *_images(platform),
        *_state(platform, state_bucket, state_key_arn, write=False),
    ]


def deploy(
    *,
    platform: Platform,
    resource_name: str,
    state_bucket: str,
    state_key_arn: str = "",
    boundary_arn: str = "",
    key_arn: str = "",
) -> list[Statement]:
    """Return what ``pulumi up`` of the platform calls.

    It does not reach the roles of this module: those are on a path of their own.

    Args:
        resource_name: the name of the platform's resource.
        state_bucket: the name of the bucket of Pulumi's state.
        state_key_arn: the key of the stack's secrets, empty if there is none in this account.
        boundary_arn: the boundary of every role, empty if there is none.
        key_arn: the customer's key, empty if there is none.
    """
    admin = administrator.admin(
        platform=platform, name=resource_name, boundary_arn=boundary_arn, key_arn=key_arn
    )
    return [
        *admin["Statement"],
        *_images(platform),
        *_state(platform, state_bucket, state_key_arn, write=True),
    ]


def run(*, platform: Platform, key_arn: str = "") -> list[Statement]:
    """Return what ``batchctl run`` and ``batchctl schedule`` call.

    Args:
        key_arn: the key of the control table, empty if it has none of its own.
    """
    statements: list[Statement] = people.runner(platform=platform, key_arn=key_arn)["Statement"]
    return statements


def _images(platform: Platform) -> list[Statement]:
    """Return what resolving a tag to a digest takes, in any repository of the account."""
    return [allow(["ecr:DescribeImages"], [platform.arn("ecr", "repository/*")])]


def _state(platform: Platform, bucket: str, key_arn: str, *, write: bool) -> list[Statement]:
    """Return what Pulumi's state in a bucket takes. Who only reads it locks it all the same."""
    arn = f"arn:{platform.partition}:s3:::{bucket}"
    written = ".pulumi/*" if write else ".pulumi/locks/*"
    statements = [
        allow(["s3:ListBucket"], [arn]),
        allow(["s3:GetObject"], [f"{arn}/.pulumi/*"]),
        allow(["s3:DeleteObject", "s3:PutObject"], [f"{arn}/{written}"]),
    ]
    if key_arn:
        actions = ["kms:Decrypt", *(["kms:Encrypt", "kms:GenerateDataKey"] if write else [])]
        statements.append(allow(actions, [key_arn]))
    return statements
