"""Whether what another language passes has the shape that the schema gives it.

Pulumi's host looks neither for properties that do not exist nor at most types: a misspelt one
would be left out without a word, and a wrong one be a trace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider.experimental.analyzer import (
    PropertyDefinition,
    PropertyType,
    TypeDefinition,
)

from batch.errors import nearest

_SCALARS: Final[Mapping[PropertyType | None, str]] = {
    PropertyType.STRING: "text",
    PropertyType.INTEGER: "a whole number",
    PropertyType.NUMBER: "a number",
    PropertyType.BOOLEAN: "true or false",
}


@dataclass(frozen=True)
class Shape:
    """The types of a package."""

    types: Mapping[str, TypeDefinition]

    def problems(
        self, value: Mapping[str, Any], properties: Mapping[str, PropertyDefinition], at: str = ""
    ) -> Iterator[InputPropertyErrorDetails]:
        """Yield what is wrong with ``value``, an object of ``properties``."""
        for name, item in sorted(value.items()):  # the wire has no order
            path = _below(at, name)
            if name not in properties:
                guess = nearest(name, properties)
                fix = f"did you mean {guess!r}?" if guess else "remove it or fix its spelling"
                yield problem(path, f"unknown property; {fix}")
            elif item is not None:
                yield from self._below(item, properties[name], path)
        for name, definition in properties.items():
            if not definition.optional and value.get(name) is None:
                yield problem(_below(at, name), "it is missing; give it a value")

    def _below(
        self, value: Any, definition: PropertyDefinition, path: str
    ) -> Iterator[InputPropertyErrorDetails]:
        if isinstance(value, pulumi.Output):
            if definition.plain:
                what = "an output is not known when the program runs"
                yield problem(path, f"{what}; give a plain value")
        elif definition.ref:
            yield from self._named(value, self.types[definition.ref.rpartition(":")[2]], path)
        elif definition.items:
            if not isinstance(value, list):
                yield _wrong(path, value, "a list")
                return
            for number, item in enumerate(value):
                yield from self._below(item, definition.items, f"{path}[{number}]")
        elif definition.additional_properties:
            if not isinstance(value, Mapping):
                yield _wrong(path, value, "a map of names to values")
                return
            for name, item in sorted(value.items()):
                below = definition.additional_properties
                yield from self._below(item, below, f'{path}["{name}"]')
        elif not _is(value, definition.type):
            yield _wrong(path, value, _SCALARS[definition.type])

    def _named(
        self, value: Any, named: TypeDefinition, path: str
    ) -> Iterator[InputPropertyErrorDetails]:
        if named.enum:
            allowed = [one.value for one in named.enum]
            if value not in allowed:
                one_of = ", ".join(str(one) for one in allowed)
                yield problem(path, f"{value!r} is not a value it can have; use one of {one_of}")
        elif isinstance(value, Mapping):
            yield from self.problems(value, named.properties, path)
        else:
            fix = f"give one with {', '.join(named.properties)}"
            yield problem(path, f"{value!r} is not an object; {fix}")


def problem(path: str, reason: str) -> InputPropertyErrorDetails:
    """Return one thing that is wrong, as the engine takes it."""
    return {"property_path": path, "reason": reason}


def _wrong(path: str, value: Any, wanted: str) -> InputPropertyErrorDetails:
    return problem(path, f"{value!r} is not {wanted}; give that")


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _is(value: Any, wanted: PropertyType | None) -> bool:
    if wanted is PropertyType.STRING:
        return isinstance(value, str)
    if wanted is PropertyType.BOOLEAN:
        return isinstance(value, bool)
    # The wire has one kind of number.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (wanted is PropertyType.NUMBER or float(value).is_integer())
