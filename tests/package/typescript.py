"""What a TypeScript program gives to the components: names and literals, as far as they are read.

Not a TypeScript parser: object literals as the example has them, below ``new batch.<Component>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"|[\w.$]+|[{}\[\](),:]')


class Expression(str):
    """A value that is worked out by the program, as it is written."""

    __slots__ = ()


def components(source: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield type, name and arguments of each component that is made."""
    found = _TOKEN.findall(source)
    tokens = [token for token in found if not token.startswith("//")]
    for place, token in enumerate(tokens):
        if token == "new" and tokens[place + 1].startswith("batch."):
            type_, name = tokens[place + 1].removeprefix("batch."), tokens[place + 3]
            arguments, _ = _value(tokens, place + 5)
            yield type_, name.strip('"'), arguments


def _value(tokens: list[str], at: int) -> tuple[Any, int]:
    """Return the value that begins at a token, and where it ends."""
    if tokens[at] == "{":
        return _object(tokens, at + 1)
    if tokens[at] == "[":
        items, at = [], at + 1
        while tokens[at] != "]":
            item, at = _value(tokens, at)
            items.append(item)
            at += tokens[at] == ","
        return items, at + 1
    token = tokens[at]
    if token.startswith('"'):
        return token[1:-1], at + 1
    if re.fullmatch(r"\d+", token):
        return int(token), at + 1
    return {"true": True, "false": False}.get(token, Expression(token)), at + 1


def _object(tokens: list[str], at: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    while tokens[at] != "}":
        name = tokens[at].strip('"')
        if tokens[at + 1] == ":":
            entries[name], at = _value(tokens, at + 2)
        else:  # `platform` alone stands for `platform: platform`
            entries[name], at = Expression(name), at + 1
        at += tokens[at] == ","
    return entries, at + 1
