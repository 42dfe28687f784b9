"""How patches are put on and taken off, and that each has a test that ends it."""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_ecs,
)

from localaws import fidelity
from localaws.fidelity.patching import patch, replace, revert_all, wrap
from tests.fidelity.playing import FAIL, one_state

HERE = Path(__file__).parent


def test_every_patch_has_a_test_that_ends_it():
    text = "".join(file.read_text() for file in HERE.glob("test_*.py"))
    taken_off = {
        name
        for call in re.findall(r"without\(([^)]*)\)", text)
        for name in re.findall(r"\w+", call)
    }

    assert sorted(set(fidelity.NAMES) - taken_off) == []


def test_every_patch_is_put_on():
    modules = {file.stem for file in Path(fidelity.__path__[0]).glob("*.py")}
    helpers = {"__init__", "definitions", "expressions", "failures", "patching"}

    assert modules - helpers == set(fidelity.NAMES)


def test_calls_of_a_state_machine_stay_on_this_machine(aws, without, monkeypatch):
    asked = []
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        asked.append(host)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines"}

    assert aws.run(one_state(state))["status"] == "SUCCEEDED"
    assert set(asked) <= {"127.0.0.1"}
    with without("boto_clients"):
        aws.run(one_state(state))
        assert "localhost" in asked


def test_a_failed_state_is_not_logged(aws, without, caplog):
    def logged() -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.ERROR, logger="moto"):
            aws.run(FAIL)
        return [record.name for record in caplog.records]

    assert logged() == []
    assert logging.getLogger("moto").level == logging.CRITICAL
    with without("noise"):
        assert "moto.stepfunctions.parser.asl.component.eval_component" in logged()


def test_what_was_patched_comes_back(aws):
    service = state_task_service_ecs.StateTaskServiceEcs
    assert "_eval_sync" in vars(service)

    revert_all()
    try:
        assert "_eval_sync" not in vars(service)
    finally:
        fidelity.apply_all()


class Thing:
    def name(self) -> str:
        return "stock"


class Child(Thing):
    pass


def test_patches_of_patches_come_off_in_order(aws, without):
    with without():

        @patch
        def apply() -> None:
            wrap(Child, "name")(lambda original, self: f"1 {original(self)}")
            wrap(Child, "name")(lambda original, self: f"2 {original(self)}")
            replace(Thing, "name", lambda _self: "replaced")

        apply()
        apply()
        assert (Child().name(), Thing().name()) == ("2 1 stock", "replaced")
    assert (Child().name(), vars(Child).keys() & {"name"}) == ("stock", set())


def test_every_patch_is_in_the_documentation():
    page = (HERE.parents[1] / "docs" / "emulator.md").read_text()

    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == sorted(fidelity.NAMES)
