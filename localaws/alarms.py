"""An alarm that changes tells its topics. moto keeps the state of alarms and is silent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Final

from moto.cloudwatch.models import CloudWatchBackend

from localaws import targets
from localaws.access.authorization import Caller
from localaws.hooks import Hooks
from localaws.targets import Request, TargetError

log = logging.getLogger(__name__)

_ACTIONS: Final = {
    "ALARM": "alarm_actions",
    "OK": "ok_actions",
    "INSUFFICIENT_DATA": "insufficient_data_actions",
}


def install(hooks: Hooks) -> None:
    """Have SetAlarmState tell the alarm's topics."""
    hooks.answer(CloudWatchBackend, "set_alarm_state", _set)


def _set(original: Callable[..., None], backend: Any, *args: Any, **named: Any) -> None:
    name = args[0] if args else named["alarm_name"]
    before = getattr(backend.alarms.get(name), "state_value", None)
    original(backend, *args, **named)
    alarm = backend.alarms[name]
    if alarm.state_value != before and alarm.actions_enabled is not False:
        for arn in getattr(alarm, _ACTIONS[alarm.state_value]) or []:
            _tell(alarm, before, arn)


def _tell(alarm: Any, before: str | None, topic_arn: str) -> None:
    # "alarm:" is what CloudWatch gives for its source.
    caller = Caller("cloudwatch.amazonaws.com", alarm.alarm_arn)
    message = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.alarm_arn,
        "AlarmDescription": alarm.description,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "OldStateValue": before,
    }
    parameters = {"TopicArn": topic_arn, "Message": json.dumps(message)}
    region = topic_arn.split(":")[3] if topic_arn.count(":") == 5 else ""
    try:
        targets.perform(
            Request("sns", "publish", region, parameters, caller),
            endpoint=targets.endpoint_of_server(),
        )
    except TargetError as error:
        log.warning("alarm %s did not tell %s: %s", alarm.name, topic_arn, error)
