"""Moments as operators write them."""

import time
from datetime import UTC, datetime, timedelta

import click
import pytest

from batchctl.moments import earlier, later

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def in_tokyo(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", NOW + timedelta(hours=2)),
        ("3d", NOW + timedelta(days=3)),
        ("1h30m", NOW + timedelta(minutes=90)),
        ("2026-11-26T08:00Z", datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ("2026-11-26t08:00z", datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ("2026-11-26T08:00:30.5+01:00", datetime(2026, 11, 26, 7, 0, 30, 500_000, UTC)),
        ("2026-11-26 08:00Z", datetime(2026, 11, 26, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_to_come_is_a_time_or_how_long_from_now(text, moment):
    assert later(text, "--until", NOW) == moment


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-26T08:00", datetime(2026, 11, 25, 23, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 25, 15, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_of_the_operators_own(text, moment):
    assert later(text, "--until", NOW) == moment


def test_a_duration_leads_back_where_the_past_is_asked_for():
    assert earlier("7d", "--since", NOW) == NOW - timedelta(days=7)


@pytest.mark.parametrize("text", ["2026-11-23T18:00Z", "2026-11-22T00:00Z", "0s"])
def test_rejects_an_end_that_is_past(text):
    with pytest.raises(click.UsageError, match=f"--until: {text} is past; give a time to come"):
        later(text, "--until", NOW)


@pytest.mark.parametrize(
    "text", ["noon", "", "2026-13-01", "2026", "3 weeks", "9999-12-31T23:59-12:00"]
)
def test_rejects_what_is_no_time(text):
    with pytest.raises(click.UsageError, match=f"--until: {text!r} is no time; write 2026-11-26"):
        later(text, "--until", NOW)
