"""Schedules against an independent cron library (cronsim), on the grammar that both have.

cronsim speaks Debian's five fields: Sunday is 0, there is no year, no ``?`` and no ``15W``.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, product
from zoneinfo import ZoneInfo

from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch.schedule import InvalidSchedule, Schedule, unix_cron

NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

# Machines are busy: how long an example takes says nothing.
unhurried = settings(deadline=None, max_examples=300)


@st.composite
def term(draw, low, high):
    """One part of a list that both grammars have."""
    first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
    step = draw(st.integers(1, min(high - low, 20)))
    texts = [f"{first}", f"{first}-{last}", f"*/{step}"]
    if first < last:  # cronsim reads 5-5/2 as 5/2
        texts.append(f"{first}-{last}/{step}")
    return draw(st.sampled_from(texts))


def field(low, high):
    return st.one_of(st.just("*"), st.lists(term(low, high), min_size=1, max_size=3).map(",".join))


minutes, hours, days_of_month = field(0, 59), field(0, 23), field(1, 31)
months = st.one_of(field(1, 12), st.sampled_from(MONTHS), st.just("mar-Jun"))
moments = st.datetimes(
    datetime.fromisoformat("1971-01-01"),
    datetime.fromisoformat("2140-01-01"),
    timezones=st.just(UTC),
)

# Pairs of the same days as Scheduler and as cronsim write them.
weekdays = st.sampled_from(range(7))
days_of_week = st.one_of(
    st.just(("*", "*")),
    weekdays.map(lambda day: (f"{day + 1}", f"{day}")),
    weekdays.map(lambda day: (NAMES[day].lower(), NAMES[day])),
    st.lists(weekdays, min_size=2, max_size=4).map(
        lambda days: (",".join(NAMES[day] for day in days), ",".join(map(str, days)))
    ),
    st.tuples(weekdays, weekdays)
    .map(sorted)
    .map(lambda days: (f"{days[0] + 1}-{days[1] + 1}", f"{days[0]}-{days[1]}")),
    weekdays.map(lambda day: (f"{day + 1}L", f"{day}L")),
    st.tuples(weekdays, st.integers(1, 5)).map(
        lambda pair: (f"{pair[0] + 1}#{pair[1]}", f"{pair[0]}#{pair[1]}")
    ),
)
last_days = st.sampled_from(["L", "LW", "1,L", "15,LW"])


@st.composite
def both(draw):
    """The same expression twice: for Scheduler, and for cronsim."""
    minute, hour, month = draw(minutes), draw(hours), draw(months)
    if draw(st.booleans()):
        day = draw(st.one_of(days_of_month, last_days))
        return f"cron({minute} {hour} {day} {month} ? *)", f"{minute} {hour} {day} {month} *"
    ours, theirs = draw(days_of_week)
    return f"cron({minute} {hour} ? {month} {ours} *)", f"{minute} {hour} * {month} {theirs}"


def schedule_or_skip(expression, timezone="UTC"):
    """Return the schedule, unless its months have no such day, which is refused."""
    try:
        return Schedule(expression, timezone)
    except InvalidSchedule as error:
        if "never fires" not in str(error):
            raise
        assume(False)


@unhurried
@given(both(), moments)
def test_times_are_those_of_an_independent_library(pair, after):
    schedule = schedule_or_skip(pair[0])

    assert schedule.next_times(after, 8) == list(islice(CronSim(pair[1], after), 8))


@unhurried
@given(
    st.tuples(minutes, hours, days_of_month, months, field(0, 7)).map(" ".join),
    moments,
)
def test_a_translated_crontab_fires_when_the_crontab_does(text, after):
    try:
        expression = unix_cron(text)
    except InvalidSchedule as error:
        if "which has no equal" not in str(error):
            raise
        assume(False)
    schedule = schedule_or_skip(expression)

    assert schedule.next_times(after, 8) == list(islice(CronSim(text, after), 8))


@unhurried
@given(minutes, hours, days_of_month, months, field(0, 7))
def test_a_crontab_is_refused_only_for_two_restricted_day_fields(minute, hour, day, month, weekday):
    if "*" in (day, weekday):
        assert unix_cron(f"{minute} {hour} {day} {month} {weekday}").startswith("cron(")


ZONES = {
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Antarctica/Troll": ["2026-03-29", "2026-10-25"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22"],
    "Pacific/Apia": ["2011-12-30", "2011-04-02"],
    "Asia/Kathmandu": ["2026-03-29"],
}
nights = st.sampled_from([(zone, day) for zone, days in ZONES.items() for day in days])


@cache
def clock(timezone, day):
    """Return every minute from a day before ``day`` on for three days, as a clock there shows it."""
    begin = datetime.fromisoformat(f"{day}T00:00Z") - timedelta(days=1)
    minutes = [begin + timedelta(minutes=n) for n in range(3 * 24 * 60)]
    zone = ZoneInfo(timezone)
    return [(moment, moment.astimezone(zone).replace(tzinfo=None, fold=0)) for moment in minutes]


@settings(unhurried, max_examples=40)
@given(minutes, field(0, 5), nights)
def test_around_a_clock_change_a_time_fires_when_the_clock_shows_it_first(minute, hour, night):
    # The oracle is a person who looks at the clock every minute and keeps a list.
    shown = clock(*night)
    times = CronSim(f"{minute} {hour} * * *", shown[0][0])
    expected: dict[datetime, datetime] = {}
    for moment, local in shown:
        if local.minute in times.minutes and local.hour in times.hours:
            expected.setdefault(local, moment)

    schedule = Schedule(f"cron({minute} {hour} * * ? *)", night[0])
    found = schedule.next_times(shown[0][0] - timedelta(seconds=1), len(expected) + 1)

    assert [moment.astimezone(UTC) for moment in found[:-1]] == list(expected.values())
    assert found[-1] > shown[-1][0]


@unhurried
@given(both(), moments, st.sampled_from(sorted(ZONES)))
def test_each_time_follows_from_the_one_before(pair, after, timezone):
    schedule = schedule_or_skip(pair[0], timezone)

    times = [moment.astimezone(UTC) for moment in schedule.next_times(after, 5)]

    assert times == sorted(set(times))
    one_by_one = [schedule.next_times(moment, 1)[0] for moment in [after, *times][: len(times)]]
    assert [moment.astimezone(UTC) for moment in one_by_one] == times


@unhurried
@given(st.integers(1, 10_000), st.sampled_from(["minute", "hour", "day"]), moments, moments)
def test_a_rate_keeps_its_distance_from_when_it_was_made(value, unit, made, after):
    period = timedelta(**{f"{unit}s": value})
    assume(after.year + value // 365 < 9000)

    first, second = Schedule(f"rate({value} {unit}s)").next_times(after, 2, created=made)

    assert (first - made) % period == timedelta(0)
    assert second - first == period
    assert first == made > after or first - period <= after < first


def meaning(schedule):
    """What fires, without how it was written."""
    rule = schedule._rule
    dates = [(y, m, tuple(rule.days.of(y, m))) for y in rule.years[:60] for m in rule.months]
    return rule.minutes, rule.hours, rule.years, tuple(dates)


def test_two_schedules_that_sound_alike_fire_alike():
    minutes = ["0", "1", "0,30", "15,45", "*/5", "1/5", "2-57/5", "*/7", "*", "0-9", "0-4,30"]
    minutes += ["10-40/10", "1-59", "0,7,9,11,20"]
    hours = ["*", "0", "9", "9,17", "9-17", "20-2", "*/2", "1/2", "*/5", "0-12", "1,5,9,13,17"]
    days = ["*", "1", "1,15", "L", "LW", "1,L", "1,LW", "15W", "1,15W", "*/2", "1/5", "2/5"]
    days += ["1-7", "1-7,9", "2-30/2"]
    weekdays = ["*", "MON", "2#1", "2L", "L", "2,6L", "7", "1,7", "3,4,5", "6#4", "1,2,3,4,5"]
    weekdays += ["MON-FRI", "MON-THU", "SUN-THU", "FRI-MON"]
    months = ["*", "1", "1,2", "1-3", "*/3", "NOV-FEB", "2"]
    years = ["*", "2036", "2036-2038", "2036,2038"]
    expressions = [
        *product(minutes, hours, ["*"], ["*"], ["?"], ["*"]),
        *product(minutes, hours, ["?"], ["*"], ["MON-FRI"], ["*"]),
        *product(["0"], ["3"], days, months, ["?"], years),
        *product(["0"], ["3"], ["?"], months, weekdays, years),
    ]

    said: dict[str, dict[object, str]] = {}
    for fields in expressions:
        expression = f"cron({' '.join(fields)})"
        schedule = Schedule(expression, "Asia/Tokyo")
        said.setdefault(schedule.in_words(), {}).setdefault(meaning(schedule), expression)

    assert [list(meanings.values()) for meanings in said.values() if len(meanings) > 1] == []
    assert len(said) > 900
