"""Every permission is needed, and together they are enough.

One platform with all that needs a permission is deployed. Then each statement of each of its
policies is taken out, and each action of each statement, one at a time: something that worked
must be refused. The policies are those that the program deployed, read back from the emulator.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batch.documents import (
    containers,
    job_machine,
    keys,
    machine_logs,
    queues,
    recorder_machine,
    rule_target,
    schedule_target,
    sweep_machine,
    topics,
    trusts,
    volumes,
)
from batch.job import Volume
from localaws.emulator import Emulator
from tests.local.permitted import IMAGE, PLATFORM, Permitted

SECRET = PLATFORM.arn("secretsmanager", "secret:team-b-AbCdEf")
PARAMETER = PLATFORM.arn("ssm", "parameter/team/a")

# Each document's statements, and the scenarios of which one must be refused without a statement.
DOCUMENTS = {
    "role machines": (
        job_machine.permissions(platform=PLATFORM, key_arn="k"),
        [
            "scheduled, second alone",
            "second alone, second newest",
            "run plain",
            "run plain",
            "run plain, run slow",
            "run plain",
            "run plain",
            "made_again",
            "run slow",
            "made_again",
        ],
    ),
    "role scheduler": (
        schedule_target.permissions(platform=PLATFORM, queue_arn="q", key_arn="k"),
        ["start plain", "start lost", "start lost"],
    ),
    "role execution": (
        containers.permissions(
            log_group_arn="arn:aws:l", image=IMAGE, secret_arns=[SECRET, PARAMETER]
        ),
        ["run rich"] * 7,
    ),
    "role task": (
        volumes.permissions(
            platform=PLATFORM,
            volumes=[
                Volume("a", "fs-00000001", "/a"),
                Volume("b", "fs-00000002", "/b", read_only=True),
            ],
        ),
        ["run rich"] * 2,
    ),
    "role recorder": (
        [
            *recorder_machine.permissions(
                platform=PLATFORM, queue_arn="q", topic_arns=["t"], key_arn="k"
            ),
            *machine_logs.permissions(),
        ],
        # What only a failure needs is tried with the recorder itself (test_recorder.py).
        ["recorded", None, None, None, None, None, None, "recorded", "recorded", None, None],
    ),
    "role sweep": (
        [
            *sweep_machine.permissions(
                platform=PLATFORM, queue_arn="q", failure_topic_arn="t", key_arn="k"
            ),
            *machine_logs.permissions(),
        ],
        # What only an open run needs is tried with the sweep itself (test_sweep.py).
        [
            "swept",
            None,
            None,
            "swept",
            None,
            "swept",
            None,
            None,
            None,
            None,
            "swept",
            "swept",
            None,
            None,
            None,
        ],
    ),
    "role rules": (rule_target.permissions(platform=PLATFORM), ["message"]),
    "topic failure": (
        topics.policy(account="a", topic_arn="t", publisher_arns=["p"], alarm_arns=["a"])[
            "Statement"
        ],
        [None, "alarmed"],
    ),
    "queue": (
        queues.policy(account="a", queue_arn="q", rule_arns=["r"])["Statement"],
        ["lost_message"],
    ),
    "key": (
        keys.policy(platform=PLATFORM)["Statement"],
        ["run plain", "log_group", "alarmed", "lost_message"],
    ),
    "trust machines": (trusts.states(PLATFORM)["Statement"], ["run plain"]),
    "trust scheduler": (trusts.scheduler(PLATFORM)["Statement"], ["start plain"]),
    "trust rules": (
        trusts.events(PLATFORM, rule_arns=["r"])["Statement"],
        ["message"],
    ),
    "trust execution": (trusts.ecs_tasks(PLATFORM)["Statement"], ["run rich"]),
    "trust task": (trusts.ecs_tasks(PLATFORM)["Statement"], ["run rich"]),
    "trust slack": (trusts.chatbot(PLATFORM)["Statement"], ["channel"]),
}

UNTRIED = {
    # The emulator asks for Decrypt alone where a table has a key; AWS's guide names both.
    *((f"role {who}", "kms:GenerateDataKey") for who in ("machines", "recorder", "sweep")),
    # For a job that is paused after failures, and for what is expected of jobs.
    ("role recorder", "dynamodb:PutItem"),
    ("role sweep", "dynamodb:BatchGetItem"),
}

STATEMENTS = [
    pytest.param(document, index, scenarios, id=f"{document} {index}")
    for document, (statements, shown) in DOCUMENTS.items()
    for index, (_, scenarios) in enumerate(zip(statements, shown, strict=True))
    # Either of two is enough: the test after these.
    if scenarios
]
ACTIONS = [
    pytest.param(document, index, action, scenarios, id=f"{document} {index} {action}")
    for document, (statements, shown) in DOCUMENTS.items()
    for index, (statement, scenarios) in enumerate(zip(statements, shown, strict=True))
    if scenarios and isinstance(statement["Action"], list) and len(statement["Action"]) > 1
    for action in statement["Action"]
    if (document, action) not in UNTRIED
]


@pytest.fixture(scope="module")
def permitted(tmp_path_factory) -> Iterator[Permitted]:
    with Emulator(executor="process", fires=False) as emulator:
        yield Permitted(emulator, tmp_path_factory.mktemp("program"))


def refusals(permitted: Permitted, scenarios: str) -> list[str]:
    """Return what is refused, up to the first refusal."""
    for scenario in scenarios.split(", "):
        name, *arguments = scenario.split()
        if told := getattr(permitted, name)(*arguments):
            return [told]
    return []


@pytest.mark.parametrize(
    "scenario",
    sorted(
        {s for _, shown in DOCUMENTS.values() for each in shown if each for s in each.split(", ")}
    ),
)
def test_with_all_permissions_nothing_is_refused(permitted, scenario):
    assert refusals(permitted, scenario) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_tried_here_is_what_is_deployed(permitted, document):
    statements, _ = DOCUMENTS[document]

    deployed = permitted.read(document)["Statement"]

    assert [s["Action"] for s in deployed] == [s["Action"] for s in statements]


@pytest.mark.parametrize(("document", "index", "scenarios"), STATEMENTS)
def test_without_any_one_statement_something_is_refused(permitted, document, index, scenarios):
    with permitted.changed(document, lambda statements: statements.pop(index)):
        [told] = refusals(permitted, scenarios)

    assert "not authorized" in told or "to assume" in told


@pytest.mark.parametrize(("document", "index", "action", "scenarios"), ACTIONS)
def test_without_any_one_action_something_is_refused(permitted, document, index, action, scenarios):
    with permitted.changed(document, lambda s: s[index]["Action"].remove(action)):
        [told] = refusals(permitted, scenarios)

    assert f"perform: {action.rstrip('*')}" in told


def that_runs_tasks(statements: list) -> dict:
    [statement] = [one for one in statements if one["Action"] == ["ecs:RunTask"]]
    return statement


def test_a_refusal_says_who_may_not_do_what(permitted):
    session = f"arn:aws:sts::{PLATFORM.account}:assumed-role/"
    with permitted.changed("role machines", lambda s: s.remove(that_runs_tasks(s))):
        told = permitted.run("plain")

    definition = PLATFORM.arn("ecs", f"task-definition/{PLATFORM.family()}:1")
    assert told.startswith(f"User: {session}{permitted.role_of('machines')}/")
    assert (
        f"is not authorized to perform: ecs:RunTask on resource: {definition} "
        "because no identity-based policy allows the ecs:RunTask action (Service: AmazonECS; "
        "Status Code: 400; Error Code: AccessDeniedException; "
    ) in told


def test_a_narrower_cluster_or_family_is_refused(permitted):
    other = PLATFORM.arn("ecs", "cluster/batch-prod")
    family = PLATFORM.arn("ecs", "task-definition/batch-prod:*")

    def on_another_cluster(statements: list) -> None:
        that_runs_tasks(statements)["Condition"]["ArnEquals"].update({"ecs:cluster": other})

    with permitted.changed("role machines", on_another_cluster):
        assert "perform: ecs:RunTask" in permitted.run("plain")
    with permitted.changed("role machines", lambda s: that_runs_tasks(s).update(Resource=[family])):
        assert "perform: ecs:RunTask" in permitted.run("plain")
    with permitted.changed("trust machines", of_another_account):
        assert "perform: sts:AssumeRole" in permitted.run("plain")
    with permitted.changed("queue", of_another_account):
        assert "perform: sqs:SendMessage" in permitted.lost_message()


def of_another_account(statements: list) -> None:
    statements[0]["Condition"]["StringEquals"]["aws:SourceAccount"] = "999999999999"


def test_a_message_is_published_if_the_role_or_the_topic_allows_it(permitted):
    def without_first(statements: list) -> None:
        statements.pop(0)

    def without_publishing(statements: list) -> None:
        statements[:] = [one for one in statements if one["Action"] != ["sns:Publish"]]

    with permitted.changed("role recorder", without_publishing):
        assert permitted.recorded() == ""
        with permitted.changed("topic success", without_first):
            assert "not authorized to perform: sns:Publish" in permitted.recorded()
    with permitted.changed("topic success", without_first):
        assert permitted.recorded() == ""
