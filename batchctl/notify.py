"""``batchctl notify``: whether messages arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.production import yes_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batchctl.aws import Aws

_LONGEST_SECONDS = 120
"""That the messages may take. Each is one call, tried again where SNS refuses."""

_JOB = "notify-test"
"""A name for a job that there is not: what P_recorder reads of it is nothing."""


@click.group()
def notify() -> None:
    """Try out the messages to the channels.

    Example: batchctl notify test --env prod
    """


@notify.command()
@yes_option
@target_options
@json_option
def test(yes: bool, target: Target, *, as_json: bool) -> None:
    """Send one message of each kind, marked as a test, to the platform's channels.

    P_recorder sends them, as it does those of runs: what arrives has gone the whole way. What does
    not arrive was lost behind the topics; docs/notifications.md says where to look.

    Example: batchctl notify test --env prod
    """
    from batchctl import output, production
    from batchctl.aws import Aws

    aws = Aws(target)
    production.confirm(aws, yes=yes)
    sent = _sent(aws, _start(aws))
    if as_json:
        output.write_json({"sent": sent})
        return
    output.write_table(
        ("MESSAGE", "TOPIC"), [(one["message"], one["topic"].rpartition(":")[2]) for one in sent]
    )
    output.note(f"{len(sent)} messages sent; now look into the channels")


def _start(aws: Aws) -> str:
    import json

    from batchctl import deployed, runs
    from batchctl.errors import AwsRefused, NotDeployed

    platform = aws.platform
    name = runs.new_name("test")
    asked = {
        "test": True,
        "requestedBy": aws.caller,
        "detail": {
            "stateMachineArn": platform.state_machine_arn(_JOB),
            "executionArn": platform.execution_arn(_JOB, name),
            "name": name,
            "status": "SUCCEEDED",
        },
    }
    try:
        started = aws.machines.start_execution(
            stateMachineArn=platform.own_machine_arn(platform.recorder),
            name=name,
            input=json.dumps(asked, sort_keys=True),
        )
    except aws.machines.exceptions.StateMachineDoesNotExist:
        if not deployed.exists(aws):
            raise NotDeployed(platform) from None
        raise AwsRefused(
            f"{platform.recorder}: the platform has no such machine; "
            "an earlier version deployed it: deploy it with this one"
        ) from None
    return started["executionArn"]


def _sent(aws: Aws, arn: str) -> list[dict[str, str]]:
    """Return what was sent, once P_recorder is done."""
    import json
    import time

    from batchctl import runs
    from batchctl.errors import AwsRefused

    last = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < last:
        try:
            execution: Any = aws.machines.describe_execution(executionArn=arn)
        except aws.machines.exceptions.ExecutionDoesNotExist:
            execution = {"status": "RUNNING"}  # Step Functions does not know it yet.
        if execution["status"] == "SUCCEEDED":
            sent: list[dict[str, str]] = json.loads(execution.get("output") or "{}").get("sent", [])
            return sent
        if execution["status"] != "RUNNING":
            why = execution.get("cause") or execution.get("error") or execution["status"]
            raise AwsRefused(
                f"{aws.platform.recorder}: the messages were not sent: {why}; "
                "see docs/notifications.md"
            )
        runs.pause(aws)
    raise AwsRefused(
        f"{aws.platform.recorder}: the messages are not sent after {_LONGEST_SECONDS} s; "
        f"look at its execution {arn}"
    )
