"""The errors of the operator's tool, a branch under ``BatchError``.

::

    OperatorError                 the command ends with status 1 and this text
    ├── NotFound                  no such job or run; the nearest names are in the text
    └── AwsRefused                AWS, or the emulator, did not do what was asked
"""

from __future__ import annotations

from collections.abc import Iterable

from batch.errors import BatchError, nearest


class OperatorError(BatchError):
    """A failure that the operator can act on: ``where: what; what to do``."""


class AwsRefused(OperatorError):
    """AWS, or the emulator in its place, did not do what was asked."""


class NotFound(OperatorError):
    """A thing of that name does not exist."""

    @classmethod
    def job(cls, name: str, prefix: str, known: Iterable[str]) -> NotFound:
        """Return the error for a job that ``prefix`` has not, naming the nearest that it has."""
        known = list(known)
        if not known:
            hint = "the platform has no jobs; deploy it, or check --env"
        elif near := nearest(name, known):
            hint = f"did you mean {near}"
        else:
            hint = "list the jobs with `batchctl ls`"
        return cls(f"{name}: {prefix} has no such job; {hint}")
