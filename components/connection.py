"""How a platform hands itself to its jobs, and how a job reads it: by key."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.output import Unknown

from batch.connection import platform_of
from batch.contract import Platform
from batch.errors import InvalidInput, Problem
from components.rendering import derived
from components.role import Place

_OF_THE_PLATFORM: Final = ("platform", "stack", "account", "region", "partition")

_Values = Mapping[str, pulumi.Input[str]]


class Connection:
    """The values of ``BatchPlatform.connection``.

    Each stands for itself: plain text where it is known when the program runs, else an Output of
    its own. Never one ``apply`` over the whole: a single value that is not known at preview, such
    as a new security group, would leave every name unknown.
    """

    def __init__(self, values: pulumi.Input[_Values]) -> None:
        """Take what a platform handed out. :func:`connect` is cheaper."""
        self._values: Any = values
        self._read: dict[str, pulumi.Input[str]] = {}

    def __getitem__(self, key: str) -> pulumi.Input[str]:
        """Return the value of ``key``."""
        if key not in self._read:
            self._read[key] = self._value(key)
        return self._read[key]

    @cached_property
    def platform(self) -> pulumi.Input[Platform]:
        """Its name and place, from which all other names follow."""
        return derived(
            lambda **known: platform_of(known), **{key: self[key] for key in _OF_THE_PLATFORM}
        )

    @property
    def roles(self) -> Place:
        """Where the roles of its jobs belong."""
        path = derived(lambda platform: platform.job_role_path, platform=self.platform)
        return Place(path, self["boundary"])

    def _value(self, key: str) -> pulumi.Input[str]:
        if isinstance(self._values, pulumi.Output):
            # Also where another value of the map is not known yet.
            return self._values.apply(lambda known: _found(known, key), run_with_unknowns=True)
        return cast("pulumi.Input[str]", _found(self._values, key))


def _found(values: Any, key: str) -> Any:
    if isinstance(values, Unknown):  # of none of the keys is anything known
        return values
    if isinstance(values, Mapping) and key not in values:
        fix = (
            "pass on the connection of a BatchPlatform as it is; "
            "if it is that, update its project first, which was deployed by an older release"
        )
        raise InvalidInput([Problem("platform", f"it has no {key!r}", fix)])
    return values[key]


_known: WeakKeyDictionary[pulumi.Output[Any], Connection] = WeakKeyDictionary()
"""What is behind an Output: in a platform's own program no job need wait to read it."""


def hand_out(values: _Values) -> pulumi.Output[dict[str, str]]:
    """Return a platform's connection, as one Output of all its values."""
    # No value takes over what another waits for: what a job must wait for is in what it uses.
    output = pulumi.Output.all(**values)
    _known[output] = Connection(values)
    return output


def connect(values: pulumi.Input[_Values]) -> Connection:
    """Return the connection to a platform of this program, or of another by a StackReference."""
    if isinstance(values, Mapping):
        return Connection(values)
    if isinstance(values, pulumi.Output) and values in _known:
        return _known[values]
    return Connection(pulumi.Output.from_input(cast("pulumi.Output[_Values]", values)))
