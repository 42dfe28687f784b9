"""What is published about the AWS provider and the AWS API, and what a program breaks of it.

The provider's Python classes know names, required arguments and scalar types. botocore's service
models know the API's, and its limits: length, range, pattern, enumeration, which botocore's own
validation leaves to the service.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import json
import re
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape
from pulumi import _types


def args_class(token: str) -> type:
    """Return the class of the arguments of a resource type, found by its token."""
    package, module, name = token.split(":")
    home = f"pulumi_{package}.{module.partition('/')[0]}".removesuffix(".index")
    return getattr(importlib.import_module(home), f"{name}Args")


def broken_by_provider(cls: type, inputs: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what a resource's inputs break of its class: names, required ones, scalar types."""
    names = _types.input_type_py_to_pulumi_names(cls)
    types = _types.input_type_types(cls)
    for unknown in sorted(inputs.keys() - set(names.values())):
        yield f"{where}.{unknown}: unknown property"
    for parameter in inspect.signature(cls.__init__).parameters.values():
        required = parameter.name in names and parameter.default is inspect.Parameter.empty
        if required and inputs.get(names[parameter.name]) is None:
            yield f"{where}.{names[parameter.name]}: required"
    for name, value in inputs.items():
        if name in types and value is not None:
            yield from _broken_by_type(types[name], value, f"{where}.{name}")


def _broken_by_type(type_: Any, value: Any, where: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is typing.Union:
        # Input[T]: the value itself comes first, then Awaitable and Output.
        yield from _broken_by_type(arguments[0], value, where)
    elif origin in (collections.abc.Sequence, list):
        if not isinstance(value, list):
            yield f"{where}: not a list"
            return
        for index, item in enumerate(value):
            yield from _broken_by_type(arguments[0], item, f"{where}[{index}]")
    elif origin in (collections.abc.Mapping, dict):
        if not isinstance(value, dict):
            yield f"{where}: not a map"
            return
        for key, item in value.items():
            yield from _broken_by_type(arguments[1], item, f"{where}.{key}")
    elif inspect.isclass(type_) and _types.is_input_type(type_):
        if not isinstance(value, dict):
            yield f"{where}: not a structure"
            return
        yield from broken_by_provider(type_, value, where)
    elif type_ in (str, int, float, bool):
        right = (int, float) if type_ is float else type_
        if not isinstance(value, right) or (isinstance(value, bool) and type_ is not bool):
            yield f"{where}: {value!r} is not {type_.__name__}"


def broken_by_api(shape: Shape, value: Any, where: str) -> Iterator[str]:
    """Yield what the parameters of an API call break of its model."""
    check = _CHECKS.get(shape.type_name, _scalar)
    yield from check(shape, value, where)


def _structure(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not a structure"
        return
    for name in sorted(set(shape.required_members) - value.keys()):
        yield f"{where}.{name}: required"
    for name, item in value.items():
        if name in shape.members:
            yield from broken_by_api(shape.members[name], item, f"{where}.{name}")
        else:
            yield f"{where}.{name}: unknown parameter"


def _list(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: not a list"
        return
    yield from _limits(shape, len(value), where)
    for index, item in enumerate(value):
        yield from broken_by_api(shape.member, item, f"{where}[{index}]")


def _map(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: not a map"
        return
    yield from _limits(shape, len(value), where)
    for key, item in value.items():
        yield from broken_by_api(shape.key, key, f"{where}[{key!r}]")
        yield from broken_by_api(shape.value, item, f"{where}.{key}")


def _string(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where}: {value!r} is not a string"
        return
    yield from _limits(shape, len(value), where)
    if shape.enum and value not in shape.enum:
        yield f"{where}: {value!r} is not one of {', '.join(shape.enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and (compiled := readable(pattern)) and not compiled.fullmatch(value):
        yield f"{where}: {value!r} does not match {pattern}"


_SCALARS: dict[str, Any] = {
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
    "blob": (bytes, str),
}


def _scalar(shape: Any, value: Any, where: str) -> Iterator[str]:
    right = _SCALARS[shape.type_name]
    if not isinstance(value, right) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{where}: {value!r} is not {shape.type_name}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _limits(shape, value, where)


_CHECKS = {"structure": _structure, "list": _list, "map": _map, "string": _string}


def _limits(shape: Any, size: float, where: str) -> Iterator[str]:
    if size < shape.metadata.get("min", size):
        yield f"{where}: {size} is under {shape.metadata['min']}"
    if size > shape.metadata.get("max", size):
        yield f"{where}: {size} is over {shape.metadata['max']}"


_JAVA = {
    # Classes of Java's regular expressions that Python's lacks, inside square brackets.
    r"\p{L}\p{Z}\p{N}": r"\w\s",
    r"\p{Graph}": r"\x21-\x7e",
    r"\p{Print}": r"\x20-\x7e",
    r"\p{ASCII}": r"\x00-\x7f",
}


def readable(pattern: str) -> re.Pattern[str] | None:
    """Return a model's pattern compiled, or None where Python cannot read it."""
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None


def unreadable(shape: Shape, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the patterns below ``shape`` that Python cannot read."""
    if shape.name in seen:
        return
    seen |= {shape.name}
    if (pattern := shape.metadata.get("pattern")) and readable(pattern) is None:
        yield f"{shape.name}: {pattern}"
    for below in _below(shape):
        yield from unreadable(below, seen)


def _below(shape: Any) -> list[Shape]:
    if shape.type_name == "structure":
        return list(shape.members.values())
    if shape.type_name == "list":
        return [shape.member]
    return [shape.key, shape.value] if shape.type_name == "map" else []


def broken_json(value: Any, where: str) -> Iterator[str]:
    """Yield the strings that look like JSON and are not."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from broken_json(item, f"{where}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from broken_json(item, f"{where}[{index}]")
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            json.loads(value)
        except ValueError as error:
            yield f"{where}: {error}"
