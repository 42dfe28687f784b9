"""What EventBridge refuses of rules and targets, and moto takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend

from batch.errors import InvalidSchedule
from batch.schedule import Schedule
from localaws.hooks import Hooks

_INPUTS = ("Input", "InputPath", "InputTransformer")


def install(hooks: Hooks) -> None:
    """Refuse what EventBridge refuses until ``hooks`` are removed."""

    def put_rule(original: Callable[..., Any], backend: Any, *args: Any, **given: Any) -> Any:
        if expression := given.get("scheduled_expression"):
            _check_expression(expression)
        return original(backend, *args, **given)

    def put_targets(
        original: Callable[..., Any],
        backend: Any,
        name: str,
        event_bus_arn: str | None,
        targets: list[dict[str, Any]],
    ) -> Any:
        for target in targets:
            _check_target(target)
        return original(backend, name, event_bus_arn, targets)

    hooks.answer(EventsBackend, "put_rule", put_rule)
    hooks.answer(EventsBackend, "put_targets", put_targets)


def _check_expression(expression: str) -> None:
    try:
        Schedule(expression)
    except InvalidSchedule as error:
        said = "; ".join(str(problem) for problem in error.problems)
        raise ValidationException(f"Parameter ScheduleExpression is not valid. {said}") from error


def _check_target(target: Mapping[str, Any]) -> None:
    where = f"target {target['Id']}"
    if len([key for key in _INPUTS if target.get(key)]) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for {where}."
        )
    if ":states:" in target["Arn"] and not target.get("RoleArn"):
        raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
    if target.get("Input"):
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise ValidationException(
                f"JSON syntax error in input for {where}: {error}."
            ) from error
