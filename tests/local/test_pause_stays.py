"""A pause that a deployment does not end.

The program runs a second time with another schedule, and what it then wants otherwise is updated;
``tests/engine/test_jobs.py`` has that Pulumi's own engine makes the same one update of it.
"""

from __future__ import annotations

import json

from click.testing import CliRunner

from batchctl.main import batchctl
from tests.local.platforms import PLATFORM, Deployed, deployed

NIGHTLY = {"shell": "echo done", "schedule": "cron(0 3 * * ? *)"}
LATER = "cron(0 4 * * ? *)"


def operate(platform: Deployed, *command: str) -> None:
    where = ["--platform", "batch", "--stack", "local", "--region", PLATFORM.region]
    where += ["--endpoint", platform.emulator.endpoint]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    result = CliRunner().invoke(batchctl, [*command, *where], env=credentials)
    assert result.exit_code == 0, result.output


def run_by_its_schedule(platform: Deployed, scheduled_time: str) -> dict:
    """Return the output of a run that is started as Scheduler does, by what is deployed."""
    scheduler = platform.emulator.client("scheduler")
    schedule = scheduler.get_schedule(GroupName=PLATFORM.schedule_group, Name="nightly")
    text = schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", scheduled_time)
    ended = platform.end(platform.start("nightly", json.loads(text)))
    return json.loads(ended["output"])


def test_a_job_that_is_paused_stays_so_when_its_schedule_is_deployed_anew():
    with deployed({"nightly": NIGHTLY}) as platform:
        operate(platform, "pause", "nightly", "--reason", "the database moves")

        updated = platform.deploy_again({"nightly": NIGHTLY | {"schedule": LATER}})
        schedule = platform.emulator.client("scheduler").get_schedule(
            GroupName=PLATFORM.schedule_group, Name="nightly"
        )
        paused = run_by_its_schedule(platform, "2026-11-25T04:00:00Z")

        operate(platform, "resume", "nightly")
        resumed = run_by_its_schedule(platform, "2026-11-26T04:00:00Z")

    assert updated == ["nightly"]
    assert schedule["ScheduleExpression"] == LATER
    assert (paused["result"], paused["code"]) == ("SKIPPED", "PAUSED")
    assert resumed["result"] == "SUCCEEDED"
