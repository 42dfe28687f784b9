"""AWS on this machine: the parts put together."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, Final, Self

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, fidelity
from localaws import feed as feeds
from localaws.fidelity import scheduler_api
from localaws.fidelity.stop_execution import stop_all
from localaws.server import Server

REGION: Final = "us-east-1"


class Emulator:
    """A running emulator, empty at the start.

    Run one at a time: moto keeps its state in the process, and so does the feed.

    Args:
        port: Where to listen on 127.0.0.1; 0 takes a free one.
        executor: ``process``, ``container``, or ``auto`` for what each job needs.
        clock: What schedules go by, the system's if there is none.
        region: Where :meth:`client` looks by default; every region is there.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        executor: str = "auto",
        clock: Any = None,
        region: str = REGION,
    ) -> None:
        self.region = region
        self.account: str = DEFAULT_ACCOUNT_ID
        self.feed = feeds.Feed()
        self.clock = clock or ((system := _part("clock", "SystemClock")) and system())
        self.slack: Any = None
        self._executor = executor
        self._server = Server(port)
        self._open = contextlib.ExitStack()

    @property
    def endpoint(self) -> str:
        """The URL that clients take as ``endpoint_url``."""
        return self._server.endpoint

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a boto3 client of the emulator."""
        return clients.make_client(service, region=region or self.region, endpoint=self.endpoint)

    def environment(self) -> dict[str, str]:
        """Return the variables for a process that must talk to this emulator."""
        return clients.environment(endpoint=self.endpoint, region=self.region)

    def reset(self) -> None:
        """Forget every resource, and stop what runs, without a word to anybody."""
        feeds.use(feeds.Feed())
        stop_all()
        moto_api_backend.reset()
        feeds.use(self.feed)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            fidelity.apply_all()
            opened.enter_context(self._server)
            opened.callback(clients.forget)
            self.reset()
            scheduler_api.use_clock(self.clock.now if self.clock else None)
            opened.callback(scheduler_api.use_clock, None)
            # Taken down in the reverse order: first nothing new starts, then nothing is told,
            # then the runs end, and the tasks that they leave behind last.
            if tasks := _part("tasks", "Tasks"):
                running = tasks(self.feed, endpoint=self.endpoint, executor=self._executor)
                running.install()
                opened.callback(running.close)
            opened.callback(self.reset)
            if events := _part("events", "Events"):
                delivering = events(self.feed)
                delivering.install()
                opened.callback(delivering.close)
            if slack := _part("slack", "Slack"):
                self.slack = slack(self.feed)
            if schedules := _part("schedules", "Schedules"):
                firing = schedules(self.feed, self.clock)
                firing.start()
                opened.callback(firing.close)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _part(module: str, name: str) -> Any:
    """Return a class of a part that may not be there yet, or None."""
    try:
        return getattr(importlib.import_module(f"localaws.{module}"), name, None)
    except ModuleNotFoundError:
        return None

