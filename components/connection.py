"""How a job reads the platform that it was given: by key."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import pulumi

from batch.connection import platform_of
from batch.contract import Platform
from batch.errors import InvalidInput, Problem
from components.role import Place

_OF_THE_PLATFORM: Final = ("platform", "stack", "account", "region", "partition")


class Connection:
    """The values of ``BatchPlatform.connection``.

    Each is an Output of its own. Never one ``apply`` over the whole: a single value that is not
    known at preview, such as a new security group, would leave every name unknown.
    """

    def __init__(self, values: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> None:
        """Take what the platform hands out, from the same program or through a StackReference."""
        self._values: Any = (
            values if isinstance(values, Mapping) else pulumi.Output.from_input(values)
        )

    def __getitem__(self, key: str) -> pulumi.Output[str]:
        """Return the value of ``key``."""
        if isinstance(self._values, Mapping) and key not in self._values:
            what, fix = f"it has no {key!r}", "pass on the connection of a BatchPlatform as it is"
            raise InvalidInput([Problem("platform", what, fix)])
        return pulumi.Output.from_input(self._values[key])

    @cached_property
    def platform(self) -> pulumi.Output[Platform]:
        """Its name and place, from which all other names follow."""
        values = {key: self[key] for key in _OF_THE_PLATFORM}
        return pulumi.Output.all(**values).apply(platform_of)

    @property
    def roles(self) -> Place:
        """Where the roles of its jobs belong."""
        return Place(self.platform.apply(lambda known: known.job_role_path), self["boundary"])
