"""What the stack's configuration says about jobs: ``jobs`` of the project's own namespace.

It is read here, so that a module under ``jobs/`` needs no plumbing and a team's own project has
overrides too.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from batch.errors import InvalidJob, Problem, nearest
from components import configuration


def of(job: str) -> Mapping[str, Any]:
    """Return what the stack says about ``job``; empty if it says nothing."""
    return _all().get(job) or {}


def names(job: str) -> bool:
    """Return whether the stack's configuration names ``job``.

    For jobs that are registered only where they are asked for: an empty mapping is enough.
    """
    return job in _all()


def refuse_unknown(registered: Iterable[str]) -> None:
    """Raise if the stack's configuration names a job that nobody registered.

    Raises:
        InvalidJob: with every such name.
    """
    known = sorted(registered)
    problems = []
    for name in sorted(_all().keys() - set(known)):
        guess = nearest(name, known)
        fix = f"did you mean {guess!r}?" if guess else "remove it from the stack's configuration"
        problems.append(Problem(f"jobs.{name}", "no job of this project has this name", fix))
    if problems:
        raise InvalidJob(problems)


def _all() -> Mapping[str, Any]:
    value = configuration.project().get("jobs") or {}
    try:
        overrides = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        overrides = None
    if not isinstance(overrides, dict):
        what, fix = "it is not a mapping", "write job names, and what is different below each"
        raise InvalidJob([Problem("jobs", what, fix)])
    return overrides
