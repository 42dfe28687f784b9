"""Where an Output becomes text: nowhere else is JSON made, and no Output goes into an f-string."""

import json
from collections.abc import Callable
from typing import Any

import pulumi


def text(document: Any) -> str:
    """Return the JSON of ``document``, the same for the same content: AWS compares text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rendered(build: Callable[..., Any], /, **values: Any) -> pulumi.Output[str]:
    """Return the JSON of ``build(**values)`` once every value is known."""
    return pulumi.Output.all(**values).apply(lambda known: text(build(**known)))


def joined(items: pulumi.Input[Any]) -> pulumi.Output[str]:
    """Return a list of ids in an order that does not change, joined by commas."""
    return pulumi.Output.from_input(items).apply(lambda known: ",".join(sorted(known)))


def split(text: str) -> list[str]:
    """Return the items of :func:`joined`."""
    return text.split(",") if text else []
