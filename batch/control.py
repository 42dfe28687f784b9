"""The control table: what the platform remembers between runs.

One DynamoDB table a platform, ``P-control``, without which no run starts. What is in it, by ``pk``
and ``sk``:

========================  ===============================  ========================================
``pk``                    ``sk``                           what
========================  ===============================  ========================================
``run#<job>``             the run's name                   one run, from its admission on
``claim#<job>``           ``<schedule>#<scheduled time>``  which run has a scheduled time
``slots``                 ``job#<job>``, ``group#<name>``  the executions that hold a limited place
``pauses``                the job, or ``*``                who paused it, and until when
``jobs``                  the job                          its last results
``expectations``          the job                          how often it is to succeed (from code)
``watch``                 the job                          what the sweep has told about that
========================  ===============================  ========================================

Every moment in it is text, ``2026-11-23T18:00:00.877Z``: such texts compare as the moments do.
``expires`` is the exception, as DynamoDB's TTL wants seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
TTL: Final = "expires"

BY_JOB: Final = "by-job"
"""Index of the runs of a job: ``job``, then ``started``."""

BY_DAY: Final = "by-day"
"""Index of all runs: ``day`` (UTC, ``2026-11-23``), then ``started``."""

OPEN: Final = "open"
"""Index of the runs that the platform still owes something: ``open``, then ``started``."""

INDEXES: Final = {BY_JOB: ("job", "started"), BY_DAY: ("day", "started"), OPEN: ("open", "started")}
"""Hash and range key by index. Each holds the whole item."""

RUNNING: Final = "running"
"""``open`` of a run whose end is not recorded."""

UNTOLD: Final = "untold"
"""``open`` of a run whose end is recorded, and its message not sent. Then the attribute goes."""

SLOTS: Final = "slots"
PAUSES: Final = "pauses"
JOBS: Final = "jobs"
EXPECTATIONS: Final = "expectations"
WATCH: Final = "watch"

EVERY_JOB: Final = "*"
"""``sk`` of the pause of the whole platform."""

MASK: Final = "***"
"""What the record has in place of a value of the environment."""


UNKNOWN_SECONDS: Final = 15 * 60
"""How long an execution that Step Functions does not know counts as alive.

DescribeExecution is eventually consistent: it may have just begun.
"""

REPLACED: Final = "Job.Replaced"
"""``Error`` of an execution that another run of its job took the place of. It is no failure."""


class Skip(StrEnum):
    """Why a run did nothing: ``code`` of its output, ``skip`` of its record."""

    PAUSED = "PAUSED"
    ALREADY_RAN = "ALREADY_RAN"
    """Another run has its scheduled time."""
    START_DEADLINE = "START_DEADLINE"
    """It came too late. The only one that is told in the failure channel."""
    OVERLAP = "OVERLAP"
    """Another run of the job is not over, or the job's group is full."""
    QUEUED_TOO_LONG = "QUEUED_TOO_LONG"


class Message(StrEnum):
    """Which message the end of a run is worth: ``message`` of its record."""

    SUCCESS = "success"
    RECOVERED = "recovered"
    """The first success after failures."""
    FAILURE = "failure"
    LATE = "late"
    """Skipped at its start deadline."""


def run_key(job: str, run: str) -> dict[str, str]:
    """Return the key of a run's record."""
    return {PARTITION_KEY: f"run#{job}", SORT_KEY: run}


def claim_key(job: str, schedule: str, scheduled_time: str) -> dict[str, str]:
    """Return the key of a scheduled time. A backfill's ``schedule`` is ``backfill:<its id>``."""
    return {PARTITION_KEY: f"claim#{job}", SORT_KEY: f"{schedule}#{scheduled_time}"}


def job_slots_key(job: str) -> dict[str, str]:
    """Return the key of the one place of a job that must not overlap itself."""
    return {PARTITION_KEY: SLOTS, SORT_KEY: f"job#{job}"}


def group_slots_key(group: str) -> dict[str, str]:
    """Return the key of the places of a concurrency group."""
    return {PARTITION_KEY: SLOTS, SORT_KEY: f"group#{group}"}


def moment(time: datetime) -> str:
    """Return a moment as the table has it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
