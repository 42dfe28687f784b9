"""What is read of a program without asking the emulator, beside what the emulator says."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.contract import Platform
from batchctl import deployed
from batchctl.aws import Aws
from batchctl.local import declared
from batchctl.target import Target
from localaws.deployment import deploy
from localaws.emulator import Emulator

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def emulator():
    with Emulator(fires=False) as running:
        yield running


@pytest.fixture
def platform(emulator):
    return Platform("batch", "local", emulator.account, emulator.region)


@pytest.fixture
def aws(emulator):
    emulator.reset()
    place = Target(
        "batch", "local", emulator.region, endpoint=emulator.endpoint, credentials=("a", "b")
    )
    return Aws(place)


def at(job, created):
    """Return ``job`` with schedules that were made at that time."""
    made = (dataclasses.replace(schedule, created=created) for schedule in job.schedules)
    return dataclasses.replace(job, schedules=tuple(made))


def test_the_jobs_are_those_that_the_emulator_has(emulator, platform, aws):
    deployment = deploy(emulator, project_dir=ROOT)

    found = declared.jobs(platform, deployment.resources, deployed=NOW)

    assert len(found) == 8
    assert found == [at(job, NOW) for job in deployed.jobs(aws)]


def test_what_only_other_jobs_need_is_told_and_not_made(emulator, platform, aws):
    def needed(registration):
        return declared.job_of(platform, registration) in {None, "hello"}

    deployment = deploy(emulator, project_dir=ROOT, needed=needed)

    everything = declared.jobs(platform, deployment.resources, deployed=NOW)
    assert len(everything) == 8
    assert [job.name for job in deployed.jobs(aws)] == ["hello"]
    assert aws.machines.describe_state_machine(
        stateMachineArn=platform.state_machine_arn("run-task")
    )
