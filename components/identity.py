"""Whose account and which region the program deploys to."""

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.settings import Settings


def of(settings: Settings, *, parent: pulumi.Resource) -> Platform:
    """Return the platform with its place, after a look at whose credentials these are.

    The calls are not Outputs: every name and ARN of the contract is then known when the program
    runs, and nothing has been made yet when the account turns out to be the wrong one.

    Raises:
        InvalidSettings: the credentials are of another account than the stack's.
    """
    invoke = pulumi.InvokeOptions(parent=parent)
    account = aws.get_caller_identity(opts=invoke).account_id
    settings.check_account(account)
    return Platform(
        name=settings.name,
        stack=settings.stack,
        account=account,
        region=aws.get_region(opts=invoke).region,
        partition=aws.get_partition(opts=invoke).partition,
    )
