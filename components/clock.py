"""The time at which a program runs: dates in code are compared with it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time, in UTC. Tests put another function in its place."""
    return datetime.now(UTC)
