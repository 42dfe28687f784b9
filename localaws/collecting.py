"""Lets a program go on after a job that is wrong, and keeps what is wrong with it.

``pulumi up`` ends at the first wrong job. Who checks a program wants to hear of all of them.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from batch.errors import Problem


@dataclass
class Collected:
    """What is wrong with the jobs of a program."""

    problems: list[Problem] = field(default_factory=list)
    jobs: set[str] = field(default_factory=set)
    """The names of the jobs that are wrong. They have made nothing."""

    _patched: list[tuple[Any, Any]] = field(default_factory=list)

    def begin(self) -> None:
        """Begin, where the program's own ``components`` would be imported.

        A program without them has no jobs that could be wrong.
        """
        try:
            job: Any = importlib.import_module("components.scheduled_job").ScheduledJob
        except ImportError:
            return
        plain = job.__init__

        def init(self_: Any, name: str, *args: Any, **kwargs: Any) -> None:
            try:
                plain(self_, name, *args, **kwargs)
            except Exception as error:
                # By shape: another checkout has an InvalidInput of its own.
                if not (problems := getattr(error, "problems", None)):
                    raise
                self.jobs.add(name)
                self.problems += [Problem(one.where, one.what, one.fix) for one in problems]

        self._patched.append((job, plain))
        job.__init__ = init

    def end(self) -> None:
        """Put everything back."""
        while self._patched:
            job, plain = self._patched.pop()
            job.__init__ = plain


@contextlib.contextmanager
def collected() -> Iterator[Collected]:
    """Collect until the block ends; ``begin`` is for ``evaluate(prepare=...)``."""
    found = Collected()
    try:
        yield found
    finally:
        found.end()
