"""Parsing one definition leaves nothing behind for the next.

moto keeps the query language of the block that it is in with the class instead of with the
parse: after one definition that is refused half-way, those in the other query language are all
refused, and two that are parsed at the same time, as every start of a run does, disturb each
other.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Give each parse its own list."""

    @wrap(Preprocessor, "__init__")
    def init(original: Any, self: Any) -> None:
        original(self)
        self._query_language_per_scope = []
