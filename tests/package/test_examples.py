"""The examples use what the schema has: names, required properties, and types as far as written."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from components.host import Package
from components.shape import Shape
from tests.package import clone, typescript

EXAMPLES = clone.ROOT / "examples"
OUTPUT = re.compile(r"\$\{(?P<resource>[\w-]+)\.(?P<output>\w+)")
PACKAGE = Package("0.0.0")
SCHEMA = json.loads(PACKAGE.schema)


def in_yaml(folder):
    program = yaml.safe_load((EXAMPLES / folder / "Pulumi.yaml").read_text())
    for name, resource in program["resources"].items():
        if resource["type"].startswith("batch:"):
            yield resource["type"].removeprefix("batch:"), name, resource["properties"]


def in_typescript():
    return typescript.components((EXAMPLES / "typescript" / "index.ts").read_text())


MADE = [
    *(("typescript", *made) for made in in_typescript()),
    *(("yaml", *made) for made in in_yaml("yaml")),
    *(("yaml-platform", *made) for made in in_yaml("yaml-platform")),
]


def plain(value):
    """Return arguments with a stand-in for what a program works out."""
    if isinstance(value, typescript.Expression):
        enumeration, _, name = value.removeprefix("batch.").partition(".")
        values = SCHEMA["types"].get(f"batch:index:{enumeration}", {}).get("enum", [])
        return {one["name"]: one["value"] for one in values}.get(name, {})
    if isinstance(value, str):
        return {} if value.startswith("${") else value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def problems(type_, arguments):
    definition = PACKAGE._component_defs[type_]
    return list(Shape(PACKAGE._type_defs).problems(plain(arguments), definition.inputs))


def test_each_example_makes_what_it_says():
    assert [(folder, type_, name) for folder, type_, name, _ in MADE] == [
        ("typescript", "RunOnDeploy", "migrate"),
        ("typescript", "ScheduledJob", "nightly-report"),
        ("typescript", "ScheduledJob", "cleanup"),
        ("yaml", "RunOnDeploy", "migrate"),
        ("yaml", "ScheduledJob", "nightly-report"),
        ("yaml", "ScheduledJob", "cleanup"),
        ("yaml-platform", "BatchPlatform", "batch"),
    ]


@pytest.mark.parametrize(("folder", "type_", "name", "arguments"), MADE)
def test_an_example_has_the_schemas_shape(folder, type_, name, arguments):
    assert problems(type_, arguments) == []


def test_both_languages_show_the_same_jobs():
    of = {
        folder: {name: plain(given) for found, _, name, given in MADE if found == folder}
        for folder in ("typescript", "yaml")
    }

    assert of["typescript"] == of["yaml"]


def test_a_slip_in_an_example_is_seen():
    arguments = {**dict(next(in_yaml("yaml-platform"))[2]), "logRetention": 90, "cpu": "many"}
    del arguments["image"]

    assert [one["property_path"] for one in problems("BatchPlatform", arguments)] == [
        "cpu",
        "logRetention",
        "image",
    ]


@pytest.mark.parametrize("folder", ["yaml", "yaml-platform"])
def test_outputs_that_are_read_are_in_the_schema(folder):
    program = yaml.safe_load((EXAMPLES / folder / "Pulumi.yaml").read_text())
    types = {name: type_ for type_, name, _ in in_yaml(folder)}
    read = OUTPUT.findall(json.dumps(program["outputs"]))

    assert read
    for resource, output in read:
        assert output in SCHEMA["resources"][f"batch:index:{types[resource]}"]["properties"]


@pytest.mark.parametrize("folder", ["typescript", "yaml", "yaml-platform"])
def test_an_example_names_the_package_of_this_repository(folder):
    path = EXAMPLES / folder
    program = yaml.safe_load((path / "Pulumi.yaml").read_text())

    assert (path / program["packages"]["batch"]).resolve() == clone.ROOT / "components"
