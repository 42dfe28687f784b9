"""Methods of moto that a part of the emulator answers while it is installed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Hooks:
    """Replaced methods, put back all at once."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []

    def answer(self, owner: Any, name: str, answer: Callable[..., Any]) -> None:
        """Let ``answer(original, self, ...)`` answer for a method of ``owner``."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def hooked(*args: Any, **kwargs: Any) -> Any:
            return answer(original, *args, **kwargs)

        self._replaced.append((owner, name, original))
        setattr(owner, name, hooked)

    def after(self, owner: Any, name: str, call: Callable[[], None]) -> None:
        """Call ``call`` after each call of a method of ``owner``."""

        def answer(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            try:
                return original(*args, **kwargs)
            finally:
                call()

        self.answer(owner, name, answer)

    def remove(self) -> None:
        """Put the methods back, the last one first."""
        while self._replaced:
            owner, name, original = self._replaced.pop()
            setattr(owner, name, original)
