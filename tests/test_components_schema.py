"""A component whose types Pulumi cannot describe cannot be used from another language."""

import inspect
import json
import re

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer

import components
from batch.job import KEYS
from batch.settings import DEFAULTS
from components.host import COMPONENTS, Package


@pytest.fixture(scope="module")
def schema():
    return json.loads(Package("0.1.0").schema)


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
        "batch:index:GithubActionsAccess",
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


def test_everything_has_a_description(schema):
    named = {**schema["resources"], **schema["types"], **dict(properties(schema))}

    assert len(named) > 100
    assert [name for name, value in named.items() if not value.get("description")] == []


def test_descriptions_are_markdown_in_the_words_of_every_language(schema):
    texts = {
        name: value["description"]
        for name, value in {
            **schema["resources"],
            **schema["types"],
            **dict(properties(schema)),
        }.items()
    }

    marks = re.compile(r"``|:class:|\n {2,}|\b[a-z]+_[a-z_]+\b")
    assert {name: text for name, text in texts.items() if marks.search(text)} == {}


def test_what_can_be_left_out_says_what_then_happens(schema):
    silent = [
        f"{token}.{name}"
        for token, resource in schema["resources"].items()
        for name, value in resource["inputProperties"].items()
        if name not in resource["requiredInputs"]
        and not re.search(r"Defaults\s+to|in place of|Either", value["description"])
    ]

    assert silent == []


def untyped(value):
    """Return whether a value may be anything, at whatever depth."""
    if "$ref" in value:
        return not value["$ref"].startswith("#/types/batch:index:")
    if value["type"] == "array":
        return "items" not in value or untyped(value["items"])
    if value["type"] == "object":
        return "additionalProperties" not in value or untyped(value["additionalProperties"])
    return value["type"] not in ("string", "integer", "number", "boolean")


def test_nothing_is_untyped(schema):
    values = {name: value for name, value in properties(schema) if "value" not in value}

    assert len(values) > 80
    assert [name for name, value in values.items() if untyped(value)] == []


def test_a_value_of_a_few_is_an_enumeration(schema):
    enumerations = {
        token.rpartition(":")[2]: [value["value"] for value in type_["enum"]]
        for token, type_ in schema["types"].items()
        if "enum" in type_
    }

    assert enumerations == {
        "Architecture": ["X86_64", "ARM64"],
        "AssignPublicIp": ["auto", "enabled", "disabled"],
        "ContainerInsights": ["disabled", "enabled", "enhanced"],
        "Overlap": ["allow", "skip", "queue", "replace"],
    }


def test_no_text_lists_the_values_that_it_may_have(schema):
    """A property of plain text that is checked against a list has an enumeration instead."""
    texts = {"architecture", "assignPublicIp", "containerInsights", "overlap"}
    values = {name: value for name, value in properties(schema) if name.rpartition(".")[2] in texts}

    assert len(values) == 5
    assert [name for name, value in values.items() if "$ref" not in value] == []


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

    # The others are read elsewhere: by each job, by the operator's tool, by another component.
    elsewhere = {"jobs", "expected", "github"}
    assert arguments - {"stack"} == {snake(key) for key in DEFAULTS} - elsewhere
