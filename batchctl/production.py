"""What changes something in production is confirmed first, by the stack's name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batchctl.aws import Aws


def yes_option(command: Any) -> Any:
    """Add ``--yes``; the command gets ``yes``."""
    return click.option("--yes", is_flag=True, help="Change production without being asked.")(
        command
    )


def confirm(aws: Aws, *, yes: bool) -> None:
    """Return if the platform may be changed: it is not production, or somebody says so.

    Raises:
        click.UsageError: Nobody is there to be asked.
        OperatorError: Whoever was asked typed something else.
    """
    from batchctl.errors import OperatorError

    if yes or not _is_production(aws):
        return
    stack = aws.target.stack
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{stack} is production, and there is no terminal to confirm it at; give --yes"
        )
    asked = f"{aws.platform.prefix} is production. Type {stack} to go on"
    if click.prompt(asked, err=True, default="", show_default=False).strip() != stack:
        raise OperatorError(f"{stack}: not confirmed, nothing was changed; type its name, or --yes")


def _is_production(aws: Aws) -> bool:
    """Return what the stack's file says, or else what the deployed platform says of itself."""
    from batch.contract import RUN_TASK, Tag
    from batchctl.errors import NotDeployed

    if aws.target.production is not None:
        return aws.target.production
    arn = aws.platform.state_machine_arn(RUN_TASK)
    try:
        tags = aws.machines.list_tags_for_resource(resourceArn=arn)["tags"]
    except aws.machines.exceptions.ResourceNotFound:
        raise NotDeployed(aws.platform) from None
    return {"key": Tag.PRODUCTION.value, "value": "true"} in tags
