"""Resource options of a component, as its children see them."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from components import RunOnDeploy
from tests.engine import plan, stacks
from tests.engine.programs import (
    OF_A_JOB,
    OF_A_JOB_WITH_SECRETS,
    OF_A_PLATFORM,
    SECRETS,
    all_of,
    job,
    platform,
)
from tests.policy_pack import is_taggable

OF_A_RUN = ("batch.RunOnDeploy {}", "local.Command {}")

EVERYTHING = all_of(
    "create", (OF_A_PLATFORM, "batch"), (OF_A_JOB_WITH_SECRETS, "nightly"), (OF_A_RUN, "migrate")
)


def program(options=dict, *, before=lambda: None, **args):
    """Return a program in which every component is given the options."""

    def run():
        before()
        made = platform("batch", pulumi.ResourceOptions(**options()))
        migrate = RunOnDeploy(
            "migrate",
            {"platform": made.connection, "shell": "true"},
            pulumi.ResourceOptions(**options()),
        )
        job("nightly", made.connection, pulumi.ResourceOptions(**options()), **args)
        return migrate

    return run


def children(stack):
    """Return the resources below components, as the state has them, by type and name."""
    return {
        f"{plan.short(one['type'])} {plan.name(one['urn'])}": one
        for one in stack.state()["resources"]
        if one["urn"].split("::")[2].startswith("batch:")
    }


def test_protect_reaches_every_child(backend):
    stack = backend.stack(program(lambda: {"protect": True}, secrets=SECRETS))

    assert stack.up().changes == EVERYTHING
    assert {key for key, one in children(stack).items() if not one.get("protect")} == set()
    assert len(children(stack)) == len(EVERYTHING)


def test_a_stack_that_is_protected_is_refused_whole(backend):
    stack = backend.stack(program(lambda: {"protect": True}))
    stack.up()
    before = dict(backend.cloud.resources)

    with pytest.raises(stacks.Failed):
        stack.destroy()

    assert backend.cloud.resources == before


def test_aliases_carry_every_child_to_a_new_name(backend):
    def renamed():
        def once(name):
            return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)])

        made = platform("shared", once("batch"), name="batch")
        RunOnDeploy("deploy", {"platform": made.connection, "shell": "true"}, once("migrate"))
        job("each-night", made.connection, once("nightly"), name="nightly", secrets=SECRETS)

    stack = backend.stack(program(secrets=SECRETS))
    stack.up()

    assert stack.preview(renamed).changes == []
    assert stack.up(renamed).changes == []
    assert children(stack).keys() == {
        change.removeprefix("create ")
        for change in all_of(
            "create",
            (OF_A_PLATFORM, "shared"),
            (OF_A_JOB_WITH_SECRETS, "each-night"),
            (OF_A_RUN, "deploy"),
        )
    }


def _is_taggable(type_):
    return type_.startswith("aws:") and is_taggable(type_)


def tagged(args):
    """A transformation: one more tag on whatever can have tags."""
    if _is_taggable(args.type_):
        tags = {**(args.props.get("tags") or {}), "cost-centre": "17"}
        return {**args.props, "tags": tags}
    return None


def transformation(args):
    props = tagged(args)
    return None if props is None else pulumi.ResourceTransformationResult(props, args.opts)


def transform(args):
    props = tagged(args)
    return None if props is None else pulumi.ResourceTransformResult(props, args.opts)


@pytest.mark.parametrize(
    "options",
    [{"transformations": [transformation]}, {"transforms": [transform]}],
    ids=lambda options: next(iter(options)),
)
def test_a_transformation_reaches_every_child(backend, options):
    stack = backend.stack(program(lambda: options, secrets=SECRETS))

    assert stack.up().changes == EVERYTHING

    can = [one for one in backend.cloud.resources.values() if _is_taggable(one.type)]
    assert {one.kind for one in can} > {"StateMachine", "Queue", "Role", "TaskDefinition", "Topic"}
    assert {one.name for one in can if one.inputs["tags"]["cost-centre"] != "17"} == set()


def test_a_transformation_leaves_the_tags_that_a_job_is_found_by(backend):
    backend.stack(program(lambda: {"transformations": [transformation]})).up()

    assert backend.cloud.of("StateMachine")["nightly"].inputs["tags"] == {
        "batch:job": "nightly",
        "batch:platform": "batch-test",
        "batch:project": "batch-platform",
        "cost-centre": "17",
    }


PROVIDERS = {
    "list": lambda made: {"providers": [made]},
    "dict": lambda made: {"providers": {"aws": made}},
    "provider": lambda made: {"provider": made},
}


@pytest.mark.parametrize("form", sorted(PROVIDERS))
def test_a_provider_reaches_every_child(backend, form):
    given = {}

    def before():
        given["made"] = aws.Provider("tokyo", region="ap-northeast-1")

    stack = backend.stack(program(lambda: PROVIDERS[form](given["made"]), before=before))

    assert stack.up().changes == sorted(
        [
            "create providers.aws tokyo",
            *all_of("create", (OF_A_PLATFORM, "batch"), (OF_A_JOB, "nightly")),
            *all_of("create", (OF_A_RUN, "migrate")),
        ]
    )
    of_aws = {
        key: one["provider"].split("::")[-2]
        for key, one in children(stack).items()
        if one["type"].startswith("aws:")
    }
    assert set(of_aws.values()) == {"tokyo"}
    assert {call.region for call in backend.cloud.calls if call.type.startswith("aws:")} == {
        "ap-northeast-1"
    }


def needs_a_run(migration="true", **args):
    def run():
        made = platform()
        migrate = RunOnDeploy("migrate", {"platform": made.connection, "shell": migration})
        job("nightly", made.connection, pulumi.ResourceOptions(depends_on=[migrate]), **args)

    return run


def order(cloud, verb):
    return [call.name for call in cloud.calls if call.verb == verb]


def test_a_job_waits_for_what_it_depends_on(backend):
    backend.stack(needs_a_run()).up()

    made = order(backend.cloud, "create")
    assert made[-3:] == ["migrate", "nightly", "nightly"]
    assert made.index("batch-run-task") < made.index("migrate")


def test_a_run_that_fails_leaves_the_job_as_it_was(backend):
    stack = backend.stack(needs_a_run())
    stack.up()
    changed = needs_a_run("false", shell="echo 2")
    backend.cloud.fail("update", "Command", "migrate", "exit status 1")
    backend.cloud.calls.clear()

    with pytest.raises(stacks.Failed) as failure:
        stack.up(changed)

    assert "command:local:Command (migrate):\n    error: exit status 1\n" in failure.value.plan.said
    assert order(backend.cloud, "update") == ["migrate"]
    assert stack.preview().changes == [
        "update local.Command migrate: create",
        "update sfn.StateMachine nightly: definition",
    ]


def test_ignore_changes_of_a_component_is_of_no_child(backend):
    # The engine takes it as said of the component itself, which has no inputs.
    ignoring = {"ignore_changes": ["definition", "shell"]}
    stack = backend.stack(program(lambda: ignoring))
    stack.up()

    assert stack.preview(program(lambda: ignoring, shell="echo 2")).changes == [
        "update sfn.StateMachine nightly: definition"
    ]
