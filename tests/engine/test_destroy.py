"""What ``pulumi destroy`` ends and leaves; docs/destroy.md says the same in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pulumi import automation

from tests.engine import plan, stacks
from tests.engine.programs import OF_A_JOB, OF_A_PLATFORM, all_of, nightly

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "destroy.md").read_text()

PROTECTED = [
    "cloudwatch.LogGroup batch-machines",
    "cloudwatch.LogGroup batch-tasks",
    "dynamodb.Table batch-control",
    "sqs.Queue batch-messages",
    "sqs.Queue batch-starts",
]


def left(cloud):
    return sorted(f"{plan.short(one.type)} {one.name}" for one in cloud.resources.values())


@pytest.fixture
def prod(tmp_path):
    with stacks.backend_of(tmp_path, "prod") as backend:
        stack = backend.of_project("prod")
        stack.up()
        backend.cloud.calls.clear()
        yield stack


def refused(stack):
    """Return what ``pulumi destroy`` says that ends with an error."""
    with pytest.raises(automation.CommandError) as refusal:
        stack.cli("destroy", "--yes")
    return str(refusal.value)


def test_destroy_of_staging_leaves_nothing(tmp_path):
    with stacks.backend_of(tmp_path, "stg") as backend:
        stack = backend.of_project("stg")
        made = stack.up().changes

        assert stack.destroy().changes == [change.replace("create", "delete") for change in made]
        assert left(backend.cloud) == []
        assert stack.state().get("resources", []) == []


def test_destroy_of_production_is_refused_before_anything_ends(prod):
    before = left(prod.cloud)

    said = refused(prod)

    cannot = r'Preview failed: resource "urn:[^"]+::(\S+)" cannot be deleted\n'
    assert set(re.findall(cannot, said)) == {key.split()[1] for key in PROTECTED}
    assert prod.cloud.calls == []
    assert left(prod.cloud) == before


def test_the_refusal_says_how_to_lift_the_protection(prod):
    commands = set(re.findall(r"`pulumi (state unprotect) '(urn:[^']+)'`", refused(prod)))

    assert len(commands) == len(PROTECTED)
    for command, urn in sorted(commands):
        prod.cli(*command.split(), urn, "--yes")
    assert "protected against deletion" in refused(prod)
    assert "dynamodb.Table batch-control" in left(prod.cloud)


def test_the_setting_lifts_the_protection(prod):
    prod.cli("config", "set", "batch-platform:production", "false")

    lifted = prod.up()

    assert lifted.changes == [
        "update dynamodb.Table batch-control: deletionProtectionEnabled",
        "update sfn.StateMachine batch-run-task: tags.batch:production",
    ]
    # What else changes is shown instead: the table's protection of its own.
    assert lifted.said.count("[diff: ~protect]") == len(PROTECTED) - 1
    prod.cli("destroy", "--yes")
    assert left(prod.cloud) == []


def test_the_documented_commands_lift_the_protection_without_an_update(prod):
    prod.cli("state", "unprotect", "--all", "--yes")
    # aws dynamodb update-table
    prod.cloud.of("Table")["batch-control"].inputs["deletionProtectionEnabled"] = False
    prod.cli("destroy", "--yes")

    assert left(prod.cloud) == []


def test_what_is_not_protected_can_be_ended_alone(prod):
    prod.cli("destroy", "--yes", "--exclude-protected")

    assert left(prod.cloud) == PROTECTED


@pytest.mark.parametrize(
    "command",
    [
        "pulumi config set batch-platform:production false --stack prod",
        "pulumi state unprotect --all --stack prod",
        "aws dynamodb update-table --table-name batch-prod-control "
        "--no-deletion-protection-enabled",
        "pulumi destroy --exclude-protected --stack prod",
    ],
)
def test_the_commands_are_documented(command):
    assert command in DOCUMENTED


# Without the preview that `pulumi destroy` begins with, as `--skip-preview` and the Automation API
# have it.


@pytest.fixture
def half_gone(backend):
    stack = backend.stack(nightly(of={"production": True}))
    stack.up()
    with pytest.raises(stacks.Failed):
        stack.destroy()
    return stack


def test_without_its_preview_destroy_ends_all_but_what_is_protected(half_gone):
    assert left(half_gone.cloud) == PROTECTED


def test_an_update_brings_back_what_destroy_ended_beside_what_is_protected(half_gone):
    kept = {f"create {key}" for key in PROTECTED}
    # A component that still has children was not ended.
    kept.add("create batch.BatchPlatform batch")
    everything = all_of("create", (OF_A_PLATFORM, "batch"), (OF_A_JOB, "nightly"))

    assert half_gone.up().changes == sorted(set(everything) - kept)
    assert half_gone.preview().changes == []
