"""A run's log lines, each once and in order, over pages and attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batchctl.aws import Aws


@dataclass(frozen=True)
class Line:
    """A line that a task wrote."""

    time: datetime
    attempt: int
    """Which of the run's tasks wrote it, from 1."""
    stream: str
    text: str


@dataclass
class Tail:
    """What was not yet read of a run's streams."""

    aws: Aws
    streams: Callable[[], list[str]]
    """The streams that there are by now, an attempt each."""

    since: datetime | None = None
    """Lines from then on; None for all."""

    _tokens: dict[str, str] = field(default_factory=dict)

    def rest(self, pause: Callable[[], None]) -> Iterator[Line]:
        """Yield the lines that are left of a run that has ended.

        CloudWatch Logs shows a line some moments after it took it: what came with the last look may
        not be the last.
        """
        new = True
        while new:
            new = False
            for line in self.lines():
                new = True
                yield line
            pause()
        yield from self.lines()

    def lines(self) -> Iterator[Line]:
        """Yield the lines that came since the last call."""
        group = self.aws.platform.task_log_group
        for attempt, stream in enumerate(self.streams(), start=1):
            while True:
                token = self._tokens.get(stream)
                options: dict[str, Any] = {"nextToken": token} if token else {"startFromHead": True}
                if self.since:
                    options["startTime"] = int(self.since.timestamp() * 1000)
                try:
                    page = self.aws.logs.get_log_events(
                        logGroupName=group,
                        logStreamName=stream,
                        **options,
                    )
                except self.aws.logs.exceptions.ResourceNotFoundException:
                    break  # the container has not written yet
                for event in page["events"]:
                    time = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    yield Line(time, attempt, stream, event["message"])
                self._tokens[stream] = page["nextForwardToken"]
                # CloudWatch Logs repeats the token at the end of a stream.
                if page["nextForwardToken"] == token:
                    break
