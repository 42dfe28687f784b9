"""A running emulator, for the tests that need no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.emulator import Emulator
from tests.local.bare import Workbench, bare_emulator


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


@pytest.fixture(scope="module")
def served():
    """A moto server alone, for what is made in it."""
    with bare_emulator() as emulator:
        yield emulator


@pytest.fixture
def bench(served):
    """A place to make resources in that server, empty."""
    served.reset()
    served.slack.configured.clear()
    return Workbench(served, env="dev")
