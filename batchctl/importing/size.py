"""A task's size that Fargate has, for one that it may not have. Pure."""

from __future__ import annotations

from batch.fargate import MEMORY


def fitting(cpu: int | None, memory: int | None) -> tuple[int, int] | None:
    """Return the smallest CPU and memory that are at least these, None if no task is as large."""
    pairs = ((units, size) for units, sizes in MEMORY.items() for size in sizes)
    return next(((u, size) for u, size in pairs if u >= (cpu or 0) and size >= (memory or 0)), None)
