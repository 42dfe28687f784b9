"""A run starts at once: its definition was parsed when the machine was made.

moto parses it again at each start, which takes longer than most of a short run's states.
"""

from __future__ import annotations

import functools

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from localaws.fidelity.patching import patch, replace


@patch
def apply() -> None:
    """Keep what was parsed, by definition, for all runs."""
    parse = functools.lru_cache(maxsize=64)(AmazonStateLanguageParser.parse)
    replace(AmazonStateLanguageParser, "parse", staticmethod(parse))
    # The only thing that a run writes into what was parsed: the name under which it counts, in
    # its own environment, a retrier's attempts. Two first runs could each write theirs.
    replace(EvalComponent, "heap_key", property(lambda self: str(id(self))))
