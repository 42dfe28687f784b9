"""What is refused, and what it says to write instead."""

from datetime import UTC, datetime

import pytest

from batch.schedule import InvalidSchedule, Schedule

NAIVE = datetime.fromisoformat("2026-01-01")
BOTH = "day of month and day of week are both set, and Scheduler takes one of them"
EXAMPLES = "use cron(0 3 * * ? *), rate(15 minutes) or at(2027-01-31T03:00:00)"


def refusal(*args, **kwargs):
    with pytest.raises(InvalidSchedule) as error:
        Schedule(*args, **kwargs)
    return str(error.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        # Five fields: the six-field equal
        (
            "cron(0 3 * * 1-5)",
            "cron(0 3 * * 1-5) has 5 fields instead of six, as in crontab; "
            "use cron(0 3 ? * MON-FRI *)",
        ),
        ("0 3 * * *", "'0 3 * * *' is no schedule expression; use cron(0 3 * * ? *)"),
        (
            "cron(0 3 1 * 1)",
            "cron(0 3 1 * 1) has 5 fields instead of six, as in crontab; "
            "use two schedules: cron(0 3 1 * ? *) and cron(0 3 ? * MON *)",
        ),
        (
            "0 3 1 * 1",
            "'0 3 1 * 1' is no schedule expression; "
            "use two schedules: cron(0 3 1 * ? *) and cron(0 3 ? * MON *)",
        ),
        (
            "cron(0 3 ? * MON-FRI)",
            "cron(0 3 ? * MON-FRI) has 5 fields instead of six, the year is missing; "
            "use cron(0 3 ? * MON-FRI *)",
        ),
        (
            "cron(0 0 3 * * ? *)",
            "cron(0 0 3 * * ? *) has 7 fields instead of six, the first is probably seconds; "
            "use cron(0 3 * * ? *)",
        ),
        (
            "cron(0 3)",
            "cron(0 3) has 2 fields instead of six; use minutes, hours, day of month, month, "
            "day of week and year, for instance cron(0 3 * * ? *)",
        ),
        ("@daily", "'@daily' is no schedule expression; use cron(0 0 * * ? *)"),
        (
            "@reboot",
            "'@reboot' is no schedule expression; run the command on deployment, or use at(...)",
        ),
        # The two day fields
        (
            "cron(0 3 1 * MON *)",
            f"{BOTH}; use cron(0 3 1 * ? *) or cron(0 3 ? * MON *), or both as two schedules",
        ),
        ("cron(0 3 * * MON *)", f"{BOTH}; put ? in the other: cron(0 3 ? * MON *)"),
        ("cron(0 3 1 * * *)", f"{BOTH}; put ? in the other: cron(0 3 1 * ? *)"),
        ("cron(0 3 * * * *)", f"{BOTH}; put ? in the other: cron(0 3 * * ? *)"),
        ("cron(0 3 ? * ? *)", "both day fields are ?; use cron(0 3 * * ? *)"),
        (
            "cron(0 3 * ? * *)",
            "month: '?' is not understood; "
            "use ? only as the whole of one day field, and * elsewhere",
        ),
        (
            "cron(0 3 1,? * ? *)",
            "day of month: '?' is not understood; "
            "use ? only as the whole of one day field, and * elsewhere",
        ),
        # Values
        ("cron(60 3 * * ? *)", "minutes: 60 is out of range; use 0-59"),
        ("cron(0 24 * * ? *)", "hours: 24 is out of range; use 0-23"),
        ("cron(0 3 0 * ? *)", "day of month: 0 is out of range; use 1-31"),
        ("cron(0 3 32W * ? *)", "day of month: 32 is out of range; use 1-31"),
        ("cron(0 3 * 13 ? *)", "month: 13 is out of range; use 1-12 or JAN-DEC"),
        ("cron(0 3 ? * 0 *)", "day of week: 0 is out of range; use 1-7 or SUN-SAT"),
        ("cron(0 3 ? * 8L *)", "day of week: 8 is out of range; use 1-7 or SUN-SAT"),
        ("cron(0 3 * * ? 2200)", "year: 2200 is out of range; use 1970-2199"),
        ("cron(0 3 ? * MONDAY *)", "day of week: 'MONDAY' is unknown; use MON"),
        ("cron(0 3 * JANUARY ? *)", "month: 'JANUARY' is unknown; use JAN"),
        ("cron(x 3 * * ? *)", "minutes: 'X' is unknown; use 0-59"),
        ("cron(٣ 3 * * ? *)", "minutes: '٣' is not understood; use 0-59, with , - * / between"),
        ("cron(-5 3 * * ? *)", "minutes: '-5' is not understood; use 0-59, with , - * / between"),
        (
            "cron(0,, 3 * * ? *)",
            "minutes: '' is not understood; remove the comma too many, or use 0-59",
        ),
        ("cron(*-5 3 * * ? *)", "minutes: '*-5' is not understood; use 0-59, with , - * / between"),
        ("cron(0 3 * * ? 2030-2026)", "year: the range 2030-2026 runs backwards; use 2026-2030"),
        # Steps
        ("cron(0/0 3 * * ? *)", "minutes: '0/0' has a step of 0; use 1 or more"),
        (
            "cron(0/90 * * * ? *)",
            "minutes: the step of '0/90' is longer than the field; use rate(90 minutes)",
        ),
        (
            "cron(0 0/36 * * ? *)",
            "hours: the step of '0/36' is longer than the field; use rate(36 hours)",
        ),
        (
            "cron(0 0 1 1/12 ? *)",
            "month: the step of '1/12' is longer than the field; use at most 11",
        ),
        (
            "cron(0 3 ? * 2/2 *)",
            "day of week: '2/2' has a step; list the days, for instance MON,WED,FRI",
        ),
        # L, W and #
        (
            "cron(0 3 ? * 3#1,6#3 *)",
            "day of week: '3#1,6#3' has more than one expression beside #; "
            "use one schedule each, for instance 3#1",
        ),
        ("cron(0 3 ? * 3#6 *)", "day of week: '3#6' asks for week 6 of the month; use #1 to #5"),
        ("cron(0 3 ? * 3#0 *)", "day of week: '3#0' asks for week 0 of the month; use #1 to #5"),
        (
            "cron(0 3 W * ? *)",
            "day of month: 'W' is not understood; put W behind one day, for instance 15W",
        ),
        (
            "cron(0 3 1-5W * ? *)",
            "day of month: '1-5W' is not understood; put W behind one day, for instance 15W",
        ),
        (
            "cron(0 3 L-3 * ? *)",
            "day of month: 'L-3' counts back from the end, which Scheduler does not promise; "
            "use L for the last day or LW for the last weekday",
        ),
        # Days that never come
        (
            "cron(0 3 31 FEB,APR ? *)",
            "cron(0 3 31 FEB,APR ? *) never fires: its months and years have no such day; "
            "check day, month and year; the last day of a month is L",
        ),
        (
            "cron(0 3 29 2 ? 2026)",
            "cron(0 3 29 2 ? 2026) never fires: its months and years have no such day; "
            "check day, month and year; the last day of a month is L",
        ),
        # Rates
        ("rate(0 minutes)", "rate(0 minutes) never moves on; use a rate of 1 minute or more"),
        ("rate(5m)", "rate(5m) is not understood; use rate(5 minutes)"),
        ("rate(1  hour)", "rate(1  hour) is not understood; use rate(1 hour)"),
        ("rate(2 weeks)", "rate(2 weeks) is not understood; use rate(14 days)"),
        (
            "rate(1 month)",
            "rate(1 month) is not understood; "
            "use cron(...), for instance cron(0 3 1 * ? *) for each month",
        ),
        (
            "rate(30 seconds)",
            "rate(30 seconds) is not understood; use rate(1 minute), the shortest there is",
        ),
        (
            "rate(1.5 hours)",
            "rate(1.5 hours) is not understood; "
            "use a whole number and minutes, hours or days, for instance rate(15 minutes)",
        ),
        (
            "rate(9999999999 days)",
            "rate(9999999999 days) is longer than any calendar; use fewer days",
        ),
        # Single times
        (
            "at(2027-02-29T03:00:00)",
            "at(2027-02-29T03:00:00) is no date and time (day is out of range for month); "
            "use at(yyyy-mm-ddThh:mm:ss)",
        ),
        (
            "at(2027-01-31 03:00)",
            "at(2027-01-31 03:00) is not as Scheduler writes it; use at(2027-01-31T03:00:00)",
        ),
        (
            "at(2027-01-31T03:00:00Z)",
            "at(2027-01-31T03:00:00Z) has an offset, and Scheduler reads it in the schedule's "
            "time zone; use at(2027-01-31T03:00:00) and set timezone",
        ),
        # No expression at all
        ("", f"'' is no schedule expression; {EXAMPLES}"),
        ("none", f"'none' is no schedule expression; {EXAMPLES}"),
        ("0 3 * * ? *", "'0 3 * * ? *' is no schedule expression; use cron(0 3 * * ? *)"),
        ("5 minutes", "'5 minutes' is no schedule expression; use rate(5 minutes)"),
        (
            "2027-01-31T03:00:00",
            "'2027-01-31T03:00:00' is no schedule expression; use at(2027-01-31T03:00:00)",
        ),
        (
            "Cron(0 3 * * ? *)",
            "'Cron(0 3 * * ? *)' is no schedule expression; use cron(0 3 * * ? *)",
        ),
        (" rate(1 hour)", "' rate(1 hour)' is no schedule expression; use rate(1 hour)"),
        (
            "cron(0 3 * * ? *",
            "'cron(0 3 * * ? *' is no schedule expression; use cron(0 3 * * ? *)",
        ),
        (
            f"cron({','.join(['0'] * 130)} 3 * * ? *)",
            "the expression has 275 characters, Scheduler takes 256; "
            "use ranges and steps instead of long lists, or two schedules",
        ),
    ],
)
def test_rejects_an_expression_and_says_what_to_write(expression, message):
    assert refusal(expression) == f"schedule: {message}"


@pytest.mark.parametrize(
    ("timezone", "message"),
    [
        ("Asia/Tokio", "'Asia/Tokio' is no IANA time zone; use Asia/Tokyo"),
        ("asia/tokyo", "'asia/tokyo' is no IANA time zone; use Asia/Tokyo"),
        ("Berlin", "'Berlin' is no IANA time zone; use Europe/Berlin"),
        ("New York", "'New York' is no IANA time zone; use America/New_York"),
        (
            "JST",
            "'JST' is no IANA time zone; "
            "use the name of a place, for instance Asia/Tokyo or Europe/Berlin",
        ),
        (
            "+09:00",
            "'+09:00' is no IANA time zone; "
            "use the name of a place, for instance Asia/Tokyo, or Etc/GMT-9 for +09:00",
        ),
        ("", "'' is no IANA time zone; use a name like Asia/Tokyo, Europe/Berlin or UTC"),
        (
            "../zoneinfo/UTC",
            "'../zoneinfo/UTC' is no IANA time zone; use UTC",
        ),
        (
            "localtime",
            "'localtime' is no IANA time zone; use a name like Asia/Tokyo, Europe/Berlin or UTC",
        ),
    ],
)
def test_rejects_a_zone_and_says_what_to_write(timezone, message):
    assert refusal("rate(1 hour)", timezone) == f"timezone: {message}"


def test_rejects_dates_without_an_offset():
    assert refusal("rate(1 hour)", start=NAIVE, end=NAIVE.replace(month=2, hour=3)) == (
        "start_date: 2026-01-01T00:00:00 has no offset; use 2026-01-01T00:00:00Z for UTC\n"
        "end_date: 2026-02-01T03:00:00 has no offset; use 2026-02-01T03:00:00Z for UTC"
    )


def test_rejects_an_end_before_the_start():
    start, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

    assert refusal("rate(1 hour)", start=start, end=end) == (
        "end_date: 2026-01-01T00:00:00+00:00 is not after the start 2026-02-01T00:00:00+00:00; "
        "use a later end or an earlier start"
    )


def test_rejects_a_single_time_that_the_clock_leaves_out():
    assert refusal("at(2026-03-29T02:30:00)", "Europe/Berlin") == (
        "schedule: at(2026-03-29T02:30:00) never comes: clocks in Europe/Berlin skip that time; "
        "use a time an hour earlier or later"
    )


def test_dates_that_are_past_are_no_error():
    past = datetime(2020, 1, 1, tzinfo=UTC)

    assert Schedule("at(2020-01-01T00:00:00)").is_past(past)
    assert Schedule("rate(1 hour)", end=past).end == past


def test_reports_every_problem_at_once():
    assert refusal("cron(60 25 32 * ? *)", "Mars", start=NAIVE).splitlines() == [
        "start_date: 2026-01-01T00:00:00 has no offset; use 2026-01-01T00:00:00Z for UTC",
        "schedule: minutes: 60 is out of range; use 0-59",
        "schedule: hours: 25 is out of range; use 0-23",
        "schedule: day of month: 32 is out of range; use 1-31",
        "timezone: 'Mars' is no IANA time zone; use a name like Asia/Tokyo, Europe/Berlin or UTC",
    ]
