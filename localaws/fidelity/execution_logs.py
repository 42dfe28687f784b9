"""A state machine's logging configuration has an effect.

moto stores it, and its own code for it ends the execution's thread, which leaves the run RUNNING
for ever.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from datetime import datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    is_logging_enabled_for,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution

from localaws.fidelity.patching import patch, wrap


class Session:
    """Where the events of one run are written; moto's interpreter calls it."""

    def __init__(self, execution: Any, configuration: CloudWatchLoggingConfiguration) -> None:
        self.execution_arn = execution.exec_arn
        self.configuration = configuration
        started = execution.start_date
        self._stream = (
            f"states/{execution.state_machine.name}/{started:%Y-%m-%d-%H-%M}/{uuid.uuid4().hex[:8]}"
        )
        self._backend = logs_backends[configuration.log_account_id][configuration.log_region]

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Return whether the level of the state machine includes such an event."""
        return bool(is_logging_enabled_for(self.configuration.log_level, history_event_type))

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Write one event of the history."""
        moment = history_log["event_timestamp"]
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        line = {**history_log, "event_timestamp": str(int(moment.timestamp() * 1000))}
        event = {"timestamp": int(time.time() * 1000), "message": to_json_str(line)}
        group = self.configuration.log_group_name
        # A group that is gone, or a stream that is there, must not end the run.
        with contextlib.suppress(JsonRESTError):
            self._backend.create_log_stream(group, self._stream)
        with contextlib.suppress(JsonRESTError):
            self._backend.put_log_events(group, self._stream, [event])


@patch
def apply() -> None:
    """Give each run its session."""

    @wrap(Execution, "start")
    def start(original: Any, self: Any) -> None:
        logging = {"includeExecutionData": False} | self.state_machine.loggingConfiguration
        arn = self.state_machine.arn
        configured = CloudWatchLoggingConfiguration.from_logging_configuration(arn, logging)
        if configured:
            self._cloud_watch_logging_session = Session(self, configured)
        original(self)
