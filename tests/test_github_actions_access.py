"""What GitHub's workflows may do on AWS: who takes which role, and how far each reaches."""

import json
from collections import Counter
from pathlib import Path

import pulumi_aws as aws
import pytest

from batch.contract import Platform
from batch.documents import github
from batch.documents.github import Access
from batch.documents.statements import policy
from components import GithubActionsAccess
from tests.allowing import Call, allows
from tests.recording import ACCOUNT, CONNECTION, REGION, deploy

ROOT = Path(__file__).parents[1]
PLATFORM = Platform("batch", "test", ACCOUNT, REGION)
ARGS = {
    "platform": CONNECTION,
    "platform_name": "batch",
    "repository": "acme/jobs",
    "state_bucket": "pulumi-state",
}
STATE_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
STATE = "arn:aws:s3:::pulumi-state"


def made(**args):
    return deploy(lambda: GithubActionsAccess("github", {**ARGS, **args}))


@pytest.mark.parametrize(
    ("access", "environment"),
    [("preview", "test-preview"), ("deploy", "test"), ("run", "test-run")],
)
def test_a_role_is_bound_to_one_environment_of_one_repository(access, environment):
    role = made().one(aws.iam.Role, f"github-{access}")

    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": (
                f"repo:acme/jobs:environment:{environment}"
            ),
        }
    }


def test_the_provider_is_made_unless_the_account_has_one():
    given = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"

    own, taken = made(), made(provider_arn=given)

    assert own.one(aws.iam.OpenIdConnectProvider, "github").inputs == {
        "clientIdLists": ["sts.amazonaws.com"],
        "url": "https://token.actions.githubusercontent.com",
    }
    assert taken.of(aws.iam.OpenIdConnectProvider) == []
    trust = json.loads(taken.one(aws.iam.Role, "github-run").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Federated": given}


@pytest.fixture(scope="module")
def policies():
    stateful = {"platform": PLATFORM, "state_bucket": "pulumi-state", "state_key_arn": STATE_KEY}
    statements = {
        Access.PREVIEW: github.preview(**stateful),
        Access.DEPLOY: github.deploy(**stateful, resource_name="batch"),
        Access.RUN: github.run(platform=PLATFORM),
    }
    return {access: policy(found) for access, found in statements.items()}


OWN = Call("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/github/batch-test/github-deploy-1")
TRUSTING = Call(
    "iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/github/batch-test/github-run-1"
)
READ = Call("s3:GetObject", f"{STATE}/.pulumi/stacks/batch/test.json")
LOCK = Call("s3:PutObject", f"{STATE}/.pulumi/locks/organization/batch/test/1.json")
WRITE = Call("s3:PutObject", f"{STATE}/.pulumi/stacks/batch/test.json")
START = Call("states:StartExecution", PLATFORM.state_machine_arn("hello"))
CHANGE = Call("states:UpdateStateMachine", PLATFORM.state_machine_arn("hello"))
RESOLVE = Call("ecr:DescribeImages", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/app")
REVEAL = Call("kms:Decrypt", STATE_KEY)
HIDE = Call("kms:Encrypt", STATE_KEY)


@pytest.mark.parametrize(
    ("access", "allowed", "refused"),
    [
        (Access.PREVIEW, [READ, LOCK, RESOLVE, REVEAL], [WRITE, START, CHANGE, OWN, HIDE]),
        (Access.DEPLOY, [READ, LOCK, WRITE, CHANGE, RESOLVE, REVEAL, HIDE], [OWN, TRUSTING]),
        (Access.RUN, [START], [READ, WRITE, CHANGE, OWN, TRUSTING, REVEAL]),
    ],
    ids=lambda value: value.value if isinstance(value, Access) else "",
)
def test_each_role_reaches_as_far_as_its_work(policies, access, allowed, refused):
    found = {str(call): allows(policies[access], call) for call in [*allowed, *refused]}

    assert found == {str(call): call in allowed for call in [*allowed, *refused]}


INLINE_LIMIT = 10_240
"""Characters of all policies inside a role, without white space ("IAM and AWS STS quotas")."""


@pytest.mark.parametrize("access", Access)
def test_each_policy_fits_into_its_role(access):
    long = {"boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary", "key_arn": STATE_KEY}
    platform = Platform("b" * 15, "s" * 14, ACCOUNT, "ap-southeast-1")
    stateful = {"platform": platform, "state_bucket": "b" * 63, "state_key_arn": STATE_KEY}
    statements = {
        Access.PREVIEW: lambda: github.preview(**stateful, key_arn=STATE_KEY),
        Access.DEPLOY: lambda: github.deploy(**stateful, **long, resource_name="b" * 15),
        Access.RUN: lambda: github.run(platform=platform, key_arn=STATE_KEY),
    }[access]()

    assert len(json.dumps(policy(statements), separators=(",", ":"))) <= INLINE_LIMIT


@pytest.mark.parametrize(
    ("args", "row"),
    [
        (
            {"provider_arn": "arn:aws:iam::1:oidc-provider/x"},
            "| GithubActionsAccess, with the provider that the account has | 6 | 3 Role, "
            "3 RolePolicy |",
        ),
        ({}, "| GithubActionsAccess | 7 | OpenIdConnectProvider, 3 Role, 3 RolePolicy |"),
    ],
)
def test_the_documentation_counts_what_it_makes(args, row):
    kinds = Counter(one.type.rpartition(":")[2] for one in made(**args).custom())
    which = ", ".join(
        f"{number} {kind}" if number > 1 else kind for kind, number in sorted(kinds.items())
    )

    assert row.endswith(f"| {kinds.total()} | {which} |")
    assert row in (ROOT / "docs" / "resources.md").read_text().splitlines()
