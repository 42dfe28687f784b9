"""Several platforms in one stack, and a platform in each region."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from tests.engine.programs import (
    OF_A_JOB,
    OF_A_JOB_WITH_SECRETS,
    OF_A_PLATFORM,
    all_of,
    job,
    platform,
)


def two_platforms():
    for name in ("adhoc", "batch"):
        made = platform(name, name=name)
        job(f"{name}-nightly", made.connection, name="nightly")


def test_two_platforms_share_a_stack_and_nothing_else(backend):
    stack = backend.stack(two_platforms)

    assert stack.up().changes == all_of(
        "create",
        (OF_A_PLATFORM, "adhoc"),
        (OF_A_PLATFORM, "batch"),
        (OF_A_JOB, "adhoc-nightly"),
        (OF_A_JOB, "batch-nightly"),
    )
    assert stack.preview().changes == []
    machines = backend.cloud.of("StateMachine")
    assert {name: one.outputs["name"] for name, one in machines.items()} == {
        "adhoc-nightly": "adhoc-test-nightly",
        "adhoc-recorder": "adhoc-test_recorder",
        "adhoc-run-task": "adhoc-test-run-task",
        "adhoc-sweep": "adhoc-test_sweep",
        "batch-nightly": "batch-test-nightly",
        "batch-recorder": "batch-test_recorder",
        "batch-run-task": "batch-test-run-task",
        "batch-sweep": "batch-test_sweep",
    }
    mixed = [
        one.name
        for one in backend.cloud.resources.values()
        if ("batch-test" if one.name.startswith("adhoc") else "adhoc-") in json.dumps(one.inputs)
    ]
    assert mixed == []


REGIONS: Mapping[str, str] = {"dublin": "eu-west-1", "tokyo": "ap-northeast-1"}


def regions():
    """The same platform, by name too, in each region."""
    for city, region in REGIONS.items():
        there = aws.Provider(city, region=region)
        made = platform(city, pulumi.ResourceOptions(providers=[there]), name="batch")
        opts = pulumi.ResourceOptions(provider=there)
        job(
            f"{city}-nightly",
            made.connection,
            opts,
            name="nightly",
            secrets={"TOKEN": f"arn:aws:ssm:{region}:123456789012:parameter/token"},
        )


def test_a_provider_per_region_makes_a_platform_in_each(backend):
    stack = backend.stack(regions)

    assert stack.up().changes == sorted(
        [
            *(f"create providers.aws {city}" for city in REGIONS),
            *all_of("create", *((OF_A_PLATFORM, city) for city in REGIONS)),
            *all_of("create", *((OF_A_JOB_WITH_SECRETS, f"{city}-nightly") for city in REGIONS)),
        ]
    )
    assert stack.preview().changes == []


def test_whatever_is_made_in_a_region_names_that_region(backend):
    backend.stack(regions).up()

    cloud = backend.cloud
    assert {(call.name.partition("-")[0], call.region) for call in cloud.calls} == set(
        REGIONS.items()
    )
    other = {"dublin": "ap-northeast-1", "tokyo": "eu-west-1"}
    astray = [
        (one.kind, one.name)
        for one in cloud.resources.values()
        if other[one.name.partition("-")[0]] in json.dumps([one.inputs, one.outputs])
    ]
    assert astray == []
    machines = cloud.of("StateMachine")
    assert {city: machines[f"{city}-nightly"].outputs["arn"] for city in REGIONS} == {
        city: f"arn:aws:states:{region}:123456789012:stateMachine:batch-test-nightly"
        for city, region in REGIONS.items()
    }
