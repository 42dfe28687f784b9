"""Jobs of the data team: one with a size, an environment and a secret of its own."""

import pulumi
import pulumi_aws as aws

from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register the export, and the parameter that its token is kept in."""
    token = aws.ssm.Parameter(
        "export-token",
        name=pulumi.Output.concat("/batch/", platform.platform_name, "/export-token"),
        description="Token of the export's target",
        type="SecureString",
        # Only the place is code. The token is put there by hand and stays out of Pulumi's state:
        # aws ssm put-parameter --overwrite --name /batch/batch-stg/export-token --value ...
        value="not set yet",
        opts=pulumi.ResourceOptions(ignore_changes=["value"]),
    )
    ScheduledJob(
        "sized-export",
        {
            "platform": platform.connection,
            "description": "Exports the day's orders",
            "shell": (
                'echo "exporting to $EXPORT_TARGET with a token of ${#EXPORT_TOKEN} characters"; '
                'seq 1 3 | while read -r part; do echo "part $part of 3"; done'
            ),
            "cpu": 1024,
            "memory": 4096,
            "environment": {"EXPORT_TARGET": "warehouse"},
            "secrets": {"EXPORT_TOKEN": token.arn},
            "schedule": "rate(6 hours)",
            "attempt_timeout": "1h",
            "owner": "data",
        },
    )
