"""What a new schema means for programs that were written against an old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DESCRIPTIVE = ("description", "plain")


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what makes a program that worked fail, or mean something else."""
    return sorted(
        [
            *_gone("component", old["resources"], new["resources"]),
            *_gone("type", old["types"], new["types"]),
            *(
                line
                for token in _both(old, new, "resources")
                for line in _component(token, old, new)
            ),
            *(line for token in _both(old, new, "types") for line in _type(token, old, new)),
        ]
    )


def additions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what a program can use that it could not before."""
    gone = " is gone"
    return [
        line.removesuffix(gone) + " is new" for line in breaking(new, old) if line.endswith(gone)
    ]


def _component(token: str, old: Any, new: Any) -> Iterator[str]:
    before, after = old["resources"][token], new["resources"][token]
    yield from _object(token, before["inputProperties"], after["inputProperties"])
    yield from _required(token, before["requiredInputs"], after["requiredInputs"])
    yield from _object(f"{token} output", before["properties"], after["properties"])
    for name in sorted(set(before["required"]) - set(after["required"])):
        if name in after["properties"]:
            yield f"{token} output {name} may be missing now"


def _type(token: str, old: Any, new: Any) -> Iterator[str]:
    before, after = old["types"][token], new["types"][token]
    values = [
        {one["name"]: one["value"] for one in type_.get("enum", [])} for type_ in (before, after)
    ]
    yield from _gone(f"{token} value", *values)
    for name in sorted(values[0].keys() & values[1].keys()):
        if values[0][name] != values[1][name]:
            yield f"{token} value {name} stands for something else"
    yield from _object(token, before.get("properties", {}), after.get("properties", {}))
    yield from _required(token, before.get("required", []), after.get("required", []))


def _object(where: str, old: Any, new: Any) -> Iterator[str]:
    yield from _gone(f"{where} property", old, new)
    for name in sorted(old.keys() & new.keys()):
        if _bare(old[name]) != _bare(new[name]):
            yield f"{where} property {name} has another type"
        elif _plains(new[name]) > _plains(old[name]):
            yield f"{where} property {name} takes no outputs any more"


def _required(where: str, old: list[str], new: list[str]) -> Iterator[str]:
    for name in sorted(set(new) - set(old)):
        yield f"{where} property {name} is required now"


def _gone(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"{what} {name} is gone"


def _both(old: Any, new: Any, kind: str) -> list[str]:
    return sorted(old[kind].keys() & new[kind].keys())


def _bare(value: Any) -> Any:
    """Return a type without what does not change what fits it."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in _DESCRIPTIVE}
    return value


def _plains(value: Any) -> int:
    """Return at how many places of a type only a plain value fits."""
    if not isinstance(value, dict):
        return 0
    return int(value.get("plain", False)) + sum(_plains(item) for item in value.values())
