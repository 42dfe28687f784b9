"""A program that leaves out what nobody needs."""

import gc

import pulumi
import pytest

from components import lean
from components.lean import run_lean


def test_a_lean_program_looks_for_no_garbage():
    run_lean()

    assert not gc.isenabled()


@pytest.mark.parametrize(("asked", "expected"), [(None, []), ("1", ["a message"])])
def test_debug_messages_reach_the_engine_only_where_they_are_asked_for(
    monkeypatch, asked, expected
):
    said = []
    monkeypatch.setattr(pulumi.log, "debug", said.append)
    monkeypatch.delenv(lean.DEBUG, raising=False)
    if asked:
        monkeypatch.setenv(lean.DEBUG, asked)

    run_lean()
    pulumi.log.debug("a message")

    assert said == expected
