"""What today's code makes of what a release deployed.

A state machine's history, a topic's subscriptions and a log group's lines go with the resource: an
upgrade replaces or deletes none, unless the changelog says so, in the form
``preview: replace sfn.StateMachine hello``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pulumi import automation

from tests.engine import releases, stacks
from tests.engine.plan import Plan

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"

KEPT = (
    "cloudwatch.LogGroup",
    "dynamodb.Table",
    "scheduler.Schedule",
    "sfn.StateMachine",
    "sns.Topic",
)

FIXTURES = sorted(releases.RELEASES.glob("*/*.json"))


def lost(plan: Plan) -> list[str]:
    """Return what would take something away with it."""
    return [change for change in plan.of(*KEPT) if re.match("delete|replace", change)]


def announced(version: str) -> set[str]:
    """Return what the changelog says of upgrades from ``version``."""
    newer = CHANGELOG.read_text().split(f"## [{version}]")[0]
    return set(re.findall(r"preview: ((?:delete|replace)[a-z-]* \S+ [\w.-]+)", newer))


@pytest.fixture(params=FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def upgraded(request, tmp_path):
    """A stack in the state that a release left, with today's program."""
    account = releases.ACCOUNTS[request.param.stem]
    with stacks.backend(tmp_path, releases.ANSWERS, account=account) as backend:
        stack = backend.of_project(request.param.stem)
        deployment = releases.read(request.param)
        stack.handle.import_stack(automation.Deployment(version=3, deployment=deployment))
        yield request.param.parent.name, stack


def test_an_upgrade_loses_nothing(upgraded):
    version, stack = upgraded

    assert [change for change in lost(stack.preview()) if change not in announced(version)] == []


def test_a_loss_would_be_seen(tmp_path):
    with stacks.backend(tmp_path, releases.ANSWERS, account=releases.ACCOUNTS["stg"]) as backend:
        backend.of_project("stg").up()
        plan = backend.of_project("stg", {"name": "other"}).preview()

    assert "delete sfn.StateMachine batch-run-task" in lost(plan)
    assert {change.split()[1] for change in lost(plan)} == set(KEPT) - {"dynamodb.Table"}


def test_every_release_has_its_states():
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG.read_text(), re.M)
    kept = {
        path.name: {p.stem for p in path.glob("*.json")} for path in releases.RELEASES.iterdir()
    }

    assert kept == {version: set(releases.ACCOUNTS) for version in versions}
