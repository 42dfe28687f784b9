"""The last lines of a log, without reading what is before them."""

from __future__ import annotations

from batchctl.aws import Aws


def of_stream(aws: Aws, stream: str, count: int) -> list[str]:
    """Return the last lines of a stream, the newest at the end; none if it is not there.

    GetLogEvents may answer with an empty page although there is more: a page further back is asked
    for, until its token repeats.
    """
    lines: list[str] = []
    token: dict[str, str] = {}
    while len(lines) < count:
        try:
            page = aws.logs.get_log_events(
                logGroupName=aws.platform.task_log_group,
                logStreamName=stream,
                limit=count,
                startFromHead=False,
                **token,  # type: ignore[arg-type]
            )
        except aws.logs.exceptions.ResourceNotFoundException:
            break
        lines = [event["message"] for event in page["events"]] + lines
        if page["nextBackwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextBackwardToken"]}
    return lines[-count:]
