"""The control table: what a platform remembers between runs (``batch.control`` says what)."""

import pulumi
import pulumi_aws as aws

from batch import control
from batch.contract import Platform, Tag
from batch.settings import Settings


def make(
    name: str,
    *,
    platform: Platform,
    settings: Settings,
    key_arn: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> aws.dynamodb.Table:
    """Make the table. In production it is protected, from Pulumi and from everybody else."""
    keys = {control.PARTITION_KEY, control.SORT_KEY}
    for index in control.INDEXES.values():
        keys.update(index)
    return aws.dynamodb.Table(
        f"{name}-control",
        name=platform.control_table,
        billing_mode="PAY_PER_REQUEST",
        hash_key=control.PARTITION_KEY,
        range_key=control.SORT_KEY,
        attributes=[{"name": key, "type": "S"} for key in sorted(keys)],
        global_secondary_indexes=[
            {
                "name": index,
                "key_schemas": [
                    {"attribute_name": hash_key, "key_type": "HASH"},
                    {"attribute_name": range_key, "key_type": "RANGE"},
                ],
                "projection_type": "ALL",
            }
            for index, (hash_key, range_key) in sorted(control.INDEXES.items())
        ],
        ttl={"attribute_name": control.TTL, "enabled": True},
        point_in_time_recovery={"enabled": True},
        # Without a key of its own it is encrypted with one that DynamoDB owns.
        server_side_encryption={"enabled": True, "kms_key_arn": key_arn} if key_arn else None,
        deletion_protection_enabled=settings.production,
        tags={Tag.PLATFORM.value: platform.prefix, Tag.PROJECT.value: pulumi.get_project()},
        opts=pulumi.ResourceOptions(parent=parent, protect=settings.production or None),
    )
