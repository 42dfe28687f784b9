"""How a patch is put on moto and taken off again.

A patch can be taken off so that a test can show that it is still needed: with every other patch
on and this one off, moto does the wrong thing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

_INHERITED: Final = object()

_originals: list[tuple[Any, str, Any]] = []
_applied: set[Callable[[], None]] = set()


def patch(apply: Callable[[], None]) -> Callable[[], None]:
    """Make ``apply`` do nothing where it was applied already."""

    @functools.wraps(apply)
    def once() -> None:
        if once not in _applied:
            _applied.add(once)
            apply()

    return once


def replace(owner: Any, name: str, value: Any) -> None:
    """Set an attribute of a class, a module or an object, and remember what was there."""
    # What is inherited is not its own: taken off again, it must be inherited again.
    _originals.append((owner, name, vars(owner).get(name, _INHERITED)))
    setattr(owner, name, value)


def wrap(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a function by one that gets the one that was there as its first argument."""
    original = getattr(owner, name)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        replace(owner, name, wrapped)
        return function

    return decorate


def revert_all() -> None:
    """Take every patch off, the last one first."""
    while _originals:
        owner, name, value = _originals.pop()
        if value is _INHERITED:
            delattr(owner, name)
        else:
            setattr(owner, name, value)
    _applied.clear()
