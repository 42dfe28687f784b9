"""Durations as people write them, ``90s``, ``15m``, ``26h``, ``7d``, and as people read them."""

from __future__ import annotations

import re
from typing import Final

from batch.errors import InvalidInput, Problem

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT: Final = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_DAYS_FROM: Final = 2 * _UNITS["d"]
"""From here on whole days are said as days: "24 h" is plain, "168 h" is not."""

_LONGEST: Final = 99_999_999
"""Seconds of a ``TimeoutSeconds`` in a state machine, the longest that AWS takes."""


def parse(value: int | str, where: str) -> int:
    """Return the seconds of a duration: a number of them, or a text like ``90s`` or ``1h30m``.

    Zero passes: whether it makes sense is for the caller to say.

    Args:
        where: Path of the value, for the error.
    """
    seconds = _seconds(value)
    if seconds is None:
        raise InvalidInput([Problem(where, f"{value!r} is no duration", _hint(value))])
    if not 0 <= seconds <= _LONGEST:
        raise InvalidInput(
            [Problem(where, f"{value!r} is out of range", f"use 0 to {_LONGEST} seconds")]
        )
    return seconds


def in_words(seconds: int) -> str:
    """Return a duration for people: ``90 s`` is "1 min 30 s"; "15 min", "26 h", "7 d"."""
    if seconds >= _DAYS_FROM and seconds % _UNITS["d"] == 0:
        return f"{seconds // _UNITS['d']} d"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _seconds(value: int | str) -> int | None:
    # YAML's `yes` arrives as True, which Python counts as a number.
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    match = _TEXT.fullmatch(text)
    if match is None or not text:
        return None
    return sum(
        int(number) * size for number, size in zip(match.groups("0"), _UNITS.values(), strict=True)
    )


def _hint(value: int | str) -> str:
    match = re.fullmatch(r"\s*([0-9]+)\s*([a-z]+)\s*", str(value).lower())
    if match is not None and (unit := match[2][0]) in {*_UNITS, "w"}:
        number = int(match[1]) * (7 if unit == "w" else 1)
        if not match[2].startswith("mo"):  # a month has no length
            return f"use {number}{'d' if unit == 'w' else unit}"
    return "use seconds or a text like 90s, 15m, 26h or 7d"
