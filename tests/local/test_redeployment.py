"""A program that changed is deployed again into the emulator that runs."""

import pytest

from batch.errors import BatchError
from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.redeployment import deploy_again
from tests.local.executions import end_of
from tests.local.machines import PLATFORM

PROGRAM = """
from components import BatchPlatform, ScheduledJob

platform = BatchPlatform("batch", {{"image": "nothing/here:1", **{settings!r}}})
for name, job in {jobs!r}.items():
    ScheduledJob(name, {{"platform": platform.connection, **job}})
{end}
"""
HELLO = {"shell": "exit 3", "schedule": "cron(0 8 * * ? *)"}
SIZED = {
    "shell": "true",
    "schedule": "rate(1 hour)",
    "permissions": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*"]}],
    "expect_success_within": "1d",
}


class Project:
    def __init__(self, folder, emulator):
        self.folder, self.emulator = folder, emulator
        (folder / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
        (folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: us-east-1\n")
        self.states = emulator.client("stepfunctions")
        self.scheduler = emulator.client("scheduler")

    def write(self, jobs, settings=None, end=""):
        text = PROGRAM.format(jobs=jobs, settings=settings or {}, end=end)
        (self.folder / "__main__.py").write_text(text)

    def deploy(self, jobs):
        self.write(jobs)
        self.deployment = deploy(self.emulator, project_dir=self.folder)

    def again(self, jobs, **program):
        self.write(jobs, **program)
        done = deploy_again(self.emulator, self.deployment, self.folder)
        self.deployment = done.deployment
        return done

    def run(self, job):
        arn = self.states.start_execution(stateMachineArn=PLATFORM.state_machine_arn(job))
        return end_of(self.states, arn["executionArn"])["status"]

    def held(self):
        """Return what a job is made of, as AWS has it."""
        machines = self.states.list_state_machines()["stateMachines"]
        schedules = self.scheduler.list_schedules(GroupName=PLATFORM.prefix)["Schedules"]
        items = self.emulator.client("dynamodb").scan(TableName=PLATFORM.control_table)["Items"]
        roles = self.emulator.client("iam").list_roles()["Roles"]
        return {
            "machines": {machine["name"] for machine in machines},
            "schedules": {schedule["Name"] for schedule in schedules},
            "expectations": {i["sk"]["S"] for i in items if i["pk"]["S"] == "expectations"},
            "roles": {role["RoleName"] for role in roles},
        }


@pytest.fixture(scope="module")
def running():
    with Emulator(executor="process", fires=False) as emulator:
        yield emulator


@pytest.fixture
def project(running, tmp_path):
    running.reset()
    return Project(tmp_path, running)


def names(registrations):
    return [
        f"{registration.type.rpartition(':')[2]} {registration.name}"
        for registration in registrations
    ]


def test_a_changed_command_is_what_the_next_run_does_and_the_run_before_stays(project):
    project.deploy({"hello": HELLO})
    assert project.run("hello") == "FAILED"

    done = project.again({"hello": {**HELLO, "shell": "exit 0"}})

    assert names(done.changed) == ["StateMachine hello"]
    assert (done.made, done.removed) == ((), ())
    assert project.run("hello") == "SUCCEEDED"
    runs = project.states.list_executions(stateMachineArn=PLATFORM.state_machine_arn("hello"))
    assert {run["status"] for run in runs["executions"]} == {"FAILED", "SUCCEEDED"}


def test_a_changed_schedule_is_the_one_that_fires(project):
    project.deploy({"hello": HELLO})

    done = project.again({"hello": {**HELLO, "schedule": "rate(2 hours)"}})

    schedule = project.scheduler.get_schedule(GroupName=PLATFORM.prefix, Name="hello")
    assert names(done.changed) == ["Schedule hello"]
    assert schedule["ScheduleExpression"] == "rate(2 hours)"


def test_a_job_that_is_new_is_made_and_one_that_is_gone_is_removed(project):
    project.deploy({"hello": HELLO})
    without = project.held()

    project.again({"hello": HELLO, "sized": SIZED})
    with_both = project.held()
    assert project.run("sized") == "SUCCEEDED"
    project.again({"hello": HELLO})

    assert {kind: with_both[kind] - without[kind] for kind in ("machines", "schedules")} == {
        "machines": {"batch-local-sized"},
        "schedules": {"sized"},
    }
    assert with_both["expectations"] == {"sized"}
    assert project.held() == without


def test_what_did_not_change_takes_nothing(project):
    project.deploy({"hello": HELLO, "sized": SIZED})

    done = project.again({"hello": HELLO, "sized": SIZED})

    assert (done.made, done.changed, done.removed) == ((), (), ())


def test_a_program_that_fails_changes_nothing(project):
    project.deploy({"hello": HELLO})
    before = project.held()

    with pytest.raises(BatchError, match="too late"):
        project.again(
            {"hello": {**HELLO, "shell": "exit 0"}, "sized": SIZED},
            end="raise ValueError('too late')",
        )

    assert project.held() == before
    assert project.run("hello") == "FAILED"


def test_a_program_that_failed_is_deployed_once_it_is_right(project):
    project.deploy({"hello": HELLO})
    with pytest.raises(BatchError):
        project.again({"hello": HELLO, "sized": SIZED}, end="raise ValueError('too late')")

    project.again({"hello": HELLO, "sized": SIZED})

    assert project.run("sized") == "SUCCEEDED"


def test_what_cannot_be_followed_is_refused_and_named(project):
    project.deploy({"hello": HELLO})

    with pytest.raises(BatchError, match=r"retentionInDays changed.*end it and start it again"):
        project.again({"hello": HELLO}, settings={"log_retention_days": 7})

    assert project.run("hello") == "FAILED"
