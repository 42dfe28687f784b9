"""A component whose types Pulumi cannot describe cannot be used from another language."""

import inspect
import json
import re

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.component import ComponentProvider

import components
from batch.job import KEYS
from batch.settings import DEFAULTS

COMPONENTS = [components.BatchPlatform, components.RunOnDeploy, components.ScheduledJob]


@pytest.fixture(scope="module")
def schema():
    return json.loads(ComponentProvider(COMPONENTS, "batch", None, "0.1.0").schema)


def snake(name):
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def test_every_public_component_is_described():
    public = [getattr(components, name) for name in components.__all__]
    found = [
        thing
        for thing in public
        if inspect.isclass(thing) and issubclass(thing, pulumi.ComponentResource)
    ]

    assert found == COMPONENTS


def test_the_type_tokens_are_those_of_the_package(schema):
    assert sorted(schema["resources"]) == [
        "batch:index:BatchPlatform",
        "batch:index:RunOnDeploy",
        "batch:index:ScheduledJob",
    ]


@pytest.mark.parametrize(
    ("component", "required"),
    [
        (components.BatchPlatform, ["image"]),
        (components.RunOnDeploy, ["platform"]),
        (components.ScheduledJob, ["platform"]),
    ],
)
def test_only_these_arguments_are_required(component, required):
    definitions = Analyzer("batch").analyze([component])["component_definitions"]
    inputs = definitions[component.__name__].inputs

    assert [name for name, value in inputs.items() if not value.optional] == required


def properties(schema):
    for token, resource in schema["resources"].items():
        for kind in ("inputProperties", "properties"):
            for name, value in resource[kind].items():
                yield f"{token}.{name}", value
    for token, type_ in schema["types"].items():
        for name, value in type_.get("properties", {}).items():
            yield f"{token}.{name}", value
        for value in type_.get("enum", []):
            yield f"{token}.{value['name']}", value


def test_every_property_has_a_description(schema):
    described = dict(properties(schema))

    assert len(described) > 100
    assert [name for name, value in described.items() if not value.get("description")] == []


def test_what_can_be_left_out_says_what_then_happens(schema):
    silent = [
        f"{token}.{name}"
        for token, resource in schema["resources"].items()
        for name, value in resource["inputProperties"].items()
        if name not in resource["requiredInputs"]
        and not re.search(r"Defaults\s+to|in place of|Either", value["description"])
    ]

    assert silent == []


def test_nothing_is_untyped(schema):
    untyped = [name for name, value in properties(schema) if value.get("$ref", "").endswith("Any")]

    assert untyped == []


def test_a_connection_may_be_an_output_in_every_language(schema):
    for job in ("ScheduledJob", "RunOnDeploy"):
        platform = schema["resources"][f"batch:index:{job}"]["inputProperties"]["platform"]

        assert "plain" not in platform
        assert platform["additionalProperties"]["type"] == "string"
        assert "plain" not in platform["additionalProperties"]


def test_a_job_has_the_keys_of_a_job():
    arguments = set(components.ScheduledJobArgs.__annotations__)

    assert arguments == {*KEYS, "platform", "name"}


def test_a_platform_has_the_keys_of_a_stacks_configuration():
    arguments = set(components.BatchPlatformArgs.__annotations__)

    # The other two are read elsewhere: by each job, and by the operator's tool.
    assert arguments - {"stack"} == {snake(key) for key in DEFAULTS} - {"jobs", "expected"}
