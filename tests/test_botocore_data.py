"""botocore's data in the emulator's process: read once, and the same as without it."""

import botocore.loaders
import botocore.session
import pytest

import localaws


@pytest.fixture(autouse=True)
def shared():
    assert localaws.botocore_data


def test_two_sessions_share_what_was_read():
    first, second = (botocore.session.Session().get_data("endpoints") for _ in range(2))

    assert first is second


def test_what_a_session_finds_out_of_its_services_the_next_one_knows():
    first, second = (
        botocore.session.Session().get_component("data_loader").list_available_services("service-2")
        for _ in range(2)
    )

    assert "stepfunctions" in first
    assert first is second


def test_a_loader_that_looks_elsewhere_finds_what_is_there(tmp_path):
    folder = tmp_path / "ours" / "2026-11-25"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {"b": 1, "a": 2}}')
    loader = botocore.loaders.create_loader(str(tmp_path))

    assert "ours" in loader.list_available_services("service-2")
    assert loader.load_service_model("ours", "service-2") == {"metadata": {"b": 1, "a": 2}}
    assert "ours" not in botocore.loaders.create_loader().list_available_services("service-2")


def test_a_file_keeps_its_order(tmp_path):
    (tmp_path / "x.json").write_text('{"b": {"d": 1, "c": 2}, "a": 3}')

    read = botocore.loaders.create_loader(str(tmp_path)).load_data("x")

    assert (list(read), list(read["b"])) == (["b", "a"], ["d", "c"])
