"""A job that is called otherwise, and a job that goes to another project on the same platform.

``docs/changes.md`` has the same in words, and the commands.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pulumi
import pytest

from tests.engine import stacks
from tests.engine.programs import (
    OF_A_JOB,
    SECRETS,
    all_of,
    job,
    platform,
)

SHIFTS = {"default": "cron(0 6 * * ? *)", "late": "cron(0 22 * * ? *)"}


def formerly(name):
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)])


def program(name, opts=None, /, **args):
    """Return a program of a platform and one job."""

    def run():
        job(name, shared_platform(), opts, **args)

    return run


def shared_platform():
    connection = platform().connection
    pulumi.export("connection", connection)  # noqa: TID251 - it is a program
    return connection


def deployed(backend, **args):
    stack = backend.stack(program("nightly", **args))
    stack.up()
    return stack


def machines(backend):
    """Return the names of the jobs' state machines."""
    made = backend.cloud.of("StateMachine").values()
    return sorted(one.outputs["name"] for one in made if not one.name.startswith("batch"))


def test_another_name_alone_makes_a_new_job_and_ends_the_old_one(backend):
    stack = deployed(backend)

    assert stack.preview(program("report")).changes == sorted(
        all_of("create", (OF_A_JOB, "report")) + all_of("delete", (OF_A_JOB, "nightly"))
    )


def test_an_alias_ends_the_old_one_before_the_new_one_is_made(backend):
    stack = deployed(backend)
    renamed = program("report", formerly("nightly"))

    plan = [
        "replace-deleting-first scheduler.Schedule report: name, target.arn",
        "replace-deleting-first sfn.StateMachine report: definition, name, tags.batch:job",
    ]
    assert stack.preview(renamed).changes == plan
    assert stack.up(renamed).changes == plan
    assert machines(backend) == ["batch-test-report"]


def test_an_alias_and_the_old_name_change_nothing(backend):
    stack = deployed(backend)
    renamed = program("report", formerly("nightly"), name="nightly")

    assert stack.preview(renamed).changes == []
    assert stack.up(renamed).changes == []
    assert machines(backend) == ["batch-test-nightly"]


def test_the_alias_can_go_once_the_stack_is_up_to_date(backend):
    stack = deployed(backend)
    stack.up(program("report", formerly("nightly"), name="nightly"))

    assert stack.preview(program("report", name="nightly")).changes == []


@pytest.mark.parametrize(
    "args",
    [{"secrets": SECRETS, "image": "own:1"}, {"schedule": None, "schedules": SHIFTS}],
    ids=["secrets", "schedules"],
)
def test_an_alias_and_the_old_name_are_enough_for_all_that_a_job_has(backend, args):
    stack = deployed(backend, **args)
    renamed = program("report", formerly("nightly"), name="nightly", **args)

    assert stack.preview(renamed).changes == []


def test_a_renamed_job_keeps_its_roles(backend):
    stack = deployed(backend, secrets=SECRETS)

    # A role's name is automatic and remains what it was.
    assert stack.preview(program("report", formerly("nightly"), secrets=SECRETS)).changes == [
        "replace ecs.TaskDefinition report: family",
        "replace-deleting-first scheduler.Schedule report: name, target.arn",
        "replace-deleting-first sfn.StateMachine report: definition, name, tags.batch:job",
        "update iam.Role report-execution: description",
    ]


def test_the_old_name_without_an_alias_fails_before_it_ends_anything(backend):
    stack = deployed(backend)

    with pytest.raises(stacks.Failed, match="ConflictException"):
        stack.up(program("report", name="nightly"))

    assert machines(backend) == ["batch-test-nightly"]
    assert backend.cloud.of("Schedule").keys() == {"nightly", "batch-sweep"}

    # The machine is in the state twice now, and whichever goes would take it along.
    (urn,) = re.findall(r"'(urn:\S+::monthly-report)'", PAGE.read_text())
    here = urn.replace(":prod:", ":test:").replace("monthly-report", "report")
    stack.cli("state", "delete", here, "--target-dependents", "--yes")
    assert stack.up(program("report", formerly("nightly"), name="nightly")).changes == []
    assert machines(backend) == ["batch-test-nightly"]


def test_going_back_from_the_old_name_without_an_alias_loses_the_machine(backend):
    stack = deployed(backend)
    with pytest.raises(stacks.Failed):
        stack.up(program("report", name="nightly"))
    stack.up(program("nightly"))

    assert machines(backend) == []


def test_the_old_name_without_an_alias_loses_a_job_that_has_no_schedule(backend):
    """Step Functions gives out the machine that is there, which the update then deletes."""
    stack = deployed(backend, schedule=None)
    stack.up(program("report", name="nightly", schedule=None))

    assert machines(backend) == []
    assert stack.refresh().changes == ["delete sfn.StateMachine report"]


PAGE = Path(__file__).parents[2] / "docs" / "changes.md"

PLATFORM, TEAM = "organization/batch-platform/prod", "organization/reports/prod"


def team(*names, **args):
    """Return a team's own program, with those jobs on the shared platform."""

    def run():
        connection = pulumi.StackReference(PLATFORM).require_output("connection")
        for name in names:
            job(name, connection, **args)

    return run


def move(stack, *words):
    """Move what the page moves, with the CLI."""
    work = stack.handle.workspace
    work.pulumi_command.run([*words, "--yes"], work.work_dir, work.env_vars)


def command_of_the_page():
    (line,) = re.findall(r"^ +pulumi (state move .*)$", PAGE.read_text(), re.M)
    return shlex.split(line)


def test_a_job_moves_to_another_project_and_back(backend):
    shared = backend.stack(program("nightly-report", secrets=SECRETS), stack="prod")
    shared.up()
    own = backend.stack(team(), project="reports", stack="prod")
    own.up()
    moved = team("nightly-report", secrets=SECRETS)
    command = command_of_the_page()

    move(shared, *command)

    whose = ["update sfn.StateMachine nightly-report: definition, tags.batch:project"]
    assert shared.preview(shared_platform).changes == []
    assert own.preview(moved).changes == whose
    assert own.up(moved).changes == whose
    assert own.preview().changes == []

    back = {PLATFORM: TEAM, TEAM: PLATFORM}
    *words, urn = [back.get(word, word) for word in command]
    move(own, *words, urn.replace("::batch-platform::", "::reports::"))

    assert own.preview(team()).changes == []
    assert shared.preview().changes == whose


def test_a_job_that_moves_by_code_alone_is_refused_and_stays(backend):
    shared = backend.stack(program("nightly"), stack="prod")
    shared.up()
    own = backend.stack(team("nightly"), project="reports", stack="prod")

    with pytest.raises(stacks.Failed, match="StateMachineAlreadyExists"):
        own.up()

    assert machines(backend) == ["batch-prod-nightly"]
    assert shared.preview().changes == []
