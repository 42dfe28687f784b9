"""A running emulator, for the tests that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.emulator import Emulator


@pytest.fixture(scope="module")
def running_emulator() -> Iterator[Emulator]:
    """Started once a module: two in one process would share moto's state."""
    with Emulator(executor="process", region="eu-west-1", fires=False) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    """The running emulator, empty."""
    running_emulator.reset()
    return running_emulator
