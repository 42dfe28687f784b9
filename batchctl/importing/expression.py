"""What ``on.schedule`` of Copilot says, as an expression of Scheduler. Pure."""

from __future__ import annotations

from batch.errors import InvalidSchedule, Problem
from batch.schedule import Schedule, unix_cron
from batchctl.importing.duration import go_seconds


def expression(text: str) -> str:
    """Return the expression of Scheduler for what ``on.schedule`` says.

    Raises:
        InvalidSchedule: it has no equal.
    """
    text = text.strip()
    if text.startswith("@every "):
        seconds = go_seconds(text.removeprefix("@every "))
        if not seconds or seconds % 60:
            problem = Problem("schedule", f"{text!r} is no whole number of minutes", "use minutes")
            raise InvalidSchedule([problem])
        minutes = seconds // 60
        return f"rate({minutes} minute{'' if minutes == 1 else 's'})"
    if text.startswith(("rate(", "cron(")):
        Schedule(text)
        return text
    return unix_cron(text)
