"""The schema is what its golden file says: every SDK and every program depends on it.

``BATCH_GOLDEN=write`` writes the file anew. What breaks programs needs a new version that says so.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest

from components.host import Package
from tests.package.compatibility import additions, breaking

GOLDEN = Path(__file__).parent / "schema.json"
JOB = "batch:index:ScheduledJob"


@pytest.fixture(scope="module")
def schema():
    inferred = json.loads(Package("0.0.0").schema)
    del inferred["version"]
    return inferred


def test_the_schema_is_what_its_golden_file_says(schema):
    text = json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("BATCH_GOLDEN") == "write":
        GOLDEN.write_text(text)
    golden = json.loads(GOLDEN.read_text())

    assert breaking(golden, schema) == [], "breaks programs of other languages: CHANGELOG, Changed"
    assert additions(golden, schema) == [], "breaks nothing: look, then BATCH_GOLDEN=write"
    assert golden == schema, "only words or an order changed: look, then BATCH_GOLDEN=write"


def removed(schema):
    del schema["resources"][JOB]["inputProperties"]["owner"]


def required(schema):
    schema["resources"][JOB]["requiredInputs"].append("owner")


def retyped(schema):
    schema["resources"][JOB]["inputProperties"]["cpu"]["type"] = "string"


def plain_below(schema):
    below = schema["resources"][JOB]["inputProperties"]["environment"]["additionalProperties"]
    below["plain"] = True


def output_removed(schema):
    del schema["resources"][JOB]["properties"]["stateMachineArn"]


def output_optional(schema):
    schema["resources"][JOB]["required"].remove("stateMachineArn")


def value_removed(schema):
    schema["types"]["batch:index:Architecture"]["enum"].pop(0)


def value_changed(schema):
    schema["types"]["batch:index:Architecture"]["enum"][0]["value"] = "x86"


def nested_required(schema):
    schema["types"]["batch:index:Volume"]["required"].append("readOnly")


def component_removed(schema):
    del schema["resources"]["batch:index:RunOnDeploy"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (removed, f"{JOB} property owner is gone"),
        (required, f"{JOB} property owner is required now"),
        (retyped, f"{JOB} property cpu has another type"),
        (plain_below, f"{JOB} property environment takes no outputs any more"),
        (output_removed, f"{JOB} output property stateMachineArn is gone"),
        (output_optional, f"{JOB} output stateMachineArn may be missing now"),
        (value_removed, "batch:index:Architecture value X86_64 is gone"),
        (value_changed, "batch:index:Architecture value X86_64 stands for something else"),
        (nested_required, "batch:index:Volume property readOnly is required now"),
        (component_removed, "component batch:index:RunOnDeploy is gone"),
    ],
)
def test_what_breaks_a_program_is_told_from_the_rest(schema, change, told):
    changed = copy.deepcopy(schema)
    change(changed)

    assert breaking(schema, changed) == [told]
    assert additions(schema, changed) == []


def test_what_is_new_breaks_nothing(schema):
    older = copy.deepcopy(schema)
    removed(older)
    value_removed(older)

    assert breaking(older, schema) == []
    assert additions(older, schema) == [
        "batch:index:Architecture value X86_64 is new",
        f"{JOB} property owner is new",
    ]


def test_words_break_nothing(schema):
    changed = copy.deepcopy(schema)
    changed["resources"][JOB]["description"] = "Another word."
    del changed["resources"][JOB]["inputProperties"]["cpu"]["plain"]

    assert breaking(schema, changed) == []
    assert additions(schema, changed) == []
