"""Moments as an operator writes them: a date, a time, or a duration from now. Pure.

A time without a zone is of the operator's own: whoever types ``08:00`` means their own morning.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from batch import durations
from batch.errors import InvalidInput


def later(text: str, option: str, now: datetime) -> datetime:
    """Return a moment to come: ISO 8601, or how long from ``now``.

    Raises:
        click.UsageError: It is no moment, or it is past.
    """
    time = _moment(text, option, now, direction=1)
    if time <= now:
        raise click.UsageError(
            f"{option}: {text} is past; give a time to come, or a duration such as 2h"
        )
    return time


def earlier(text: str, option: str, now: datetime) -> datetime:
    """Return a moment: ISO 8601, or how long before ``now``.

    Raises:
        click.UsageError: It is no moment.
    """
    return _moment(text, option, now, direction=-1)


def _moment(text: str, option: str, now: datetime, *, direction: int) -> datetime:
    # Digits alone may be a year, or seconds: nobody means what they would be read as.
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        raise _no_time(text, option)
    try:
        return (now + direction * timedelta(seconds=durations.parse(text, option))).astimezone(UTC)
    except InvalidInput:
        pass
    except OverflowError:
        raise _no_time(text, option) from None
    try:
        return datetime.fromisoformat(text.strip().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time(text, option) from None


def _no_time(text: str, option: str) -> click.UsageError:
    return click.UsageError(
        f"{option}: {text!r} is no time; write 2026-11-26, 2026-11-26T08:00, "
        "2026-11-26T08:00Z, or a duration such as 2h or 3d"
    )
