"""A crontab as a production host has it, imported, deployed, and compared with cron itself."""

import shutil
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from cronsim import CronSim

from batch.schedule import Schedule
from batchctl.importing import crontab
from batchctl.main import batchctl
from localaws.deployment import deploy
from localaws.emulator import Emulator

ROOT = Path(__file__).parents[2]
START, END = datetime(2027, 1, 1), datetime(2028, 1, 1)  # noqa: DTZ001

CRONTAB = r"""
# Edit this file with `crontab -e`; it is that of app@web1.
SHELL=/bin/bash
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
MAILTO="ops@example.com,dba@example.com"
RAILS_ENV=production

# Renews what expires
17 *	* * *	cd /srv/app && bundle exec rake tokens:renew
# Nightly report
0 3 * * mon-fri cd /srv/app && bundle exec rake report:nightly >> /var/log/report.log 2>&1
*/5 * * * * /srv/app/bin/poll-queue --once
*/15 8-18 * * 1-5 /usr/bin/flock -n /tmp/import.lock /srv/app/bin/import
@daily /srv/app/bin/cleanup --older-than $(date -d '30 days ago' +\%F)
@hourly chronic /srv/app/bin/heartbeat
@weekly /srv/app/bin/vacuum
@monthly /srv/app/bin/invoice
@yearly /srv/app/bin/archive
@midnight nice -n 19 /srv/app/bin/rotate
@reboot /srv/app/bin/warm-up
30 4 1,15 * * /srv/app/bin/half-monthly
0 0 1 jan,apr,jul,oct * /srv/app/bin/quarter
0 6 * * 7 /srv/app/bin/sunday
0 6 * * 0 /srv/app/bin/sunday
5 4 13 * 5 /srv/app/bin/friday-the-13th
0 22 * * 1-5 mail -s "Lunch?" team%Dear all,%shall we?%
10-40/10 2 * * * timeout 20m /srv/app/bin/batch
0 9-17/2 * * * FOO=bar /srv/app/bin/even-hours > /dev/null 2>&1
# 0 1 * * * /srv/app/bin/retired

CRON_TZ=Europe/Berlin
0 8 * * tue,thu /srv/app/bin/berlin
45 23 28-31 * * /srv/app/bin/month-end
0 12 25 dec * sudo -u www-data /srv/app/bin/greet
23 0-20/2 * * * /srv/app/bin/odd
1 2 3 4 * /srv/app/bin/once-a-year
CRON_TZ=Asia/Tokyo
0 9 * * * /srv/app/bin/tokyo
""".lstrip()


def job(schedule):
    """Return whose schedule it is."""
    return schedule["Name"].rpartition("_")[2]


NOT_JOBS = {"@reboot", "5 4 13 * 5"}
MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
}  # fmt: skip


def lines():
    """Yield the time and the zone of each line that cron runs and that has an equal."""
    zone = "UTC"
    for line in CRONTAB.splitlines():
        if line.startswith("CRON_TZ="):
            zone = line.removeprefix("CRON_TZ=")
        elif line.startswith(("@", "*")) or line[:1].isdigit():
            when = line.split()[0] if line[0] == "@" else " ".join(line.split()[:5])
            if when not in NOT_JOBS:
                yield when, zone


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What the command wrote as a module of a copy of the program, deployed; and its report."""
    folder = tmp_path_factory.mktemp("program")
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        shutil.copy(ROOT / name, folder)
    (folder / "jobs").mkdir()
    (folder / "crontab.txt").write_text(CRONTAB)
    (folder / "jobs" / "__init__.py").write_text("from jobs.host import register as register\n")
    result = CliRunner().invoke(
        batchctl,
        ["import", "crontab", str(folder / "crontab.txt"), "--owner", "web",
         "--out", str(folder / "jobs" / "host.py")],
    )  # fmt: skip
    assert result.exit_code == 1, result.output
    with Emulator(executor="process", fires=False) as emulator:
        deploy(
            emulator,
            project_dir=folder,
            config={"batch-platform:jobs": {}, "batch-platform:expected": {}},
        )
        schedules = [
            emulator.client("scheduler").get_schedule(Name=one["Name"], GroupName=one["GroupName"])
            for page in emulator.client("scheduler").get_paginator("list_schedules").paginate()
            for one in page["Schedules"]
        ]
        yield [one for one in schedules if not one["Name"].endswith("_sweep")], result.stderr


NAMES = [job.name for job in crontab.read(CRONTAB, "crontab.txt").jobs]


def cron(when):
    """Return when cron runs a line in that year, as the clock on the wall shows it."""
    times = CronSim(MACROS.get(when, when), START - timedelta(minutes=1))
    return list(takewhile(lambda time: time < END, times))


def clock_changes(zone):
    """Return the days of that year on which the clocks of a zone change."""
    midnights = [(START + timedelta(days=n)).replace(tzinfo=ZoneInfo(zone)) for n in range(367)]
    return {d.date() for d, e in pairwise(midnights) if d.utcoffset() != e.utcoffset()}


def test_each_line_that_cron_runs_is_deployed_as_a_job(imported):
    schedules, _ = imported

    assert len(NAMES) == len(list(lines())) == 23
    assert sorted(job(one) for one in schedules) == sorted(NAMES)


@pytest.mark.parametrize(("name", "line"), list(zip(NAMES, lines(), strict=True)), ids=NAMES)
def test_a_job_fires_when_cron_would_run_its_line(imported, name, line):
    schedules, _ = imported
    when, zone = line
    [made] = [one for one in schedules if job(one) == name]
    schedule = Schedule(made["ScheduleExpression"], made["ScheduleExpressionTimezone"])

    begin = START.replace(tzinfo=ZoneInfo(zone)) - timedelta(microseconds=1)
    fires = (time.replace(tzinfo=None) for time in schedule.next_times(begin, 120_000))
    aside = clock_changes(zone)

    assert made["ScheduleExpressionTimezone"] == zone
    assert [time for time in fires if time < END and time.date() not in aside] == [
        time for time in cron(when) if time.date() not in aside
    ]


def test_what_has_no_equal_is_in_the_report(imported):
    _, report = imported
    told = {line.partition(":")[0] for line in report.splitlines() if line.startswith("line ")}

    assert told == {
        f"line {number}"
        for number, line in enumerate(CRONTAB.splitlines(), start=1)
        if line.startswith(("@reboot", "5 4 13 * 5", "MAILTO=", "PATH="))
    }
