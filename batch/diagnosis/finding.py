"""What the modules of this package return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """What happened, and what to do."""

    what: str
    """Goes on after the run's name: ``never started: its image was not found``."""

    todo: str
    """What to do next, as a sentence without its period; empty where nothing is to be done."""
