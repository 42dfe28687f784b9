"""What a schedule is made of, says and predicts; clock changes and errors have their own files."""

import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batch.schedule import InvalidSchedule, Schedule, unix_cron

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def fires(expression, count=5, after=NEW_YEAR, timezone="UTC"):
    """Return the next times as text in the schedule's zone."""
    times = Schedule(expression, timezone).next_times(after, count)
    return [f"{moment:%Y-%m-%d %H:%M}" for moment in times]


def days(expression, year, month):
    """Return the days of a month on which an expression fires."""
    after = datetime(year, month, 1, tzinfo=UTC) - timedelta(minutes=1)
    until = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    times = Schedule(expression).next_times(after, 32)
    return [moment.day for moment in times if moment < until]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 3 * * ? *)", ["2026-01-01 03:00", "2026-01-02 03:00"]),
        ("cron(30,0 3 * * ? *)", ["2026-01-01 03:00", "2026-01-01 03:30"]),
        ("cron(*/15 * * * ? *)", ["2026-01-01 00:15", "2026-01-01 00:30"]),
        ("cron(5/15 * * * ? *)", ["2026-01-01 00:05", "2026-01-01 00:20"]),
        ("cron(10-30/10 * * * ? *)", ["2026-01-01 00:10", "2026-01-01 00:20"]),
        ("cron(0 0 1 jan,JUL ? *)", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 1 1/6 ? *)", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 ? * Mon *)", ["2026-01-05 00:00", "2026-01-12 00:00"]),
        ("cron(0 0 ? * 2 *)", ["2026-01-05 00:00", "2026-01-12 00:00"]),
        ("cron(0 0 1 1 ? 2030/2)", ["2030-01-01 00:00", "2032-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2027-2028)", ["2027-01-01 00:00", "2028-01-01 00:00"]),
        ("cron(59 23 31 12 ? 2199)", ["2199-12-31 23:59"]),
        ("cron( 0  3 * * ? * )", ["2026-01-01 03:00", "2026-01-02 03:00"]),
    ],
)
def test_cron_fires_at_its_times(expression, expected):
    assert fires(expression, 2) == expected


def test_a_range_runs_over_midnight():
    # From AWS's own page: "from 8:00 PM to 2:00 AM".
    assert fires("cron(0 20-2/3 ? * 2-6 *)", 4, datetime(2026, 1, 5, 3, tzinfo=UTC)) == [
        "2026-01-05 20:00",
        "2026-01-05 23:00",
        "2026-01-06 02:00",
        "2026-01-06 20:00",
    ]


def test_a_range_runs_over_the_end_of_the_week_and_of_the_year():
    assert days("cron(0 0 ? * FRI-MON *)", 2026, 1)[:5] == [2, 3, 4, 5, 9]
    assert fires("cron(0 0 1 NOV-FEB ? *)", 4) == [
        "2026-02-01 00:00",
        "2026-11-01 00:00",
        "2026-12-01 00:00",
        "2027-01-01 00:00",
    ]


@pytest.mark.parametrize(
    ("expression", "year", "month", "expected"),
    [
        # L: the last day
        ("cron(0 0 L * ? *)", 2026, 1, [31]),
        ("cron(0 0 L * ? *)", 2026, 2, [28]),
        ("cron(0 0 L * ? *)", 2028, 2, [29]),
        ("cron(0 0 l * ? *)", 2026, 4, [30]),
        ("cron(0 0 1,L * ? *)", 2026, 4, [1, 30]),
        # LW: the last weekday
        ("cron(0 0 LW * ? *)", 2026, 1, [30]),  # the 31st is a Saturday
        ("cron(0 0 LW * ? *)", 2026, 5, [29]),  # the 31st is a Sunday
        ("cron(0 0 LW * ? *)", 2026, 6, [30]),  # a Tuesday
        # W: the nearest weekday
        ("cron(0 0 15W * ? *)", 2026, 1, [15]),  # a Thursday
        ("cron(0 0 15W * ? *)", 2026, 8, [14]),  # a Saturday
        ("cron(0 0 15W * ? *)", 2026, 2, [16]),  # a Sunday
        ("cron(0 0 1W * ? *)", 2026, 8, [3]),  # a Saturday: Friday is another month's
        ("cron(0 0 1W * ? *)", 2026, 2, [2]),  # a Sunday
        ("cron(0 0 31W * ? *)", 2026, 5, [29]),  # a Sunday: Monday is another month's
        ("cron(0 0 31W * ? *)", 2026, 1, [30]),  # a Saturday
        ("cron(0 0 28W * ? *)", 2027, 2, [26]),  # a Sunday, and the last day
        ("cron(0 0 31W * ? *)", 2026, 4, []),  # no 31st
        ("cron(0 0 1W,15W * ? *)", 2026, 8, [3, 14]),
        # L in the week: Saturday, or the last of a day
        ("cron(0 0 ? * L *)", 2026, 1, [3, 10, 17, 24, 31]),
        ("cron(0 0 ? * 6L *)", 2026, 1, [30]),
        ("cron(0 0 ? * FRIL *)", 2026, 2, [27]),
        ("cron(0 0 ? * 1L *)", 2026, 5, [31]),
        ("cron(0 0 ? * 2L *)", 2026, 5, [25]),
        ("cron(0 0 ? * 7L *)", 2026, 1, [31]),
        ("cron(0 0 ? * MON,6L *)", 2026, 1, [5, 12, 19, 26, 30]),
        # #: the nth of a day
        ("cron(0 0 ? * 3#2 *)", 2026, 1, [13]),
        ("cron(0 0 ? * TUE#2 *)", 2026, 1, [13]),
        ("cron(0 0 ? * 5#1 *)", 2026, 1, [1]),
        ("cron(0 0 ? * 6#5 *)", 2026, 1, [30]),
        ("cron(0 0 ? * 3#5 *)", 2026, 1, []),
        ("cron(0 0 ? * 1#1 *)", 2026, 2, [1]),
        ("cron(0 0 ? * 7#4 *)", 2026, 2, [28]),
        # days that a month does not have
        ("cron(0 0 30,31 * ? *)", 2026, 2, []),
        ("cron(0 0 29-31 * ? *)", 2028, 2, [29]),
    ],
)
def test_special_days_are_those_of_the_calendar(expression, year, month, expected):
    assert days(expression, year, month) == expected


def test_times_are_local_to_the_zone_and_aware():
    (moment,) = Schedule("cron(0 3 * * ? *)", "Asia/Tokyo").next_times(NEW_YEAR, 1)

    assert moment == datetime(2026, 1, 1, 18, tzinfo=UTC)
    assert moment.tzinfo == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    "expression", ["cron(0 3 * * ? *)", "rate(1 day)", "at(2026-01-02T03:00:00)"]
)
def test_a_time_itself_is_not_after_itself(expression):
    schedule = Schedule(expression)
    anchor = datetime(2026, 1, 1, 3, tzinfo=UTC)
    (first,) = schedule.next_times(anchor, 1, created=anchor)

    assert first == datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert first not in schedule.next_times(first, 1, created=anchor)
    just_before = first - timedelta(microseconds=1)
    assert schedule.next_times(just_before, 1, created=anchor) == [first]


def test_times_end_with_the_years():
    expression = "cron(0 0 1 1,7 ? 2027)"

    assert fires(expression, 99) == ["2027-01-01 00:00", "2027-07-01 00:00"]
    assert fires("cron(0 0 1 1 ? 2020)") == []
    assert fires("cron(0 0 * * ? *)", 9, datetime(2199, 12, 30, tzinfo=UTC)) == ["2199-12-31 00:00"]


def test_the_calendar_ends_a_rate():
    late = datetime(9999, 12, 30, 12, tzinfo=UTC)

    assert fires("rate(1 day)", 9, late) == ["9999-12-31 12:00"]
    assert fires("rate(999999999 days)", 9, late) == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # 29 February on a Friday comes every 28 years, and not around 2100.
        (
            "cron(0 0 ? 2 6#5 *)",
            ["2036-02-29 00:00", "2064-02-29 00:00", "2092-02-29 00:00", "2104-02-29 00:00"],
        ),
        ("cron(0 0 29 2 ? 2100-2110)", ["2104-02-29 00:00", "2108-02-29 00:00"]),
        ("cron(59 23 L 12 ? 2199)", ["2199-12-31 23:59"]),
    ],
)
def test_sparse_expressions_are_found_quickly(expression, expected):
    begin = time.process_time()

    assert fires(expression, 4) == expected
    assert time.process_time() - begin < 0.5


def test_no_times_are_asked_for():
    assert Schedule("rate(1 day)").next_times(NEW_YEAR, 0) == []
    assert Schedule("cron(0 3 * * ? *)").next_times(NEW_YEAR, -1) == []


def test_start_and_end_are_both_within():
    schedule = Schedule(
        "cron(0 3 * * ? *)",
        start=datetime(2026, 2, 1, 3, tzinfo=UTC),
        end=datetime(2026, 2, 3, 3, tzinfo=UTC),
    )

    assert [moment.day for moment in schedule.next_times(NEW_YEAR, 9)] == [1, 2, 3]
    assert [moment.day for moment in schedule.next_times(schedule.start, 9)] == [2, 3]


def test_an_at_ignores_start_and_end():
    later = datetime(2027, 1, 1, tzinfo=UTC)
    schedule = Schedule("at(2026-02-01T03:00:00)", start=later, end=later + timedelta(days=1))

    assert schedule.next_times(NEW_YEAR, 2) == [datetime(2026, 2, 1, 3, tzinfo=UTC)]


def test_a_rate_counts_from_its_start():
    start = datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
    schedule = Schedule("rate(20 minutes)", start=start)

    assert [f"{m:%H:%M}" for m in schedule.next_times(NEW_YEAR, 3)] == ["00:07", "00:27", "00:47"]
    later = NEW_YEAR + timedelta(minutes=30)
    assert [f"{m:%H:%M}" for m in schedule.next_times(later, 2)] == ["00:47", "01:07"]


def test_a_rate_without_start_counts_from_when_it_was_made():
    made = datetime(2026, 1, 1, 0, 7, 30, tzinfo=UTC)
    schedule = Schedule("rate(1 hour)")

    assert schedule.next_times(NEW_YEAR, 2, created=made) == [made, made + timedelta(hours=1)]
    assert schedule.next_times(NEW_YEAR, 1) == [NEW_YEAR + timedelta(hours=1)]


def test_a_start_before_the_schedule_was_made_is_not_its_anchor():
    # A start that is already past is not sent to Scheduler.
    made = datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
    schedule = Schedule("rate(1 hour)", start=datetime(2025, 1, 1, tzinfo=UTC))

    assert schedule.next_times(NEW_YEAR, 1, created=made) == [made]


@pytest.mark.parametrize(
    ("schedule", "past"),
    [
        (Schedule("at(2026-01-01T00:00:00)"), True),
        (Schedule("at(2026-01-01T00:00:01)"), False),
        (Schedule("at(2026-01-01T00:00:01)", "Asia/Tokyo"), True),
        (Schedule("at(2026-01-01T00:00:01)", end=NEW_YEAR - timedelta(1)), False),
        (Schedule("cron(0 3 * * ? *)"), False),
        (Schedule("cron(0 3 * * ? 2025)"), True),
        (Schedule("cron(0 3 * * ? *)", end=NEW_YEAR - timedelta(1)), True),
        (Schedule("cron(0 3 * * ? *)", end=NEW_YEAR + timedelta(hours=2)), True),
        (Schedule("cron(0 3 * * ? *)", end=NEW_YEAR + timedelta(hours=3)), False),
        (Schedule("cron(0 3 * * ? *)", start=NEW_YEAR + timedelta(900)), False),
        (Schedule("rate(1 day)"), False),
        (Schedule("rate(1 day)", end=NEW_YEAR + timedelta(hours=1)), False),
        (Schedule("rate(1 day)", end=NEW_YEAR - timedelta(1)), True),
    ],
)
def test_a_schedule_with_nothing_left_is_past(schedule, past):
    assert schedule.is_past(NEW_YEAR) is past


def test_the_kind_is_that_of_the_expression():
    expressions = ["cron(0 3 * * ? *)", "rate(1 hour)", "at(2026-01-01T00:00:00)"]

    assert [Schedule(text).kind for text in expressions] == ["cron", "rate", "at"]


def test_equal_schedules_are_equal_and_can_be_keys():
    first, second = Schedule("rate(1 hour)", "Asia/Tokyo"), Schedule("rate(1 hour)", "Asia/Tokyo")

    assert {first: 1} == {second: 1}
    assert first != Schedule("rate(1 hour)")


@pytest.mark.parametrize("method", ["next_times", "clock_changes"])
def test_rejects_a_moment_without_a_zone(method):
    naive = datetime.fromisoformat("2026-01-01")

    with pytest.raises(ValueError, match="after has no time zone"):
        getattr(Schedule("cron(0 3 * * ? *)"), method)(naive, 1)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("cron(0 3 ? * MON-FRI *)", "every weekday at 03:00 Asia/Tokyo"),
        ("cron(0 3 * * ? *)", "every day at 03:00 Asia/Tokyo"),
        ("cron(0 3,15 * * ? *)", "every day at 03:00 and 15:00 Asia/Tokyo"),
        ("cron(0/15 * * * ? *)", "every 15 minutes"),
        ("cron(* * * * ? *)", "every minute"),
        ("cron(0 * ? * * *)", "every hour"),
        ("cron(15 * * * ? *)", "at 15 minutes past every hour (Asia/Tokyo)"),
        ("cron(1 * * * ? *)", "at 1 minute past every hour (Asia/Tokyo)"),
        ("cron(0 */2 * * ? *)", "every 2 hours from 00:00 Asia/Tokyo"),
        (
            "cron(0 5/2 * * ? *)",
            "at minute 0 of hour 5, 7, 9, 11, 13, 15, 17, 19, 21 and 23 (Asia/Tokyo)",
        ),
        ("cron(15 9-17 ? * 2-6 *)", "every weekday, every hour from 09:15 to 17:15 Asia/Tokyo"),
        ("cron(0/5 20-2 * * ? *)", "every 5 minutes from 20:00 to 02:55 Asia/Tokyo"),
        ("cron(* 9 * * ? *)", "every minute from 09:00 to 09:59 Asia/Tokyo"),
        ("cron(0/30 * ? * SAT,SUN *)", "every Saturday and Sunday, every 30 minutes (Asia/Tokyo)"),
        (
            "cron(*/7 * * * ? *)",
            "every 7 minutes from minute 0 of every hour (Asia/Tokyo)",
        ),
        ("cron(7,11 1,5,9 * * ? *)", "at minute 7 and 11 of hour 1, 5 and 9 (Asia/Tokyo)"),
        (
            "cron(0-9,30 1-3,5 ? * TUE *)",
            "every Tuesday, at minute 0-9 and 30 of hour 1-3 and 5 (Asia/Tokyo)",
        ),
        ("cron(0 3 ? * MON,WED,FRI *)", "every Monday, Wednesday and Friday at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? * SUN-TUE *)", "every Monday, Tuesday and Sunday at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? * 6-2 *)", "every day from Friday to Monday at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? * L *)", "every Saturday at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? 7 MON-FRI *)", "every weekday in July at 03:00 Asia/Tokyo"),
        ("cron(0 3 * NOV-FEB ? *)", "every day in November to February at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? * 6L *)", "on the last Friday of every month at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? 1/3 6#2 *)", None),
        ("cron(0 3 ? * 2,6L *)", None),
        ("cron(0 3 ? 2 6#5 *)", "on the fifth Friday of February at 03:00 Asia/Tokyo"),
        ("cron(0 3 L * ? *)", "on the last day of every month at 03:00 Asia/Tokyo"),
        ("cron(0 3 LW * ? *)", "on the last weekday of every month at 03:00 Asia/Tokyo"),
        ("cron(0 3 1,15 * ? *)", "on the 1st and 15th of every month at 03:00 Asia/Tokyo"),
        ("cron(0 3 1-7,22 * ? *)", "on the 1st to 7th and 22nd of every month at 03:00 Asia/Tokyo"),
        ("cron(0 3 1W,L * ? *)", None),
        ("cron(0 3 */2 * ? *)", "on every 2nd day of every month from the 1st at 03:00 Asia/Tokyo"),
        ("cron(0 3 25 12 ? *)", "every year on 25 December at 03:00 Asia/Tokyo"),
        ("cron(0 3 25 12 ? 2027)", "on 25 December 2027 at 03:00 Asia/Tokyo"),
        ("cron(0 3 * * ? 2027-2029)", "every day from 2027 to 2029 at 03:00 Asia/Tokyo"),
        ("cron(0 3 ? * 2 2027)", "every Monday in 2027 at 03:00 Asia/Tokyo"),
        ("rate(15 minutes)", "every 15 minutes"),
        ("rate(1 minute)", "every minute"),
        ("rate(1 hours)", "every hour"),
        ("rate(1 day)", "every 24 hours"),
        ("rate(3 days)", "every 3 days"),
        ("at(2027-01-31T03:00:00)", "once on 31 January 2027 at 03:00 Asia/Tokyo"),
        ("at(2027-01-31T03:00:05)", "once on 31 January 2027 at 03:00:05 Asia/Tokyo"),
    ],
)
def test_a_schedule_is_said_in_words(expression, words):
    long = {
        "cron(0 3 ? 1/3 6#2 *)": "on the second Friday of January, April, July and October",
        "cron(0 3 ? * 2,6L *)": "every Monday and on the last Friday of every month",
        "cron(0 3 1W,L * ? *)": "on the weekday nearest the 1st and the last day of every month",
    }
    expected = words or f"{long[expression]} at 03:00 Asia/Tokyo"

    assert Schedule(expression, "Asia/Tokyo").in_words() == expected


def test_the_examples_of_the_page_say_what_they_mean():
    page = (Path(__file__).parent.parent / "docs" / "schedules.md").read_text("utf-8")
    examples = re.findall(r"^\| `(cron\([^`]*\))` \| ([a-z].*) \|$", page, re.MULTILINE)

    said = [
        Schedule(text).in_words().replace(" (UTC)", "").replace(" UTC", "") for text, _ in examples
    ]

    assert said == [words for _, words in examples]
    assert len(examples) >= 12


def test_words_name_the_ends_in_the_schedules_zone():
    schedule = Schedule(
        "rate(15 minutes)",
        "Asia/Tokyo",
        start=datetime(2026, 11, 30, 15, tzinfo=UTC),
        end=datetime(2026, 12, 31, tzinfo=UTC),
    )

    assert schedule.in_words() == (
        "every 15 minutes, from 1 December 2026, until 31 December 2026 09:00"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 3 * * 1-5", "cron(0 3 ? * MON-FRI *)"),
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("*/5 * * * *", "cron(*/5 * * * ? *)"),
        ("0,30 8-18/2 1 jan-mar *", "cron(0,30 8-18/2 1 JAN-MAR ? *)"),
        ("0 3 * * 0", "cron(0 3 ? * SUN *)"),
        ("0 3 * * 7", "cron(0 3 ? * SUN *)"),
        ("0 3 * * 6", "cron(0 3 ? * SAT *)"),
        ("0 3 * * sun", "cron(0 3 ? * SUN *)"),
        ("0 3 * * 5-7", "cron(0 3 ? * SUN,FRI,SAT *)"),
        ("0 3 * * */2", "cron(0 3 ? * SUN,TUE,THU,SAT *)"),
        ("0 3 * * 1-5/2", "cron(0 3 ? * MON,WED,FRI *)"),
        ("0 3 * * 0-6", "cron(0 3 * * ? *)"),
        ("0 3 * * 1-7", "cron(0 3 * * ? *)"),
        ("0 3 1-31 * *", "cron(0 3 * * ? *)"),
        ("0 3 */2 * *", "cron(0 3 */2 * ? *)"),
        # Two restricted fields are alternatives, so one that is full makes it every day.
        ("0 3 1 * 0-6", "cron(0 3 * * ? *)"),
        ("0 3 1-31 * 1", "cron(0 3 * * ? *)"),
        ("@hourly", "cron(0 * * * ? *)"),
        ("@daily", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * SUN *)"),
        ("@monthly", "cron(0 0 1 * ? *)"),
        (" @Yearly ", "cron(0 0 1 1 ? *)"),
    ],
)
def test_classic_cron_is_translated(text, expected):
    assert unix_cron(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "0 9 1 * 1",
            "'0 9 1 * 1' fires on days that match either day field, which has no equal; "
            "use two schedules: cron(0 9 1 * ? *) and cron(0 9 ? * MON *)",
        ),
        (
            "0 9 */2 * 1",
            "'0 9 */2 * 1' fires only on days that match both day fields, which has no equal; "
            "use cron(0 9 */2 * ? *) or cron(0 9 ? * MON *) "
            "and let the command check the other day",
        ),
        (
            "@reboot",
            "@reboot has no equal: nothing boots; run the command on deployment, or use at(...)",
        ),
        ("@every 5m", "@every has no place here; use rate(...), for instance rate(15 minutes)"),
        (
            "@dayly",
            "'@dayly' is unknown; "
            "use one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually",
        ),
        ("0 22-2 * * *", "hours: the range 22-2 runs backwards; use 22-23,0-2"),
        ("5/15 * * * *", "minutes: '5/15' has a step without a range; use 5-59/15"),
        (
            "*/90 * * * *",
            "minutes: the step of '*/90' is longer than the field; use rate(90 minutes)",
        ),
        ("0 3 * * 8", "day of week: 8 is out of range; use 0-7 or SUN-SAT"),
        (
            "H 3 * * *",
            "minutes: 'H' is Jenkins's; choose a number; flexible_window_minutes spreads load",
        ),
        ("0 3 L * *", "day of month: 'L' is unknown; use 1-31"),
        ("CRON_TZ=UTC 0 3 * * *", "'CRON_TZ=UTC' is no field; leave it out and set timezone"),
        (
            "0 3 * * 1-5 root run",
            "'0 3 * * 1-5 root run' has 7 fields instead of five; leave out the user and the "
            "command; six fields with a year are Scheduler's own, use cron(...)",
        ),
        (
            "",
            "'' has 0 fields instead of five; use minute, hour, day of month, month "
            "and day of week, for instance 0 3 * * 1-5",
        ),
    ],
)
def test_rejects_classic_cron_without_an_equal(text, message):
    with pytest.raises(InvalidSchedule) as error:
        unix_cron(text)

    assert str(error.value) == f"schedule: {message}"


def test_importing_the_module_pulls_in_nothing_heavy():
    heavy = {"asyncio", "boto3", "click", "importlib.metadata", "pulumi", "yaml"}
    code = "import sys, batch.schedule; print(*sys.modules)"

    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert "batch.schedule" in result.stdout.split()
    assert heavy & set(result.stdout.split()) == set()
