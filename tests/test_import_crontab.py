"""Crontabs: what each line becomes, and what is said of those that become nothing."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.errors import InvalidInput
from batchctl.importing import crontab
from batchctl.importing.module import module


def read(*lines, **options):
    return crontab.read("\n".join(lines) + "\n", "crontab.txt", **options)


def jobs(*lines, **options):
    return [{"name": job.name, **job.keys} for job in read(*lines, **options).jobs]


def lost(*lines, **options):
    return [str(one) for one in read(*lines, **options).findings if one.lost]


def test_a_line_becomes_a_job_called_after_its_program():
    assert jobs("0 3 * * mon-fri /srv/bin/report.sh --full") == [
        {
            "name": "report",
            "shell": "/srv/bin/report.sh --full",
            "schedule": "cron(0 3 ? * MON-FRI *)",
        }
    ]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("cd /srv/app && bundle exec rake report:nightly", "rake-report-nightly"),
        ("/usr/bin/flock -n /tmp/x.lock timeout 5m /srv/bin/sync", "sync"),
        ("FOO=bar nice -n 10 /srv/bin/sync", "sync"),
        ("python3 -m tools.export", "tools"),
        ("php /srv/artisan schedule:run", "artisan-schedule-run"),
        ("echo 'unbalanced", "echo"),
        ("$(which it)", "which"),
        ("cd /", "job"),
        ("1.sh", "job-1"),
        ("run-task", "run-task-2"),
        (f"/bin/{'x' * 60}", "x" * 40),
    ],
)
def test_the_name_is_what_people_would_call_it(command, name):
    assert [job["name"] for job in jobs(f"@daily {command}")] == [name]


def test_two_of_the_same_name_are_told_apart_at_40_characters():
    long = "x" * 60
    names = [
        job["name"] for job in jobs(f"@daily {long}", f"@daily {long}", "@daily a", "@daily a")
    ]

    assert names == ["x" * 40, "x" * 38 + "-2", "a", "a-2"]


def test_variables_hold_for_the_lines_after_them():
    found = jobs("@daily one", "A=1", 'B = "two words" ', "@daily two", "A='3'", "@daily three")

    assert [job.get("environment") for job in found] == [
        None, {"A": "1", "B": "two words"}, {"A": "3", "B": "two words"},
    ]  # fmt: skip


def test_the_zone_is_the_hosts_until_cron_tz():
    found = jobs(
        "@daily one", "CRON_TZ=Asia/Tokyo", "@daily two", "CRON_TZ=", "@daily three",
        timezone="Europe/Berlin",
    )  # fmt: skip

    assert [job["timezone"] for job in found] == ["Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"]


def test_a_zone_that_does_not_exist_is_told_at_each_line_it_holds_for():
    [told] = lost("CRON_TZ=Mars/Olympus", "@daily one")

    assert told.startswith("line 2: ")
    assert "Mars/Olympus" in told


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("/bin/bash", {"shell": "x"}),
        ("/bin/sh", {"shell": "x"}),
        ("/usr/bin/zsh", {"command": ["/usr/bin/zsh", "-c", "x"]}),
    ],
)
def test_the_shell_is_kept_where_it_is_another(shell, expected):
    [job] = jobs(f"SHELL={shell}", "@daily x")

    assert {key: job[key] for key in ("shell", "command") if key in job} == expected


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("cat%one%two", "one\ntwo\n"),
        ("cat%", ""),
        ("cat%one%", "one\n"),
        ("cat%one%%three", "one\n\nthree\n"),
        ('cat # all%it\'s "one"', 'it\'s "one"\n'),
        (r"echo 100\%", "100%\n"),
        (r"cat%100\%%2", "100%\n2\n"),
        (r"echo 'a\b'", "a\\b\n"),
    ],
)
def test_a_percent_sign_is_what_cron_makes_of_it(command, printed):
    [job] = jobs(f"@daily {command}")

    ran = subprocess.run(
        ["bash", "-c", job["shell"]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert ran.stdout == printed


def test_the_comment_right_above_is_the_description():
    found = jobs(
        "# Of the host", "", "# Nightly report,", "# for the board", "@daily one",
        "@daily two", "# 0 4 * * * /srv/bin/retired", "#MAILTO=x", "# Cleans up", "@daily three",
    )  # fmt: skip

    assert [job.get("description") for job in found] == [
        "Nightly report, for the board", None, "Cleans up",
    ]  # fmt: skip


def test_a_delay_that_cron_chooses_is_a_window():
    [job] = jobs("RANDOM_DELAY=30", "@daily x")

    assert job["flexible_window_minutes"] == 30


def test_a_hyphen_before_the_time_says_nothing():
    [job] = jobs("-*/5 * * * * x")

    assert job["schedule"] == "cron(*/5 * * * ? *)"


def test_a_system_crontab_has_users():
    text = "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n@daily www-data x\n"
    found = crontab.read(text, "crontab", system=True)

    assert crontab.is_system(text)
    assert not crontab.is_system("17 * * * * rooted\n# 1 1 * * * root x\n")
    assert [job.keys["shell"] for job in found.jobs] == [
        "cd / && run-parts --report /etc/cron.hourly", "x",
    ]  # fmt: skip
    assert [str(one) for one in found.findings] == [
        "line 1: the user root is not carried over; a job runs as the image's USER",
        "line 2: the user www-data is not carried over; a job runs as the image's USER",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("@reboot x", "nothing boots"),
        ("0 0 13 * 5 x", "two schedules: cron(0 0 13 * ? *) and cron(0 0 ? * FRI *)"),
        ("*/61 * * * x y", "day of week"),
        ("0~30 * * * * x", "random"),
        ("~ * * * * x", "random"),
        ("@every_minute x", "unknown"),
        ("61 * * * * x", "61"),
        ("* * * *", "is no line of a crontab"),
        ("* * * * *", "is no line of a crontab"),
        ("MAILTO=ops@example.com", "channels"),
        ("PATH=/bin", "image"),
        ("HOME=/srv", "WORKDIR"),
        ("BATCH_JOB=x", "rename"),
        ("'a b'=1", "is no name of a variable"),
        ("RANDOM_DELAY=soon", "flexible_window_minutes"),
        ("START_HOURS_RANGE=3-22", "anacron"),
        (f"@daily echo {'x' * 9000}", "8,192"),
    ],
)
def test_what_is_not_carried_over_is_told_with_its_line(line, words):
    told = lost("@daily fine", line)

    assert all(each.startswith("line 2: ") for each in told)
    assert words in "\n".join(told)
    assert [job["name"] for job in jobs("@daily fine", line)] == ["fine"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("x >> /var/log/x.log 2>&1", "CloudWatch"),
        ("x > /dev/null", "batchctl logs"),
        ("/usr/bin/flock -n /tmp/x x", "overlap"),
    ],
)
def test_what_is_worth_a_look_is_told_and_carried_over(command, words):
    found = read(f"@daily {command}")

    assert [one.lost for one in found.findings] == [False]
    assert words in str(found.findings[0])
    assert [job.keys["shell"] for job in found.jobs] == [command]


@pytest.mark.parametrize(
    "text",
    ["FROM debian:13\nRUN apt-get update\n", "name: report\ntype: Scheduled Job\n", '{"a": 1}\n',
     "# nothing\n", "", "A=1\n", "#!/bin/sh\nset -e\nexec x\n"],
)  # fmt: skip
def test_rejects_what_is_no_crontab(text):
    with pytest.raises(InvalidInput, match=r"crontab\.txt: .*; give what `crontab -l` prints"):
        crontab.read(text, "crontab.txt")


FIELD = st.sampled_from(["*", "*/5", "0", "7", "1-5", "mon", "jan,DEC", "0~9", "?", "61", "-", "%"])
LINE = st.one_of(
    st.text(),
    st.builds(
        lambda fields, command: " ".join([*fields, command]),
        st.lists(FIELD, min_size=5, max_size=5),
        st.text(),
    ),
    st.builds(lambda name, value: f"{name}={value}", st.text(), st.text()),
    st.builds(lambda command: f"@daily {command}", st.text()),
)


@given(st.lists(LINE), st.booleans())
@example(["@daily \x1b[0m\u2028%\\"], False)
@example(["A=\ud7ff", "@daily \\"], True)
def test_every_line_is_carried_over_or_reported(lines, system):
    text = "\n".join(lines).replace("\0", "").encode(errors="ignore").decode()
    try:
        found = crontab.read(text, "crontab.txt", system=system)
    except InvalidInput:
        return
    entries = {
        f"line {number}"
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.strip().startswith("#") and "=" not in line
    }
    compile(module(found.jobs, "x"), "x", "exec")

    assert entries <= {one.where for one in found.findings if one.lost} | {
        job.where for job in found.jobs
    }
