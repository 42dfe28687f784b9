"""Durations as Go writes them, and as a job has them. Pure."""

from __future__ import annotations

import re
from typing import Any

_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


def go_seconds(text: Any) -> int | None:
    """Return the whole seconds of a duration as Go writes it, ``1h30m``; None if it is none."""
    if not isinstance(text, str) or not re.fullmatch(f"(?:{_PARTS.pattern})+", text.strip()):
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))
    return int(seconds) if seconds == int(seconds) else None


def shortest(seconds: int) -> str:
    """Return a duration in the largest unit that it has a whole number of."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
