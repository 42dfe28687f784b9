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


def fixed(text: str, option: str) -> datetime:
    """Return a moment that is the same whenever it is read: ISO 8601, no duration.

    Raises:
        click.UsageError: It is no such moment.
    """
    return _iso(text, option, forms=_DATES)


def _moment(text: str, option: str, now: datetime, *, direction: int) -> datetime:
    forms = f"{_DATES}, or a duration such as 2h or 3d"
    if _DIGITS.fullmatch(text):
        raise _no_time(text, option, forms)
    try:
        return (now + direction * timedelta(seconds=durations.parse(text, option))).astimezone(UTC)
    except InvalidInput:
        return _iso(text, option, forms=forms)
    except OverflowError:
        raise _no_time(text, option, forms) from None


def _iso(text: str, option: str, *, forms: str) -> datetime:
    if _DIGITS.fullmatch(text):
        raise _no_time(text, option, forms)
    try:
        return datetime.fromisoformat(text.strip().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time(text, option, forms) from None


_DIGITS = re.compile(r"\s*[0-9]+\s*")
"""They may be a year, or seconds: nobody means what they would be read as."""

_DATES = "2026-11-26, 2026-11-26T08:00, 2026-11-26T08:00Z"


def _no_time(text: str, option: str, forms: str) -> click.UsageError:
    return click.UsageError(f"{option}: {text!r} is no time; write {forms}")
