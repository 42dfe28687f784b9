import pytest

from batch import durations
from batch.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90),
        (0, 0),
        ("90s", 90),
        ("15m", 900),
        ("26h", 93_600),
        ("7d", 604_800),
        ("1h30m", 5_400),
        ("1d2h3m4s", 93_784),
        (" 15M ", 900),
        ("90", 90),
    ],
)
def test_a_duration_is_seconds(value, seconds):
    assert durations.parse(value, "jobs.a.run_timeout") == seconds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "15 min",
            "jobs.a.run_timeout: '15 min' is no duration; use 15m",
        ),
        ("2w", "jobs.a.run_timeout: '2w' is no duration; use 14d"),
        (
            "3 months",
            "jobs.a.run_timeout: '3 months' is no duration; "
            "use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (
            "",
            "jobs.a.run_timeout: '' is no duration; use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (
            "m15",
            "jobs.a.run_timeout: 'm15' is no duration; "
            "use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (
            "-5m",
            "jobs.a.run_timeout: '-5m' is no duration; "
            "use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (
            True,
            "jobs.a.run_timeout: True is no duration; "
            "use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (
            1.5,
            "jobs.a.run_timeout: 1.5 is no duration; "
            "use seconds or a text like 90s, 15m, 26h or 7d",
        ),
        (-1, "jobs.a.run_timeout: -1 is out of range; use 0 to 99999999 seconds"),
        ("2000d", "jobs.a.run_timeout: '2000d' is out of range; use 0 to 99999999 seconds"),
    ],
)
def test_rejects_what_is_no_duration_and_says_what_to_write(value, message):
    with pytest.raises(InvalidInput) as error:
        durations.parse(value, "jobs.a.run_timeout")

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (90, "1 min 30 s"),
        (900, "15 min"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (86_400, "24 h"),
        (93_600, "26 h"),
        (604_800, "7 d"),
    ],
)
def test_a_duration_is_said_in_words(seconds, words):
    assert durations.in_words(seconds) == words
