"""``batchctl backfill``: each scheduled time once, whatever happens in between."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from batchctl import runs
from batchctl.aws import Aws
from batchctl.main import batchctl
from tests.local.ecs import wait_for
from tests.local.platforms import PLATFORM, UNTIL_TOLD, deployed

DAILY = {"schedule": "cron(0 3 * * ? *)", "timezone": "Asia/Tokyo"}
JOBS = {
    "report": {"shell": 'echo "for $BATCH_SCHEDULED_TIME"', **DAILY},
    # Its second day has no data.
    "picky": {"shell": "case $BATCH_SCHEDULED_TIME in *-02T*) exit 4 ;; esac", **DAILY},
    "single": {"shell": UNTIL_TOLD, "overlap": "skip", **DAILY},
}
DAYS = ["--from", "2026-11-01T00:00Z", "--to", "2026-11-04T00:00Z"]
TIMES = ["2026-11-01T18:00:00Z", "2026-11-02T18:00:00Z", "2026-11-03T18:00:00Z"]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "BATCHCTL_ENV": ""}


@pytest.fixture(scope="module")
def platform():
    with deployed(JOBS) as running:
        yield running


@pytest.fixture
def call(platform):
    def call(*words):
        where = [
            "--platform", PLATFORM.name, "--stack", PLATFORM.stack,
            "--region", platform.emulator.region, "--endpoint", platform.emulator.endpoint,
        ]  # fmt: skip
        return CliRunner().invoke(batchctl, ["backfill", *words, *where], env=CREDENTIALS)

    return call


def ran(platform, job, backfill):
    """Return how often each time of a backfill was run for: what was skipped did not run."""
    listed = platform.states.list_executions(stateMachineArn=PLATFORM.state_machine_arn(job))
    counted: Counter[str] = Counter()
    for execution in listed["executions"]:
        run = platform.end(execution["executionArn"])
        asked = json.loads(run["input"])
        skipped = json.loads(run.get("output") or "{}").get("result") == "SKIPPED"
        if asked.get("backfill") == backfill and not skipped:
            counted[asked["scheduledTime"]] += 1
    return dict(counted)


ONCE = dict.fromkeys(TIMES, 1)


def test_the_times_are_printed_in_their_zone_and_nothing_is_run(call, platform):
    result = call("report", *DAYS, "--id", "dry", "--dry-run")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Mon 2026-11-02 03:00 +0900 Asia/Tokyo",
        "Tue 2026-11-03 03:00 +0900 Asia/Tokyo",
        "Wed 2026-11-04 03:00 +0900 Asia/Tokyo",
    ]
    assert ran(platform, "report", "dry") == {}


@pytest.mark.parametrize("most", ["1", "3"])
def test_each_time_is_run_once_and_a_second_call_runs_nothing(call, platform, most):
    first = call("report", *DAYS, "--id", f"twice{most}", "--max-active", most)
    second = call("report", *DAYS, "--id", f"twice{most}", "--max-active", most, "--json")

    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert [run["before"] for run in json.loads(second.stdout)["runs"]] == [True, True, True]
    assert ran(platform, "report", f"twice{most}") == ONCE


def test_a_run_sees_the_time_that_it_is_for(call, platform):
    call("report", *DAYS, "--id", "seen")

    streams = platform.emulator.client("logs").filter_log_events(
        logGroupName=PLATFORM.task_log_group, filterPattern='"for 2026-11-02T18:00:00Z"'
    )["events"]
    assert {event["message"] for event in streams} == {"for 2026-11-02T18:00:00Z"}


def test_after_a_failure_no_further_run_starts_unless_it_is_to_go_on(call, platform):
    stopped = call("picky", *DAYS, "--id", "stops")
    before = ran(platform, "picky", "stops")
    going = call("picky", *DAYS, "--id", "stops", "--keep-going")

    assert (stopped.exit_code, going.exit_code) == (1, 1)
    assert before == dict.fromkeys(TIMES[:2], 1)
    assert ran(platform, "picky", "stops") == ONCE
    assert "see `batchctl why picky/picky-stops-20261102T180000Z" in stopped.stderr
    assert "the same command with --keep-going runs the rest" in stopped.stderr
    assert "3 times: 2 succeeded, 1 failed; 2 of them before this call" in going.stderr


def test_a_run_that_was_skipped_is_tried_again(call, platform, monkeypatch):
    platform.start("single", {}, "in-the-way")
    wait_for(lambda: platform.tasks("in-the-way", "RUNNING"), "the run in the way")
    plain, looks = runs.pause, 0

    def pause(aws):
        """Let the run in the way end once it was in the way."""
        nonlocal looks
        looks += 1
        if looks == 3:
            platform.tell("in-the-way", 0)
            for day in ("01", "02", "03"):
                for again in ("", "-2", "-3", "-4", "-5", "-6", "-7", "-8"):
                    platform.tell(f"single-again-202611{day}T180000Z{again}", 0)
        plain(aws)

    monkeypatch.setattr(runs, "pause", pause)

    result = call("single", *DAYS, "--id", "again")

    assert result.exit_code == 0, result.output
    assert ran(platform, "single", "again") == ONCE


class Crash(BaseException):
    """The end of the process, at any moment."""


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("number", range(1, 12))
def test_a_crash_between_any_two_calls_runs_no_time_twice(
    call, platform, monkeypatch, moment, number
):
    plain, made = Aws._client, 0

    def crash(**_):
        nonlocal made
        made += 1
        if made == number:
            raise Crash

    def client(self, service):
        made_client = plain(self, service)
        made_client.meta.events.register(f"{moment}.*.*", crash)
        return made_client

    id_ = f"{moment[:2]}{number}"
    with monkeypatch.context() as patched:
        patched.setattr(Aws, "_client", client)
        with pytest.raises(Crash):
            call("report", *DAYS, "--id", id_)

    continued = call("report", *DAYS, "--id", id_)

    assert continued.exit_code == 0, continued.output
    assert ran(platform, "report", id_) == ONCE


def test_ctrl_c_says_how_to_go_on(call, platform, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runs, "pause", interrupt)
        result = call("report", *DAYS, "--id", "cut")

    assert result.exit_code == 130
    assert "no more runs are started; 3 times left" in result.stderr
    assert "the same command goes on from here" in result.stderr
    assert call("report", *DAYS, "--id", "cut").exit_code == 0
    assert ran(platform, "report", "cut") == ONCE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from", "3d", "--to", "2026-11-04"], "--from: '3d' is no time"),
        (["--from", "2026-11-04", "--to", "2026-11-01"], "it is not before --to"),
        ([*DAYS, "--id", "A B"], "'A B' is none"),
        ([*DAYS, "--limit", "2"], "more than 2 times are due"),
    ],
)
def test_wrong_usage_runs_nothing(call, options, message):
    result = call("report", *options)

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
