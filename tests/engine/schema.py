"""What is published of a resource type: its properties, and which of them replace it on a change.

Names, types and what is required come from the provider's own Python classes; what replaces a
resource, what its id is and what its API does with a name that is taken come from the provider's
source, as ``published/*.yaml`` has it, which names the version.
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

PUBLISHED = Path(__file__).parent / "published"


@dataclass(frozen=True)
class ResourceType:
    """A resource type of a provider."""

    token: str
    framework: bool
    """Whether it is written with Terraform's Plugin Framework, which the bridge treats apart."""
    name_property: str | None
    """What the provider names by itself where the program does not."""
    name_maximum: int
    id_output: str
    replaces: frozenset[str]
    """Paths of properties, a list's items as ``[*]``."""
    defaults: Mapping[str, Any]
    """What the provider has in the state where the program gives nothing."""
    computed: frozenset[str]
    """Outputs that only the API knows."""
    exists: str
    """What the API makes of a name that is taken: an error's name, ``same`` or ``overwrites``."""

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


@cache
def find(token: str) -> ResourceType:
    """Return the resource type behind a token.

    Raises:
        KeyError: nothing is written down of it; read it up in the provider's source.
    """
    known = _published()[token]
    name = known.get("name") or {}
    return ResourceType(
        token=token,
        framework=known.get("framework", False),
        name_property=name.get("property"),
        name_maximum=name.get("automatic", {}).get("maximum", 255),
        id_output=known.get("id", "id"),
        replaces=frozenset(known.get("replaces", ())),
        defaults=known.get("defaults", {}),
        computed=frozenset(known.get("computed", ())),
        exists=known.get("exists", "same"),
    )


@cache
def _published() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(PUBLISHED.glob("*.yaml")):
        found |= yaml.safe_load(path.read_text())["resources"]
    return found
