"""What today's code makes of what a release deployed.

A state machine's history, a topic's subscriptions and a log group's lines go with the resource: an
upgrade replaces or deletes none, unless the changelog says so, in the form
``preview: replace sfn.StateMachine hello``, whatever it is that replaces it and in which order.
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


def announced(version: str, changelog: str) -> set[str]:
    """Return what a changelog says of upgrades from ``version``."""
    newer = changelog.split(f"## [{version}]")[0]
    return set(re.findall(r"preview: ((?:delete|replace) \S+ [^\s`]+)", newer))


def unannounced(losses: list[str], version: str, changelog: str) -> list[str]:
    """Return the losses that a changelog says nothing of."""
    said = announced(version, changelog)
    return [change for change in losses if _in_short(change) not in said]


def _in_short(change: str) -> str:
    """Return a change as the changelog has it: without its properties and its order."""
    return re.sub("^replace-deleting-first", "replace", change.split(": ")[0])


@pytest.fixture(params=FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def upgraded(request, tmp_path):
    """A stack in the state that a release left, with today's program."""
    with stacks.backend_of(tmp_path, request.param.stem) as backend:
        stack = backend.of_project(request.param.stem)
        deployment = releases.read(request.param)
        stack.handle.import_stack(automation.Deployment(version=3, deployment=deployment))
        yield request.param.parent.name, stack


def test_an_upgrade_loses_nothing(upgraded):
    version, stack = upgraded

    assert unannounced(lost(stack.preview()), version, CHANGELOG.read_text()) == []


def test_a_loss_would_be_seen(tmp_path):
    with stacks.backend_of(tmp_path, "stg") as backend:
        backend.of_project("stg").up()
        plan = backend.of_project("stg", {"name": "other"}).preview()

    assert "delete sfn.StateMachine batch-run-task" in lost(plan)
    assert {change.split()[1] for change in lost(plan)} == set(KEPT)


ANNOUNCING = """\
## [Unreleased]

* The job `hello` has another name (`preview: replace sfn.StateMachine hello`).

## [0.3.0] - 2027-02-01

* No more topic of successes (`preview: delete sns.Topic batch-success`).

## [0.2.0] - 2027-01-01

* Another table (`preview: replace dynamodb.Table locks`).
"""


@pytest.mark.parametrize(
    ("change", "since"),
    [
        ("replace sfn.StateMachine hello: name", "0.3.0"),
        ("replace-deleting-first sfn.StateMachine hello: definition, name", "0.3.0"),
        ("delete sns.Topic batch-success", "0.2.0"),
    ],
)
def test_a_loss_that_the_changelog_announces_is_none(change, since):
    assert unannounced([change], since, ANNOUNCING) == []


@pytest.mark.parametrize(
    "change",
    [
        "delete sfn.StateMachine hello",
        "replace sfn.StateMachine hello-again: name",
        "delete sns.Topic batch-success",
        "replace dynamodb.Table locks: name",
    ],
)
def test_a_loss_that_is_announced_of_nothing_like_it_is_one(change):
    """The changelog of 0.3.0 itself is of those who come from an older one."""
    assert unannounced([change], "0.3.0", ANNOUNCING) == [change]


def test_every_release_has_its_states():
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG.read_text(), re.M)
    kept = {
        path.name: {p.stem for p in path.glob("*.json")} for path in releases.RELEASES.iterdir()
    }

    assert kept == {version: set(stacks.STACKS) for version in versions}
