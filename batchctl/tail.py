"""A run's log lines, each once and in order, over pages and attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

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

    _tokens: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[Line]:
        """Yield the lines that came since the last call."""
        group = self.aws.platform.task_log_group
        for attempt, stream in enumerate(self.streams(), start=1):
            while True:
                token = self._tokens.get(stream)
                options = {"nextToken": token} if token else {"startFromHead": True}
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
