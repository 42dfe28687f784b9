"""A YAML or JSON document whose fields are taken one by one, so that none is forgotten. Pure.

What a reader has not taken is reported at the end: each field with its line, and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from batch.errors import InvalidInput, Problem

Path = tuple[str, ...]


class Document:
    """What a file holds, and on which lines."""

    def __init__(self, text: str, name: str) -> None:
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.data: Any = yaml.safe_load(text)
            # An alias that holds itself, and half a character, are none of any tool's.
            json.dumps(self.data, default=str, skipkeys=True, ensure_ascii=False).encode()
        # A value that is not what its tag says is a ValueError, a mapping as a key a TypeError.
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{name} line {mark.line + 1}" if mark else name
            what = getattr(error, "problem", None) or "it cannot be read"
            raise InvalidInput([Problem(where, f"it is no YAML or JSON: {what}", _CHECK)]) from None
        self.name = name
        self._lines: dict[Path, int] = dict(_lines(node, ())) if node is not None else {}

    def where(self, path: Path) -> str:
        """Return the place of a field as the report has it."""
        line = self._lines.get(path)
        return f"{self.name} line {line}" if line else self.name


_CHECK = "check that it is the file you mean"


def _lines(node: yaml.Node, path: Path, depth: int = 0) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if depth > _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield from _lines(value, below, depth + 1)
            yield below, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, str(index)), depth + 1)


_DEEPEST = 20


class Fields:
    """The fields of a mapping in a document, of which each is taken once."""

    def __init__(self, raw: Any) -> None:
        self._raw = _plain(raw)

    def take(self, *path: str) -> Any:
        """Return a field and forget it, None if there is none."""
        above = [self._raw]
        for key in path[:-1]:
            below = above[-1].get(key) if isinstance(above[-1], dict) else None
            above.append(below)
        if not isinstance(above[-1], dict):
            return None
        value = above[-1].pop(path[-1], None)
        # What held nothing else is taken with it.
        for parent, key in zip(reversed(above[:-1]), reversed(path[:-1]), strict=True):
            if parent[key] == {}:
                del parent[key]
        return value

    def peek(self, key: str) -> Any:
        """Return a field and leave it, None if there is none."""
        return self._raw.get(key) if isinstance(self._raw, dict) else None

    def mapping(self, *path: str) -> dict[str, Any]:
        """Return a field that holds others and forget it, if it does; else empty."""
        above = self._raw
        for key in path:
            above = above.get(key) if isinstance(above, dict) else None
        return self.take(*path) if isinstance(above, dict) else {}

    def rest(self) -> Any:
        """Return what nobody has taken yet."""
        return self._raw

    def left(self, advice: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
        """Yield each field that nobody took, with the advice whose pattern it matches, or "".

        A pattern is a dotted path in which ``*`` stands for any one key.
        """
        yield from _left(self._raw, (), advice)


def _left(value: Any, path: Path, advice: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if path and (found := _advice(path, advice)) is not None:
        yield path, found
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _left(item, (*path, key), advice)
    elif path:
        yield path, ""


def _advice(path: Path, advice: Mapping[str, str]) -> str | None:
    for pattern, text in advice.items():
        keys = pattern.split(".")
        if len(keys) == len(path) and all(k in ("*", p) for k, p in zip(keys, path, strict=True)):
            return text
    return None


def _plain(value: Any) -> Any:
    """Return a copy whose keys are all text, as YAML's ``on`` (True to it) is not."""
    if isinstance(value, dict):
        return {"on" if key is True else str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def text_of(value: Any) -> str | None:
    """Return a scalar as an environment has it, None if it is none."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None


def merged(base: Any, over: Any) -> Any:
    """Return a value with another over it: mappings by key, the rest as a whole."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


def texts(value: Any, path: Path = ()) -> list[tuple[Path, str]]:
    """Return every text in a value, and the path of its field."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in texts(item, (*path, key))]
    if isinstance(value, list):
        return [found for item in value for found in texts(item, path)]
    return [(path, value)] if isinstance(value, str) else []
