"""A backend of its own for each engine test; all of them need the Pulumi CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine import stacks

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.engine)


@pytest.fixture
def backend(tmp_path):
    with stacks.backend(tmp_path) as served:
        yield served
