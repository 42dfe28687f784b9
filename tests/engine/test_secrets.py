"""A value that the program marks as secret: where the engine keeps it, and what it shows of it."""

from __future__ import annotations

import pulumi

from tests.engine.programs import nightly

PLAIN = "correct horse battery staple"


def with_a_secret(**more):
    return nightly(environment={"PASSWORD": pulumi.Output.secret(PLAIN)}, **more)


def written(folder):
    """Return the text of everything that the engine has kept."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_text(errors="replace") for path in files)


def secret_properties(stack, name):
    [one] = [r for r in stack.state()["resources"] if r["urn"].endswith(f"StateMachine::{name}")]
    marked = "4dabf18193072939515e22adb298388d"
    return [key for key, value in one["inputs"].items() if marked in value]


def test_a_secret_is_nowhere_in_plain_text(backend):
    stack = backend.stack(lambda: with_a_secret()())
    said = stack.up().said

    kept = written(backend.folder / "states")
    assert "batch-test-nightly" in kept
    assert "ciphertext" in kept
    assert PLAIN not in kept
    assert PLAIN not in said
    assert PLAIN in backend.cloud.of("StateMachine")["nightly"].inputs["definition"]


def test_the_definition_that_holds_a_secret_is_one(backend):
    stack = backend.stack(lambda: with_a_secret()())
    stack.up()

    assert secret_properties(stack, "nightly") == ["definition"]
    assert secret_properties(stack, "batch-run-task") == []


def test_a_preview_does_not_show_a_secret_that_changes(backend):
    stack = backend.stack(lambda: with_a_secret()())
    stack.up()

    plan = stack.preview(lambda: with_a_secret(shell="echo 2")(), diff=True)

    assert plan.changes == ["update sfn.StateMachine nightly: definition"]
    assert "definition: [secret]" in plan.said.replace("  ", " ")
    assert PLAIN not in plan.said
