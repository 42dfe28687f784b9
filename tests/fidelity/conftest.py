"""moto with every patch on and nothing else of the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, feed, fidelity
from localaws.fidelity.stop_execution import stop_all
from localaws.server import Server
from tests.fidelity.playing import Aws


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    fidelity.apply_all()
    with Server() as running:
        yield running
    clients.forget()


@pytest.fixture
def aws(server: Server) -> Iterator[Aws]:
    moto_api_backend.reset()
    own = feed.Feed()
    feed.use(own)
    empty = Aws(server.endpoint)
    own.subscribe(empty.happenings.append)
    yield empty
    stop_all()
    feed.use(feed.Feed())


@pytest.fixture
def without() -> Callable[..., AbstractContextManager[None]]:
    """What takes patches off for a while: moto must then do the wrong thing."""

    @contextmanager
    def taken_off(*names: str) -> Iterator[None]:
        assert set(names) <= set(fidelity.NAMES)
        fidelity.revert_all()
        fidelity.apply_all(without=names)
        try:
            yield
        finally:
            fidelity.revert_all()
            fidelity.apply_all()

    return taken_off
