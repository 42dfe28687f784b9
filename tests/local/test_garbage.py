"""Garbage is not collected while the local platform starts, and is from then on."""

import gc
import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from batchctl.local import platform
from batchctl.main import batchctl
from localaws.deployment import Deployment


@pytest.fixture(autouse=True)
def as_before():
    yield
    gc.unfreeze()
    gc.enable()


def test_a_platform_that_has_started_collects_again(monkeypatch):
    during = []

    def deploy(*_, **__):
        during.append(gc.isenabled())
        return Deployment("local", "us-east-1", (), {})

    monkeypatch.setattr(platform, "deploy", deploy)
    gc.disable()

    with platform.provisioned(
        "local", console=Console(file=io.StringIO()), executor="process", fires=False
    ):
        during.append(gc.isenabled())

    assert during == [False, True]


def test_a_command_that_did_not_start_leaves_no_trace():
    result = CliRunner().invoke(batchctl, ["local", "run"])

    assert result.exit_code == 2
    assert gc.isenabled()
