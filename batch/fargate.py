"""The sizes that Fargate has: which memory goes with which CPU.

One table, because AWS has no API that lists it
(Amazon ECS Developer Guide, "Troubleshoot Amazon ECS task definition invalid CPU or memory").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batch.errors import Problem


def _steps(first: int, last: int, step: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1, step))


MEMORY: Final[dict[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: _steps(1024, 4096, 1024),
    1024: _steps(2048, 8192, 1024),
    2048: _steps(4096, 16384, 1024),
    4096: _steps(8192, 30720, 1024),
    8192: _steps(16384, 61440, 4096),
    16384: _steps(32768, 122880, 8192),
    32768: _steps(61440, 249856, 8192),
}
"""CPU units to the memory in MiB that a task with them can have, both in rising order."""


def memory_for(cpu: int) -> int | None:
    """Return the smallest memory that a task of ``cpu`` units can have, None if there is none."""
    return MEMORY[cpu][0] if cpu in MEMORY else None


def cpu_for(memory: int) -> int | None:
    """Return the fewest CPU units that can have ``memory`` MiB, None if no task can."""
    return next((cpu for cpu, sizes in MEMORY.items() if memory in sizes), None)


def check(cpu: int, memory: int, where: str = "") -> list[Problem]:
    """Return what is wrong with the pair, naming the nearest one that Fargate has.

    Args:
        cpu: CPU units.
        memory: MiB.
        where: what the two belong to, for instance ``jobs.report``.
    """
    if cpu not in MEMORY:
        return [bad_cpu(cpu, _at(where, "cpu"))]
    if memory not in MEMORY[cpu]:
        return [_bad_memory(cpu, memory, _at(where, "memory"))]
    return []


def bad_cpu(cpu: int, where: str) -> Problem:
    """Return the problem of CPU units that Fargate does not have."""
    return Problem(
        where, f"Fargate has no task with {cpu} CPU units", f"the nearest is {nearest(cpu, MEMORY)}"
    )


def bad_memory(memory: int, where: str) -> Problem:
    """Return the problem of memory that no Fargate task has, whatever its CPU."""
    sizes = {size for row in MEMORY.values() for size in row}
    return Problem(
        where, f"Fargate has no task with {memory} MiB", f"the nearest is {nearest(memory, sizes)}"
    )


def nearest(number: int, numbers: Iterable[int]) -> int:
    """Return the one of ``numbers`` that is nearest to ``number``; of two the larger."""
    return min(sorted(numbers, reverse=True), key=lambda known: abs(known - number))


def _bad_memory(cpu: int, memory: int, where: str) -> Problem:
    fix = f"the nearest is {nearest(memory, MEMORY[cpu])}"
    if other := cpu_for(memory):
        fix += f", or keep it with cpu {other}"
    return Problem(where, f"Fargate has no task with {cpu} CPU units and {memory} MiB", fix)


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
