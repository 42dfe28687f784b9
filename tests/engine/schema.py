"""What is published of a resource type: its properties, and which of them replace it on a change.

Names, types and what is required come from the provider's own Python classes; what replaces a
resource, what its id is and what its API does with a name that is taken come from the provider's
source, as ``published/aws.yaml`` has it, which names the version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests import published

PUBLISHED = Path(__file__).parent / "published" / "aws.yaml"


class NotWrittenDown(Exception):
    """Nothing is known of a resource type."""


@dataclass(frozen=True)
class ResourceType:
    """A resource type of a provider."""

    token: str
    framework: bool
    """Whether it is written with Terraform's Plugin Framework, which the bridge treats apart."""
    name_property: str | None
    """The property that names it."""
    automatic_maximum: int | None
    """How long an automatic name may be; None where it gets none."""
    id_pattern: str
    replaces: frozenset[str]
    """Paths of properties, a list's items as ``[*]``."""
    deletes_first: bool
    """Whether a replacement always ends the old one before the new one comes."""
    defaults: Mapping[str, Any]
    """What the provider has in the state where the program gives nothing."""
    computed: frozenset[str]
    """Outputs that only the API knows."""
    exists: str
    """What the API makes of a name that is taken: an error's name, ``same``, ``overwrites`` or
    ``adds``."""
    idempotent: frozenset[str]
    """Inputs that, all alike, have a create take what is there in place of that error."""

    @property
    def is_regional(self) -> bool:
        return "region" in self.replaces

    @property
    def kind(self) -> str:
        """The last word of the token."""
        return self.token.rpartition(":")[2]

    def broken(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield property and reason of whatever the inputs break."""
        for problem in published.broken_by_provider(
            published.args_class(self.token), inputs, "inputs"
        ):
            where, _, reason = problem.partition(": ")
            yield where.removeprefix("inputs."), reason

    def is_replaced_by(self, path: str) -> bool:
        """Return whether a change at ``path`` replaces the resource."""
        general = re.sub(r"\[\d+\]", "[*]", path)
        return any(
            general == replacing or general.startswith((f"{replacing}.", f"{replacing}["))
            for replacing in self.replaces
        )

    def is_the_same(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Return whether the API takes a create of ``other`` for one of ``one`` once more."""
        alike = [one.get(key) == other.get(key) for key in self.idempotent]
        return bool(alike) and all(alike)

    def is_named(self, inputs: Mapping[str, Any]) -> bool:
        """Return whether the program named it: the bridge notes among the inputs what it filled."""
        if self.automatic_maximum is None or "__defaults" not in inputs:
            return False
        return self.name_property not in inputs["__defaults"]


@cache
def find(token: str) -> ResourceType:
    """Return the resource type behind a token.

    Raises:
        NotWrittenDown: ``published/aws.yaml`` has nothing of it.
    """
    known = _published().get(token)
    if known is None:
        raise NotWrittenDown(
            f"{token}: not in published/aws.yaml; read it up in the provider's source"
        )
    name = known.get("name") or {}
    return ResourceType(
        token=token,
        framework=known["framework"],
        name_property=name.get("property"),
        automatic_maximum=name.get("automatic", {}).get("maximum"),
        id_pattern=known["id"],
        replaces=frozenset(known["replaces"]),
        deletes_first=known.get("deleteBeforeReplace", False),
        # A nested one stands only where the block around it does: nothing here reads it.
        defaults={key: value for key, value in known["defaults"].items() if "." not in key},
        computed=frozenset(known["computed"]),
        exists=known["exists"],
        idempotent=frozenset(known.get("idempotent", ())),
    )


@cache
def _published() -> dict[str, Any]:
    return yaml.safe_load(PUBLISHED.read_text())["resources"]
