"""A run's lines come once each and in order, whatever the pages and whenever they are read."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl.aws import Aws
from batchctl.tail import Tail
from batchctl.target import Target
from tests.local.machines import PLATFORM

GROUP = PLATFORM.task_log_group
_numbers = itertools.count()


@pytest.fixture(scope="module")
def aws(served):
    """An API whose pages hold three lines."""
    target = Target(
        PLATFORM.name, PLATFORM.stack, "us-east-1",
        endpoint=served.endpoint, credentials=("test", "test"),
    )  # fmt: skip
    found = Aws(target)

    def small_pages(params, **_):
        params["limit"] = 3

    found.logs.meta.events.register(
        "provide-client-params.cloudwatch-logs.GetLogEvents", small_pages
    )
    found.logs.create_log_group(logGroupName=GROUP)
    return found


class Task:
    """A log stream that is written to."""

    def __init__(self, aws):
        self.aws = aws
        self.stream = f"task/app/{next(_numbers)}"
        self.written = []
        aws.logs.create_log_stream(logGroupName=GROUP, logStreamName=self.stream)

    def write(self, count, *, at):
        """Write lines that were all written in the same millisecond."""
        lines = [f"{len(self.written) + number}" for number in range(count)]
        self.written += lines
        if lines:
            self.aws.logs.put_log_events(
                logGroupName=GROUP,
                logStreamName=self.stream,
                logEvents=[
                    {"timestamp": int(at.timestamp() * 1000), "message": one} for one in lines
                ],
            )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers(0, 8), max_size=4), min_size=1, max_size=3))
def test_no_line_is_lost_or_doubled(aws, attempts):
    """Of each attempt: how many lines it wrote between two looks."""
    began = datetime.now(UTC) - timedelta(minutes=1)
    tasks: list[Task] = []
    tail = Tail(aws, lambda: [task.stream for task in tasks])
    read = []
    for writes in attempts:
        tasks.append(Task(aws))
        for number, count in enumerate(writes):
            tasks[-1].write(count, at=began + timedelta(milliseconds=number))
            read += tail.lines()
    read += tail.rest(lambda: None)

    assert [(line.attempt, line.text) for line in read] == [
        (attempt, text) for attempt, task in enumerate(tasks, start=1) for text in task.written
    ]


def test_lines_before_the_moment_are_left_out(aws):
    task = Task(aws)
    began = datetime.now(UTC) - timedelta(minutes=1)
    task.write(5, at=began)
    task.write(5, at=began + timedelta(seconds=30))

    since = Tail(aws, lambda: [task.stream], began + timedelta(seconds=30))

    assert [line.text for line in since.lines()] == ["5", "6", "7", "8", "9"]


def test_what_comes_late_is_read_before_the_end_is_told(aws):
    task = Task(aws)
    task.write(2, at=datetime.now(UTC))
    late = [3, 0, 2]

    def pause():
        if late:
            task.write(late.pop(0), at=datetime.now(UTC))

    read = [line.text for line in Tail(aws, lambda: [task.stream]).rest(pause)]

    assert read == ["0", "1", "2", "3", "4", "5", "6"]
