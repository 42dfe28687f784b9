"""What all tests share: the count of those that lack a component of the machine."""

from __future__ import annotations

import gc
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEED_ALL = "BATCH_TESTS_NEED_ALL"
"""Set where every component must be there: what is left out fails the run."""


@dataclass(frozen=True)
class Component:
    """A part of the machine that some tests need and a newcomer may not have."""

    marker: str
    title: str
    remedy: str
    is_there: Callable[[], bool]

    def summary(self, count: int) -> str:
        return f"{self.title}: {count} tests not run; {self.remedy}"


def _has_container_engine() -> bool:
    from localaws.executors.container import find_engine

    return find_engine() is not None


def _has_pulumi_engine() -> bool:
    from tests.engine import cli

    return cli.find() is not None


COMPONENTS = (
    Component("container", "containers", "install podman", _has_container_engine),
    Component("engine", "engine", "make engine", _has_pulumi_engine),
)


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts something in the background has it ignore Ctrl-C, and children inherit
    # that: those that are to be interrupted would run on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Nobody's profile, region or account is ours.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    for component in COMPONENTS:
        config.addinivalue_line("markers", f"{component.marker}: needs {component.title}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for component in COMPONENTS:
        needing = [item for item in items if item.get_closest_marker(component.marker)]
        if needing and not component.is_there():
            skip = pytest.mark.skip(reason=f"{component.title}: {component.remedy}")
            for item in needing:
                item.add_marker(skip)


def _left_out(terminal: pytest.TerminalReporter, component: Component) -> int:
    reason = f"{component.title}: {component.remedy}"
    return sum(reason in str(report.longrepr) for report in terminal.stats.get("skipped", []))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    # Around pytest's own, so that these lines come last.
    yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:  # a worker of xdist
        return
    counts = [(component, _left_out(terminal, component)) for component in COMPONENTS]
    for component, count in counts:
        if count:
            terminal.write_line(component.summary(count))
    if exitstatus == 0 and os.environ.get(NEED_ALL) and any(count for _, count in counts):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _undo_run_lean() -> Iterator[None]:
    """Undo what a program does to its process, whose end it expects."""
    debug = pulumi.log.debug
    yield
    pulumi.log.debug = debug
    gc.enable()
