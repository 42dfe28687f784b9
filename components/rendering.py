"""Where an Output becomes text: nowhere else is JSON made, and no Output goes into an f-string."""

import json
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any, TypeVar, cast

import pulumi

T = TypeVar("T")


def text(document: Any) -> str:
    """Return the JSON of ``document``, the same for the same content: AWS compares text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def derived(build: Callable[..., T], /, **values: Any) -> pulumi.Input[T]:
    """Return ``build(**values)``: at once if every value is known, else as an Output.

    An Output is two tasks of the event loop and a place in its books, and a thousand jobs have
    most of what they need in plain text.
    """
    waiting = {key: value for key, value in values.items() if not is_known(value)}
    if not waiting:
        return build(**values)
    return pulumi.Output.all(**waiting).apply(lambda known: build(**{**values, **known}))


def as_output(value: pulumi.Input[T]) -> pulumi.Output[T]:
    """Return ``value`` as an Output, itself if it is one."""
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[T]", value)
    return cast("pulumi.Output[T]", pulumi.Output.from_input(value))


def is_known(value: Any) -> bool:
    """Return whether there is no Output in ``value``, nor anything else to wait for."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(is_known(item) for item in value)
    return not isinstance(value, pulumi.Output) and not isawaitable(value)


def rendered(build: Callable[..., Any], /, **values: Any) -> pulumi.Output[str]:
    """Return the JSON of ``build(**values)`` once every value is known."""
    return pulumi.Output.all(**values).apply(lambda known: text(build(**known)))


def joined(items: pulumi.Input[Any]) -> pulumi.Input[str]:
    """Return a list of ids in an order that does not change, joined by commas."""
    return derived(lambda known: ",".join(sorted(known)), known=items)


def split(text: str) -> list[str]:
    """Return the items of :func:`joined`."""
    return text.split(",") if text else []
