from __future__ import annotations

import re

import pytest

from batch import connection
from batch.contract import Platform

CONNECTION = dict.fromkeys(connection.KEYS, "") | {
    "platform": "batch",
    "stack": "stg",
    "account": "111111111111",
    "region": "eu-west-1",
    "partition": "aws",
}


def test_a_connection_names_its_platform():
    expected = Platform("batch", "stg", "111111111111", "eu-west-1", "aws")

    assert expected == connection.platform_of(CONNECTION)


def test_keys_are_single_lower_case_words():
    """Pulumi renames the keys of a dictionary that crosses the component host otherwise."""
    assert [key for key in connection.KEYS if not re.fullmatch(r"[a-z]+", key)] == []


def test_the_limits_of_groups_are_in_the_order_of_their_names():
    assert connection.limits_text({"db": 3, "api": 5}) == "api=5,db=3"


@pytest.mark.parametrize("limits", [{}, {"db": 3}, {"api": 5, "my-db": 12}])
def test_the_limits_of_groups_are_read_as_they_were_written(limits):
    assert connection.limits_of(connection.limits_text(limits)) == limits
