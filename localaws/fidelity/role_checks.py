"""What is made with a role is refused if the role is not fit for it.

Step Functions looks whether it may take the role, may write the logs that are asked for, and may
make the rule by which it hears of a task's end; Scheduler whether it may take the role. moto
takes any ARN for a role.
"""

from __future__ import annotations

from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localaws.access.authorization import Caller, Refused, assumed, require_all
from localaws.access.policy import Request
from localaws.fidelity.patching import patch, wrap

_LOGGING: Final = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
"""What vended logs need ("IAM policies for logging to CloudWatch Logs")."""

_MANAGED_RULE: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_SYNC: Final = ":states:::ecs:runTask.sync"


class AccessDenied(AWSError):  # type: ignore[misc] # moto is not typed
    """The role of a state machine is not fit for it."""

    TYPE = "AccessDeniedException"
    STATUS = 400


def _check_machine(
    machine_arn: str, role_arn: str, definition: str, logging: dict[str, Any] | None
) -> None:
    caller = Caller("states.amazonaws.com", machine_arn, role_arn)
    region = machine_arn.split(":")[3]
    try:
        assumed(caller)
    except Refused as refused:
        raise AccessDenied(
            "Neither the global service principal states.amazonaws.com, nor the regional one is "
            "authorized to assume the provided role."
        ) from refused
    if (logging or {}).get("level", "OFF") != "OFF":
        try:
            require_all(caller, [Request(action, "*") for action in _LOGGING], region=region)
        except Refused as refused:
            raise AccessDenied(
                f"The state machine IAM Role is not authorized to access the Log Destination: "
                f"{refused}"
            ) from refused
    if _SYNC in definition:
        place = ":".join(machine_arn.split(":")[3:5])
        rule = f"arn:aws:events:{place}:rule/StepFunctionsGetEventsForECSTaskRule"
        try:
            require_all(caller, [Request(a, rule) for a in _MANAGED_RULE], region=region)
        except Refused as refused:
            raise AccessDenied(
                f"'{role_arn}' is not authorized to create managed-rule: {refused}"
            ) from refused


@patch
def apply() -> None:
    """Look at the role before anything is made with it."""

    @wrap(StepFunctionsParserBackend, "create_state_machine")
    def create(original: Any, self: Any, name: str, **wanted: Any) -> Any:
        place = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}"
        _check_machine(
            f"{place}:stateMachine:{name}",
            wanted["roleArn"],
            wanted["definition"],
            wanted.get("loggingConfiguration"),
        )
        return original(self, name=name, **wanted)

    @wrap(StepFunctionsParserBackend, "update_state_machine")
    def update(original: Any, self: Any, arn: str, **wanted: Any) -> Any:
        there = self.describe_state_machine(arn)
        _check_machine(
            there.arn,
            wanted.get("role_arn") or there.roleArn,
            wanted.get("definition") or there.definition,
            wanted.get("logging_configuration") or there.loggingConfiguration,
        )
        return original(self, arn, **wanted)

    def schedule(original: Any, self: Any, **wanted: Any) -> Any:
        place = f"arn:{self.partition}:scheduler:{self.region_name}:{self.account_id}"
        group = f"{place}:schedule-group/{wanted['group_name'] or 'default'}"
        role = wanted["target"].get("RoleArn", "")
        try:
            assumed(Caller("scheduler.amazonaws.com", group, role))
        except Refused as refused:
            raise ValidationException(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume "
                f"the role. ({refused})"
            ) from refused
        return original(self, **wanted)

    wrap(EventBridgeSchedulerBackend, "create_schedule")(schedule)
    wrap(EventBridgeSchedulerBackend, "update_schedule")(schedule)
