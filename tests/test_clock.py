"""The clock that schedules go by: moved, fast, or the machine's."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from localaws.clock import Clock, MovedClock, SystemClock
from localaws.feed import ExecutionStatusChange, Feed

EVENING = datetime(2030, 1, 1, 18, 0, tzinfo=UTC)
NEVER = threading.Event


def status(name, value):
    return ExecutionStatusChange(
        EVENING, "123456789012", "us-east-1", {"executionArn": name, "status": value}
    )


def test_the_system_clock_shows_the_time_in_utc():
    before = datetime.now(UTC)

    now = SystemClock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


def test_a_moved_clock_starts_where_it_is_told():
    now = MovedClock(EVENING).now()

    assert EVENING <= now < EVENING + timedelta(minutes=1)


def test_a_moved_clock_shows_utc_whatever_zone_it_was_given():
    assert MovedClock(EVENING.astimezone(ZoneInfo("Asia/Tokyo"))).now().utcoffset() == timedelta(0)


def test_a_fast_clock_reaches_a_far_time_soon():
    clock = MovedClock(EVENING, speed=1_000_000)

    assert clock.wait_until(EVENING + timedelta(hours=8), NEVER()) is True
    assert clock.now() >= EVENING + timedelta(hours=8)


def test_a_fast_clock_forgives_more_lateness():
    assert MovedClock(EVENING, speed=600).late == 600 * Clock.late
    assert MovedClock(EVENING, speed=0.5).late == Clock.late


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_cannot_stand_still(speed):
    with pytest.raises(ValueError, match="does not move the clock forward"):
        MovedClock(EVENING, speed=speed)


@pytest.mark.parametrize("clock", [SystemClock(), MovedClock(EVENING), MovedClock(EVENING, None)])
def test_a_wait_ends_at_once_when_it_is_cancelled(clock):
    cancelled = threading.Event()
    cancelled.set()

    assert clock.wait_until(clock.now() + timedelta(days=1), cancelled) is False


@pytest.mark.parametrize("clock", [SystemClock(), MovedClock(EVENING), MovedClock(EVENING, None)])
def test_a_time_that_is_past_needs_no_wait(clock):
    assert clock.wait_until(clock.now() - timedelta(seconds=1), NEVER()) is True


def test_a_jumping_clock_skips_the_wait_when_nothing_runs():
    clock = MovedClock(EVENING, None, quiet=0)

    assert clock.wait_until(EVENING + timedelta(days=365), NEVER()) is True
    assert clock.now() >= EVENING + timedelta(days=365)


def test_a_jumping_clock_shows_utc_whatever_zone_is_awaited():
    clock = MovedClock(EVENING, None, quiet=0)

    clock.wait_until((EVENING + timedelta(days=1)).astimezone(ZoneInfo("Asia/Tokyo")), NEVER())

    assert clock.now().utcoffset() == timedelta(0)


def test_a_jumping_clock_stays_while_something_runs():
    clock, feed = MovedClock(EVENING, None, quiet=0), Feed()
    clock.follow(feed)
    feed.publish(status("a", "RUNNING"))
    feed.publish(status("b", "RUNNING"))
    feed.publish(status("a", "SUCCEEDED"))
    arrived, cancelled = threading.Event(), threading.Event()

    def wait():
        if clock.wait_until(EVENING + timedelta(days=1), cancelled):
            arrived.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not arrived.wait(0.2)
    assert clock.now() < EVENING + timedelta(hours=1)

    feed.publish(status("b", "FAILED"))
    waiting.join(10)

    assert arrived.is_set()


def test_a_jumping_clock_goes_to_the_earliest_time_that_is_awaited():
    clock = MovedClock(EVENING, None, quiet=0.3)
    soon, later = EVENING + timedelta(hours=1), EVENING + timedelta(hours=9)
    at_later, ready = [], threading.Event()

    def wait_for_later():
        ready.set()
        clock.wait_until(later, NEVER())
        at_later.append(clock.now())

    other = threading.Thread(target=wait_for_later)
    other.start()
    ready.wait(5)
    clock.wait_until(soon, NEVER())
    at_soon = clock.now()
    other.join(10)

    assert soon <= at_soon < later
    assert at_later[0] >= later


def test_a_jumping_clock_is_not_followed_any_more_after_unfollow():
    clock, feed = MovedClock(EVENING, None, quiet=0), Feed()
    clock.follow(feed)()
    feed.publish(status("a", "RUNNING"))

    assert clock.wait_until(EVENING + timedelta(days=1), NEVER()) is True
