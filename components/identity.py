"""Whose account and which region the program deploys to."""

import pulumi
import pulumi_aws as aws

from batch.contract import Platform
from batch.errors import InvalidSettings, Problem
from batch.settings import Settings


def of(settings: Settings, *, parent: pulumi.Resource) -> Platform:
    """Return the platform with its place, after a look at whose credentials these are.

    The calls are not Outputs: every name and ARN of the contract is then known when the program
    runs, and nothing has been made yet when the account turns out to be the wrong one.

    Raises:
        InvalidSettings: the credentials are of another account than the stack's, or its key is
            of another region.
    """
    invoke = pulumi.InvokeOptions(parent=parent)
    account = aws.get_caller_identity(opts=invoke).account_id
    settings.check_account(account)
    region = aws.get_region(opts=invoke).region
    _check_region(settings.kms_key_arn, region)
    return Platform(
        name=settings.name,
        stack=settings.stack,
        account=account,
        region=region,
        partition=aws.get_partition(opts=invoke).partition,
    )


def _check_region(key_arn: str | None, region: str) -> None:
    if key_arn and (of_key := key_arn.split(":")[3]) != region:
        what = f"the key is of {of_key}, the platform of {region}: AWS takes only its own region's"
        fix = f"name a key of {region}, or correct the stack's aws:region"
        raise InvalidSettings([Problem("kmsKeyArn", what, fix)])
