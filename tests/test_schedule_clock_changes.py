"""What happens to a schedule when its zone's clock is moved.

Berlin and New York move by an hour, Lord Howe by half an hour, Samoa once left out a day.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from batch.schedule import ClockChange, Schedule


def fires(expression, timezone, day, count):
    """Return local times with offset, from the local midnight of ``day`` on."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(timezone))
    before = midnight - timedelta(microseconds=1)
    times = Schedule(expression, timezone).next_times(before, count)
    return [f"{moment:%d %H:%M %z}" for moment in times]


@pytest.mark.parametrize(
    ("timezone", "day", "expression", "expected"),
    [
        # Clocks go from 02:00 to 03:00: 02:30 does not exist.
        (
            "Europe/Berlin",
            "2026-03-28",
            "cron(30 2 * * ? *)",
            ["28 02:30 +0100", "30 02:30 +0200"],
        ),
        (
            "Europe/Berlin",
            "2026-03-29",
            "cron(0 1-4 * * ? *)",
            ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"],
        ),
        (
            "Europe/Berlin",
            "2026-03-29",
            "cron(30 * * * ? *)",
            ["29 00:30 +0100", "29 01:30 +0100", "29 03:30 +0200"],
        ),
        # Clocks go from 03:00 back to 02:00: 02:30 comes twice, the first one fires.
        (
            "Europe/Berlin",
            "2026-10-25",
            "cron(30 2 * * ? *)",
            ["25 02:30 +0200", "26 02:30 +0100"],
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            "cron(0 1-4 * * ? *)",
            ["25 01:00 +0200", "25 02:00 +0200", "25 03:00 +0100", "25 04:00 +0100"],
        ),
        (
            "America/New_York",
            "2026-03-07",
            "cron(0 2 * * ? *)",
            ["07 02:00 -0500", "09 02:00 -0400"],
        ),
        (
            "America/New_York",
            "2026-11-01",
            "cron(59 0-2 * * ? *)",
            ["01 00:59 -0400", "01 01:59 -0400", "01 02:59 -0500"],
        ),
        # Half an hour: 02:00 to 02:30, and 02:00 back to 01:30.
        (
            "Australia/Lord_Howe",
            "2026-10-04",
            "cron(0/15 1,2 * * ? *)",
            [
                "04 01:00 +1030",
                "04 01:15 +1030",
                "04 01:30 +1030",
                "04 01:45 +1030",
                "04 02:30 +1100",
                "04 02:45 +1100",
            ],
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-05",
            "cron(0/15 1,2 * * ? *)",
            [
                "05 01:00 +1100",
                "05 01:15 +1100",
                "05 01:30 +1100",
                "05 01:45 +1100",
                "05 02:00 +1030",
                "05 02:15 +1030",
            ],
        ),
        # The day that Samoa left out.
        (
            "Pacific/Apia",
            "2011-12-29",
            "cron(0 12 * * ? *)",
            ["29 12:00 -1000", "31 12:00 +1400"],
        ),
        # No clock changes at all.
        (
            "Asia/Tokyo",
            "2026-03-28",
            "cron(30 2 * * ? *)",
            ["28 02:30 +0900", "29 02:30 +0900"],
        ),
        # Far beyond what a zone file lists one by one.
        (
            "Europe/Berlin",
            "2199-03-30",
            "cron(30 2 * * ? *)",
            ["30 02:30 +0100", "01 02:30 +0200"],
        ),
    ],
)
def test_a_time_that_is_left_out_is_skipped_and_one_that_repeats_fires_once(
    timezone, day, expression, expected
):
    assert fires(expression, timezone, day, len(expected)) == expected


def test_nothing_fires_in_the_hour_that_comes_again():
    between = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 02:15 for the second time
    schedule = Schedule("cron(30 2 * * ? *)", "Europe/Berlin")

    assert schedule.next_times(between, 1) == [datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_a_rate_of_a_day_is_24_hours_across_a_clock_change():
    start = datetime(2026, 3, 28, 2, 30, tzinfo=UTC)
    schedule = Schedule("rate(1 day)", "Europe/Berlin", start=start)

    times = schedule.next_times(start, 2)

    assert times == [start + timedelta(hours=24), start + timedelta(hours=48)]
    assert [f"{moment:%H:%M}" for moment in times] == ["04:30", "04:30"]  # 03:30 before


def test_an_at_in_the_hour_that_comes_again_is_the_first_one():
    schedule = Schedule("at(2026-10-25T02:30:00)", "Europe/Berlin")

    (moment,) = schedule.next_times(datetime(2026, 1, 1, tzinfo=UTC), 2)

    assert moment.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "expression", "expected"),
    [
        (
            "Europe/Berlin",
            "cron(30 2 * * ? *)",
            [("2026-03-29T02:30", "skipped"), ("2026-10-25T02:30", "repeated")],
        ),
        (
            "America/New_York",
            "cron(0 1,2 * * ? *)",
            [("2026-03-08T02:00", "skipped"), ("2026-11-01T01:00", "repeated")],
        ),
        (
            "Australia/Lord_Howe",
            "cron(0/15 1,2 * * ? *)",
            [
                ("2026-04-05T01:30", "repeated"),
                ("2026-04-05T01:45", "repeated"),
                ("2026-10-04T02:00", "skipped"),
                ("2026-10-04T02:15", "skipped"),
            ],
        ),
        ("Europe/Berlin", "cron(0 3 * * ? *)", []),
        ("Europe/Berlin", "cron(30 2 ? * MON-FRI *)", []),
        ("Europe/Berlin", "cron(0 2 29 3 ? 2026)", [("2026-03-29T02:00", "skipped")]),
        ("Asia/Tokyo", "cron(30 2 * * ? *)", []),
        ("UTC", "cron(* * * * ? *)", []),
        ("Europe/Berlin", "rate(1 hour)", []),
        ("Europe/Berlin", "at(2026-10-25T02:30:00)", [("2026-10-25T02:30", "repeated")]),
        ("Europe/Berlin", "at(2026-10-25T03:00:00)", []),
    ],
)
def test_times_that_a_clock_change_meets_are_named(timezone, expression, expected):
    changes = Schedule(expression, timezone).clock_changes(*YEAR)

    assert changes == [ClockChange(datetime.fromisoformat(local), kind) for local, kind in expected]


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        # 02:30 Berlin would have been 01:30 UTC.
        (datetime(2026, 3, 29, 1, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 1),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC), 0),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 29, tzinfo=UTC), 0),
    ],
)
def test_clock_changes_are_those_of_the_span(after, until, count):
    schedule = Schedule("cron(30 2 * * ? *)", "Europe/Berlin")

    assert len(schedule.clock_changes(after, until)) == count


def test_clock_changes_outside_start_and_end_do_not_matter():
    schedule = Schedule(
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
        start=datetime(2026, 4, 1, tzinfo=UTC),
        end=datetime(2026, 10, 1, tzinfo=UTC),
    )

    assert schedule.clock_changes(*YEAR) == []
