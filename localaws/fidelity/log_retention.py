"""CloudWatch Logs keeps events for the times it offers. moto takes any number of days."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from batch.settings import LOG_RETENTION_DAYS
from localaws.fidelity.patching import patch, wrap


@patch
def apply() -> None:
    """Refuse the others."""

    @wrap(LogsBackend, "put_retention_policy")
    def put(original: Any, self: Any, log_group_name: str, retention_in_days: Any) -> Any:
        if int(retention_in_days) not in LOG_RETENTION_DAYS:
            raise InvalidParameterException(
                constraint=f"Member must satisfy enum value set: {sorted(LOG_RETENTION_DAYS)}",
                parameter="retentionInDays",
                value=retention_in_days,
            )
        return original(self, log_group_name, retention_in_days)
