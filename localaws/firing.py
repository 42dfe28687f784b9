"""From a due time to the calls of its targets."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from localaws import rules, targets
from localaws.access.authorization import Caller
from localaws.delivery import Delivery, RetryPolicy, dead_letters
from localaws.targets import Request
from localaws.timetable import Entry
from localaws.transformer import compact, iso


def deliveries(entry: Entry, scheduled: datetime, now: datetime) -> Iterator[tuple[str, Delivery]]:
    """Yield the ARN of each target that is called for a due time, and its delivery."""
    if not entry.is_rule:
        yield entry.source.target["Arn"], _of_schedule(entry, scheduled)
        return
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": entry.account,
        "time": iso(scheduled),
        "region": entry.region,
        "resources": [entry.source.arn],
        "detail": {},
    }
    for target in tuple(entry.source.targets):
        yield target["Arn"], rules.delivery(entry.source.arn, dict(target), event, now=now)


def with_context(text: str, keywords: Mapping[str, str]) -> str:
    """Return an input with Scheduler's keywords (``<aws.scheduler.*>``) replaced."""
    for keyword, value in keywords.items():
        text = text.replace(f"<aws.scheduler.{keyword}>", value)
    return text


def _of_schedule(entry: Entry, scheduled: datetime) -> Delivery:
    schedule_arn, target = entry.source.arn, dict(entry.source.target)
    text = target.get("Input") or compact(_default_notification(entry, scheduled))
    # The source is the group, not the schedule (Scheduler, "Confused deputy prevention").
    group_arn = schedule_arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
    caller = Caller("scheduler.amazonaws.com", group_arn, str(target.get("RoleArn") or ""))
    last: dict[str, str] = {"body": text, "execution-id": _execution_id()}

    def prepare(attempt: int) -> Request:
        last["execution-id"] = _execution_id()
        filled = with_context(
            text,
            {
                "schedule-arn": schedule_arn,
                "scheduled-time": iso(scheduled),
                "execution-id": last["execution-id"],
                "attempt-number": str(attempt),
            },
        )
        last["body"] = filled
        request = targets.request(target, filled, region=entry.region, now=scheduled, caller=caller)
        last["body"] = compact(request.parameters)
        return request

    def describe(_attempt: int) -> tuple[str, dict[str, str]]:
        return last["body"], {
            "SCHEDULE_ARN": schedule_arn,
            "TARGET_ARN": target["Arn"],
            "SCHEDULED_TIME": iso(scheduled),
            "EXECUTION_ID": last["execution-id"],
            "IS_PAYLOAD_TRUNCATED": "false",
        }

    return Delivery(
        prepare,
        RetryPolicy.of(target),
        scheduled,
        dead_letters(target),
        describe,
        retries_all=True,
        source_arn=schedule_arn,
        gives_up_as=caller,
    )


def _execution_id() -> str:
    """Return an id like Scheduler's, unique for each attempt."""
    return secrets.token_hex(8)


def _default_notification(entry: Entry, scheduled: datetime) -> dict[str, Any]:
    """Return what Scheduler sends for a schedule without an input."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": entry.account,
        "time": iso(scheduled),
        "region": entry.region,
        "resources": [entry.source.arn],
        "detail": "{}",
    }
