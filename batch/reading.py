"""Reading what a person wrote: a mapping, key by key, gathering every problem on the way.

A value may be native or text: Pulumi hands a program each configuration value as a string, which
holds JSON where the YAML had a structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from batch.errors import Problem, nearest


class Reader:
    """A mapping that somebody wrote, and where it stands.

    A key that is missing, null or empty text counts as not given. What is wrong is added to
    ``problems`` and the default returned in its place, so that one pass finds everything.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        *,
        problems: list[Problem],
        where: str = "",
        spelling: Callable[[str], str] = str,
    ) -> None:
        """Begin to read ``raw``.

        Args:
            raw: what somebody wrote.
            problems: the list that problems are added to.
            where: the place of ``raw``, for instance ``jobs.report``.
            spelling: how a key is spelt in the text that it came from.
        """
        self.raw = raw
        self.where = where
        self.problems = problems
        self._spelling = spelling

    def at(self, key: str) -> str:
        """Return the place of a key, as it is spelt in the text that it came from."""
        return ".".join(part for part in (self.where, self._spelling(key)) if part)

    def problem(self, key: str, what: str, fix: str) -> None:
        """Add a problem with the value of ``key``."""
        self.problems.append(Problem(self.at(key), what, fix))

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Add a problem for each key that is not one of ``known``."""
        for key in sorted(str(key) for key in self.raw):
            if key not in known:
                guess = nearest(self._spelling(key), [self._spelling(name) for name in known])
                fix = f"did you mean {guess!r}?" if guess else "remove it or fix its spelling"
                self.problem(key, "unknown key", fix)

    def given(self, key: str) -> bool:
        """Return whether ``key`` has a value."""
        return self.raw.get(key) not in (None, "")

    # Scalars

    def text(
        self,
        key: str,
        default: str = "",
        *,
        pattern: str = "",
        example: str = "",
        limit: int | None = None,
    ) -> str:
        """Return text; ``pattern`` must match the whole of it, ``example`` shows how it looks."""
        if not self.given(key):
            return default
        value = self.raw[key]
        if not isinstance(value, str):
            self.problem(key, f"{value!r} is not text", "write it in quotes")
        elif pattern and not re.fullmatch(pattern, value):
            self.problem(key, f"{value!r} has the wrong shape", f"it looks like {example}")
        elif limit is not None and len(value) > limit:
            self.problem(key, f"has {len(value)} characters", f"use at most {limit}")
        else:
            return value
        return default

    def integer(self, key: str, *, minimum: int, maximum: int) -> int | None:
        """Return a whole number within the bounds, None if it is not given or wrong."""
        if not self.given(key):
            return None
        value = self.raw[key]
        if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():  # what JSON makes of 30.0
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, f"{value!r} is not a whole number", "write a number without unit")
            return None
        return value if self._within(key, value, minimum, maximum) else None

    def number(self, key: str, *, minimum: float, maximum: float) -> float | None:
        """Return a number within the bounds, None if it is not given or wrong."""
        if not self.given(key):
            return None
        value = self.raw[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem(key, f"{value!r} is not a number", "write a number such as 2 or 1.5")
            return None
        return float(value) if self._within(key, value, minimum, maximum) else None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        if not self.given(key):
            return default
        value = {"true": True, "false": False}.get(str(self.raw[key]).lower())
        if value is None:
            self.problem(key, f"{self.raw[key]!r} is neither true nor false", "write true or false")
            return default
        return value

    def choice(self, key: str, default: str, choices: Collection[str]) -> str:
        """Return one of ``choices``."""
        if not self.given(key):
            return default
        value = str(self.raw[key])
        if value not in choices:
            guess = nearest(value, choices)
            one_of = ", ".join(choices)
            fix = f"did you mean {guess!r}? ({one_of})" if guess else f"use one of {one_of}"
            self.problem(key, f"{value!r} is not a value it can have", fix)
            return default
        return value

    # Structures

    def strings(self, key: str, *, pattern: str = "", example: str = "") -> tuple[str, ...]:
        """Return a list of text. With a pattern it is a list of names, each once."""
        value = self._structure(key, list, "a list of text, one item a line")
        for item in value or ():
            if not isinstance(item, str):
                self.problem(key, f"{item!r} is not text", "write it in quotes")
            elif pattern and not re.fullmatch(pattern, item):
                self.problem(key, f"{item!r} has the wrong shape", f"it looks like {example}")
        texts = tuple(item for item in value or () if isinstance(item, str))
        if pattern:
            for item in sorted({item for item in texts if texts.count(item) > 1}):
                self.problem(key, f"{item!r} is there twice", "remove one of them")
        return texts

    def integers(self, key: str, *, minimum: int, maximum: int) -> tuple[int, ...]:
        """Return a list of whole numbers in rising order, each once."""
        value = self._structure(key, list, "a list of whole numbers")
        good = set()
        for item in value or ():
            if isinstance(item, bool) or not isinstance(item, int):
                self.problem(key, f"{item!r} is not a whole number", "write a number")
            elif self._within(key, item, minimum, maximum):
                good.add(item)
        return tuple(sorted(good))

    def mapping(self, key: str) -> dict[str, Any]:
        """Return a mapping whose keys are names that people chose."""
        value = self._structure(key, dict, "a mapping of names to values")
        return {str(name): item for name, item in (value or {}).items()}

    def section(self, key: str, known: Collection[str]) -> Reader:
        """Return a mapping whose keys are ``known``."""
        value = self._structure(key, dict, f"a mapping with {', '.join(known)}")
        return self._below(self.at(key), value or {}, known)

    def sections(self, key: str, known: Collection[str]) -> Iterable[Reader]:
        """Yield each mapping of a list."""
        for number, item in enumerate(self._structure(key, list, "a list of mappings") or ()):
            where = f"{self.at(key)}[{number}]"
            if isinstance(item, Mapping):
                yield self._below(where, item, known)
            else:
                fix = f"write a mapping with {', '.join(known)}"
                self.problems.append(Problem(where, f"{item!r} is not a mapping", fix))

    def _below(self, where: str, value: Mapping[str, Any], known: Collection[str]) -> Reader:
        reader = Reader(value, problems=self.problems, where=where, spelling=self._spelling)
        reader.refuse_unknown(known)
        return reader

    def _structure(self, key: str, kind: type, wanted: str) -> Any:
        if not self.given(key):
            return None
        value = self.raw[key]
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = self.raw[key]
        if isinstance(value, Mapping if kind is dict else (list, tuple)):
            return value
        self.problem(key, f"{value!r} is not {wanted}", f"write {wanted}")
        return None

    def _within(self, key: str, value: float, minimum: float, maximum: float) -> bool:
        if minimum <= value <= maximum:
            return True
        self.problem(key, f"{value} is out of range", f"use {minimum} to {maximum}")
        return False
