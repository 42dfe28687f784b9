"""What a container writes, line by line, into CloudWatch Logs and the feed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from moto.logs.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
from moto.logs.models import LogsBackend, logs_backends

from batch.contract import log_stream
from localaws.executors import CannotStart
from localaws.tasks.rights import Rights

log = logging.getLogger(__name__)

EVENT_BYTES: Final = 262_144 - 26
"""What awslogs puts into one event: CloudWatch counts 26 bytes more for each."""

_FIRST_CONTINUATION, _LAST_CONTINUATION = 0x80, 0xBF


class Lines:
    """Cuts bytes into the texts of log events, as awslogs does.

    An empty line is no event. A line that is too long becomes several events, none of which ends
    inside a character. Bytes that are not UTF-8 are replaced.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, block: bytes) -> list[str]:
        """Return the texts that ``block`` completes."""
        self._rest += block
        *whole, rest = self._rest.split(b"\n")
        texts = [text for line in whole for text in _events(line)]
        while len(rest) > EVENT_BYTES:
            end = _boundary(rest)
            texts += _events(rest[:end])
            rest = rest[end:]
        self._rest = rest
        return texts

    def finish(self) -> list[str]:
        """Return the last line, which may lack its end."""
        rest, self._rest = self._rest, bytearray()
        return _events(rest)


class Stream:
    """A log stream of one container."""

    def __init__(self, group: str, name: str, put: Callable[[list[dict[str, Any]]], None]) -> None:
        self.group = group
        self.name = name
        self._put = put

    def write(self, texts: list[str]) -> datetime:
        """Append events, and return their time."""
        now = datetime.now(UTC)
        milliseconds = int(now.timestamp() * 1000)
        self._put([{"timestamp": milliseconds, "message": text} for text in texts])
        return now


def open_stream(
    definition: Mapping[str, Any], *, task_arn: str, account: str, region: str, rights: Rights
) -> Stream:
    """Make the log stream that a container definition asks for.

    Raises:
        CannotStart: If its group is missing or the execution role may not, as ECS words it.
    """
    configuration = definition.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    if configuration.get("logDriver") != "awslogs":
        return Stream("", "", lambda _: None)
    group = options.get("awslogs-group", "")
    name = _stream_name(options.get("awslogs-stream-prefix"), definition["name"], task_arn)
    backend: LogsBackend = logs_backends[account][options.get("awslogs-region", region)]
    rights.require_stream(group, name, region=backend.region_name)
    may_write = rights.may_write(group, name, region=backend.region_name)
    try:
        if options.get("awslogs-create-group") == "true" and group not in backend.groups:
            backend.create_log_group(group, {})
        backend.create_log_stream(group, name)
    except ResourceAlreadyExistsException:
        pass
    except ResourceNotFoundException as error:
        raise CannotStart(
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
            f"The specified log group does not exist. ({group}): exit status 1"
        ) from error

    def put(events: list[dict[str, Any]]) -> None:
        if not may_write:
            return
        try:
            backend.put_log_events(group, name, events)
        except ResourceNotFoundException:
            # Somebody deleted it, or the emulator was reset. The container runs on.
            log.warning("log stream %s of %s is gone", name, group)

    return Stream(group, name, put)


def _stream_name(prefix: str | None, container: str, task_arn: str) -> str:
    # The contract's name, with the prefix that the definition has.
    _, _, rest = log_stream(container, task_arn).partition("/")
    return f"{prefix}/{rest}" if prefix else task_arn.rsplit("/", 1)[-1]


def _events(line: bytes | bytearray) -> list[str]:
    encoded = line.decode(errors="replace").encode()
    texts = []
    while encoded:
        end = _boundary(encoded) if len(encoded) > EVENT_BYTES else len(encoded)
        texts.append(encoded[:end].decode())
        encoded = encoded[end:]
    return texts


def _boundary(data: bytes | bytearray) -> int:
    """Return where to cut so that no character of up to four bytes is cut."""
    for end in range(EVENT_BYTES, EVENT_BYTES - 4, -1):
        if not _FIRST_CONTINUATION <= data[end] <= _LAST_CONTINUATION:
            return end
    return EVENT_BYTES
