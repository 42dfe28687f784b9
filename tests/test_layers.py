"""Arrows point down only: jobs and components over batch, batchctl and localaws beside them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"batch", "batchctl", "components", "jobs", "localaws"}

ALLOWED = {
    "batch": set(),
    "components": {"batch"},
    "jobs": {"components"},
    "localaws": {"batch"},
    # Only from inside the functions of `local` and `check`, which the last test holds.
    "batchctl": {"batch", "localaws"},
}


def imported(layer: str) -> set[tuple[str, str]]:
    found = set()
    for path in (ROOT / layer).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                found.add((str(path.relative_to(ROOT)), (node.module or "").split(".")[0]))
            elif isinstance(node, ast.Import):
                found |= {(str(path.relative_to(ROOT)), a.name.split(".")[0]) for a in node.names}
    return found


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_what_is_below_it(layer):
    above = {(p, m) for p, m in imported(layer) if m in OURS - ALLOWED[layer] - {layer}}

    assert above == set()


@pytest.mark.parametrize("heavy", ["pulumi", "pulumi_aws", "boto3", "botocore", "moto"])
def test_what_a_job_is_knows_no_cloud(heavy):
    assert {(p, m) for p, m in imported("batch") if m == heavy} == set()


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("batchctl.main", "pulumi"),
        ("batchctl.main", "boto3"),
        ("batchctl.main", "rich"),
        ("batchctl.main", "moto"),
        ("batchctl.main", "localaws"),
        ("batchctl.main", "yaml"),
        ("components", "boto3"),
        ("components", "localaws"),
        ("batch.settings", "cryptography"),
    ],
)
def test_a_module_does_not_pull_in_what_it_may_not_need(module, heavy):
    code = f"import sys, {module}; sys.exit({heavy!r} in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)

    assert ended.returncode == 0
