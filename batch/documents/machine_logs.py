"""What a state machine needs to log, whatever else it does."""

from __future__ import annotations

from batch.documents.statements import Statement, allow


def permissions() -> list[Statement]:
    """Return what the role of a machine needs to write to its log group."""
    # "*": the API of vended logs supports neither resources nor conditions
    # (Step Functions, "IAM policies for logging to CloudWatch Logs").
    return [
        allow(
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            ["*"],
        )
    ]
