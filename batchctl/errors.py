"""The errors of the operator's tool, a branch under ``BatchError``.

::

    OperatorError                 the command ends with status 1 and this text
    ├── NotDeployed               no such platform in this account and region
    ├── NotFound                  no such job or run; the nearest names are in the text
    └── AwsRefused                AWS, or the emulator, did not do what was asked
"""

from __future__ import annotations

from collections.abc import Iterable

from batch.contract import Platform
from batch.errors import BatchError, nearest


class OperatorError(BatchError):
    """A failure that the operator can act on: ``where: what; what to do``."""


class AwsRefused(OperatorError):
    """AWS, or the emulator in its place, did not do what was asked."""


class NotDeployed(OperatorError):
    """There is no such platform where the command looked."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(
            f"{platform.prefix}: there is no such platform in {platform.region} of account "
            f"{platform.account}; check --env, --region and --profile, or deploy it"
        )


class NotFound(OperatorError):
    """A thing of that name does not exist."""

    @classmethod
    def job(cls, name: str, prefix: str, known: Iterable[str]) -> NotFound:
        """Return the error for a job that ``prefix`` has not, naming the nearest that it has."""
        return cls(f"{name}: {prefix} has no such job; {_hint(name, list(known))}")

    @classmethod
    def jobs(cls, names: Iterable[str], prefix: str, known: Iterable[str]) -> NotFound:
        """Return the error for several jobs that ``prefix`` has not, a line each."""
        listed = list(known)
        return cls("\n".join(str(cls.job(name, prefix, listed)) for name in names))

    @classmethod
    def job_or_run(cls, name: str, prefix: str, known: Iterable[str]) -> NotFound:
        """Return the error for what is neither a job nor a run."""
        return cls(f"{name}: {prefix} has no job or run of that name; {_hint(name, list(known))}")


def _hint(name: str, known: list[str]) -> str:
    if not known:
        return "the platform has no jobs: deploy it, or check --env"
    if near := nearest(name, known):
        return f"did you mean {near}"
    return "list the jobs with `batchctl ls`"
