"""AWS on this machine: the parts put together."""

from __future__ import annotations

import contextlib
from typing import Any, Final, Self

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

import localaws.moto_data  # noqa: F401 - before anything imports moto's EC2
from localaws import clients, fidelity
from localaws import feed as feeds
from localaws.alarm_watch import AlarmWatch
from localaws.clock import Clock, SystemClock
from localaws.events import Events
from localaws.examined import Examined, with_slack
from localaws.fidelity import scheduler_api
from localaws.fidelity.stop_execution import stop_all
from localaws.schedules import Schedules
from localaws.server import Server
from localaws.slack import Slack
from localaws.tasks import Tasks

REGION: Final = "us-east-1"


class Emulator:
    """A running emulator, empty at the start.

    Run one at a time: moto keeps its state in the process, and so does the feed.

    Args:
        port: Where to listen on 127.0.0.1; 0 takes a free one.
        executor: ``process``, ``container``, or ``auto`` for what each task needs.
        clock: What schedules go by, the system's if there is none.
        region: Where :meth:`client` looks by default; every region is there.
        fires: Whether schedules fire.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        executor: str = "auto",
        clock: Clock | None = None,
        region: str = REGION,
        fires: bool = True,
    ) -> None:
        self.account: str = DEFAULT_ACCOUNT_ID
        self.region = region
        self.clock = clock or SystemClock()
        self.feed = feeds.Feed()
        self.slack = Slack(self.feed)
        self._events = Events(self.feed, self.clock)
        self._alarms = AlarmWatch(self.feed, self.clock)
        self._executor = executor
        self._fires = fires
        self._server = Server(port, around=lambda moto: with_slack(moto, self.slack))
        self._examined = Examined()
        self._tasks: Tasks | None = None
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

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until what has happened is delivered; return False if ``timeout`` passes first."""
        # An alarm may be about an event, and its message be one for a rule's topic.
        return self._events.drain(timeout) and self._alarms.drain(timeout)

    def reset(self) -> None:
        """Forget every resource and stop what runs. Nobody is told."""
        feeds.use(feeds.Feed())
        stop_all()
        if self._tasks:
            self._tasks.forget()
        moto_api_backend.reset()
        for configuration in self.slack.configurations:
            self.slack.remove(configuration.name)
        feeds.use(self.feed)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            fidelity.apply_all()
            opened.enter_context(self._server)
            opened.callback(clients.forget)
            self.reset()
            scheduler_api.use_clock(self.clock.now)
            opened.callback(scheduler_api.use_clock, None)
            # Taken down in the reverse order: first nothing new starts, then nothing is told,
            # then the runs end, and last the tasks that they leave behind.
            self._tasks = Tasks(self.feed, endpoint=self.endpoint, executor=self._executor)
            self._tasks.install()
            opened.callback(self._tasks.close)
            opened.callback(self.reset)
            opened.callback(self.slack.close)
            self._examined.install()
            opened.callback(self._examined.close)
            self._events.install()
            opened.callback(self._events.close)
            self._alarms.install()
            opened.callback(self._alarms.close)
            if self._fires:
                schedules = Schedules(self.feed, self.clock)
                schedules.start()
                opened.callback(schedules.close)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
