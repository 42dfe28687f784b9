"""Writes jobs as a module for ``jobs/``, in the form that ``ruff format`` gives it. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from batchctl.importing.model import ImportedJob

WIDTH = 100
_STEP = 4

_FIRST = ("description", "shell", "command", "image", "container")
"""Keys that a reader looks for first; the others follow as they were found."""


def module(jobs: Sequence[ImportedJob], source: str) -> str:
    """Return the text of a module that registers ``jobs``.

    Args:
        source: what they come from, for its docstring.
    """
    head = f'"""Jobs that were imported from {_plain(source)}."""'
    imports = "from components import BatchPlatform, ScheduledJob"
    body = "\n".join(_job(job) for job in jobs)
    return (
        f"{head}\n\n{imports}\n\n\ndef register(platform: BatchPlatform) -> None:\n"
        f'    """Register the jobs."""\n{body}\n'
    )


def _plain(text: str) -> str:
    """Return text that a docstring can hold on its line."""
    kept = "".join(char for char in text if char.isprintable() and char not in '"\\')
    return kept[:60] or "a file"


def _job(job: ImportedJob) -> str:
    lines = [
        "    ScheduledJob(",
        f"        {_text(job.name)},",
        "        {",
        '            "platform": platform.connection,',
    ]
    for key in sorted(job.keys, key=lambda key: (key not in _FIRST, (*_FIRST, key).index(key))):
        lines += _entry(f"{_text(key)}: ", job.keys[key], 12)
    lines += ["        },", "    )"]
    return "\n".join(lines)


def _entry(prefix: str, value: Any, indent: int) -> list[str]:
    """Return the lines of an entry of a mapping or a list, its comma with it."""
    pad = " " * indent
    flat = f"{pad}{prefix}{_flat(value)},"
    if _width(flat) <= WIDTH:
        return [flat]
    if isinstance(value, Mapping):
        inner = [
            line
            for key, item in value.items()
            for line in _entry(f"{_text(key)}: ", item, indent + _STEP)
        ]
        return [f"{pad}{prefix}{{", *inner, f"{pad}}},"]
    if isinstance(value, list):
        inner = [line for item in value for line in _entry("", item, indent + _STEP)]
        return [f"{pad}{prefix}[", *inner, f"{pad}],"]
    # Text in parts, where it is a value of its own: a list of parts would be several words.
    if prefix and isinstance(value, str):
        parts = _parts(value, WIDTH - indent - _STEP)
        if len(parts) > 1:
            return [f"{pad}{prefix}(", *(f"{pad}    {_text(part)}" for part in parts), f"{pad}),"]
    return [f"{flat}  # noqa: E501"]


def _width(text: str) -> int:
    """Return the columns of a text, as ruff counts them: those of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return repr(value)


def _text(text: str) -> str:
    """Return a literal in the quotes that need fewer escapes, of two the double ones."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    out = []
    for char in text:
        if char in (quote, "\\"):
            out.append(f"\\{char}")
        elif char.isprintable():
            out.append(char)
        else:
            out.append(repr(char)[1:-1])
    return quote + "".join(out) + quote


def _parts(text: str, room: int) -> list[str]:
    """Return the text in parts whose literals fit, broken after spaces."""
    parts, part = [], ""
    for word in _words(text):
        if part and _width(_text(part + word)) > room:
            parts.append(part)
            part = ""
        part += word
    return [*parts, part] if all(_width(_text(each)) <= room for each in [*parts, part]) else [text]


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [f"{word} " for word in words[:-1]] + words[-1:]
