"""A job as its author wrote it, where some values are Outputs that nobody knows yet.

What is known is checked at once, before anything is made; the rest as soon as it is known.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from batch.errors import InvalidJob, Problem
from batch.job import Job
from components import overrides

_STAND_INS: Final[Mapping[str, str]] = {
    "image": "unknown",
    "environment": "",
    "secrets": "arn:aws:ssm:us-east-1:000000000000:parameter/unknown",
    "resources": "*",
    "file_system_id": "fs-00000000",
    "access_point_id": "fsap-00000000",
    "topic_arn": "arn:aws:sns:us-east-1:000000000000:unknown",
}
"""For a value that is not known yet: one that passes as what it will be, by key."""

_CAN_BE_OUTPUTS: Final = (
    "image, environment, secrets, topic_arn, resources of permissions, ids of volumes"
)


class JobInputs:
    """The arguments of a job: what is known of them now, and all of them later."""

    def __init__(self, name: str, raw: Mapping[str, Any]) -> None:
        """Check what is known.

        Raises:
            InvalidJob: with every problem.
        """
        self._name = name
        self._raw = {key: value for key, value in raw.items() if value is not None}
        self._problems: list[Problem] = []
        known = {
            key: self._known(value, key, f"jobs.{name}.{key}") for key, value in self._raw.items()
        }
        self._overrides = overrides.of(name)
        try:
            self.job: Final = Job.parse(name, known, overrides=self._overrides)
        except InvalidJob as error:
            raise InvalidJob([*self._problems, *error.problems]) from None
        if self._problems:
            raise InvalidJob(self._problems)
        self._waiting = {key for key, value in self._raw.items() if _has_output(value)}

    def settled(self, *keys: str) -> pulumi.Input[Job]:
        """Return the job with the Outputs below ``keys`` in place.

        What depends on one key need not wait for another: an image that is not known at preview
        leaves the state machine's definition known.
        """
        if not self._waiting.intersection(keys):
            return self.job
        awaited = {key: self._raw[key] for key in self._waiting.intersection(keys)}
        rest = {
            key: self._known(value, key, key)
            for key, value in self._raw.items()
            if key not in awaited
        }
        return pulumi.Output.from_input(awaited).apply(
            lambda known: Job.parse(self._name, {**rest, **known}, overrides=self._overrides)
        )

    def _known(self, value: Any, key: str, where: str) -> Any:
        """Return ``value`` with stand-ins for Outputs. JSON's whole numbers become int."""
        if isinstance(value, pulumi.Output):
            if key not in _STAND_INS:
                what = "an Output is not known when the program runs"
                fix = f"give a plain value (Outputs can be in {_CAN_BE_OUTPUTS})"
                self._problems.append(Problem(where, what, fix))
            return _STAND_INS.get(key)
        if isinstance(value, Mapping):
            # Below environment and secrets stand people's names, elsewhere keys.
            below = key in ("environment", "secrets")
            return {
                name: self._known(item, key if below else name, f"{where}.{name}")
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._known(item, key, f"{where}[{n}]") for n, item in enumerate(value)]
        if isinstance(value, float) and value.is_integer():  # the component host has floats only
            return int(value)
        return value


def _has_output(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_output(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_output(item) for item in value)
    return isinstance(value, pulumi.Output)
