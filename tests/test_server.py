from __future__ import annotations

import os
import socket
import threading

import pytest

from localaws import clients
from localaws.errors import PortInUse
from localaws.server import Server


def regions_of(server: Server) -> list[str]:
    ec2 = clients.make_client("ec2", region="us-east-1", endpoint=server.endpoint)
    return [region["RegionName"] for region in ec2.describe_regions()["Regions"]]


def serving_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "localaws-server"]


@pytest.fixture(autouse=True)
def no_clients_left():
    yield
    clients.forget()


def test_the_api_is_served_on_this_machine_only():
    with Server() as server:
        assert server.endpoint == f"http://127.0.0.1:{server.port}"
        assert "eu-west-1" in regions_of(server)
        with socket.socket() as elsewhere, pytest.raises(ConnectionRefusedError):
            # Another address of the same machine.
            elsewhere.connect(("127.0.0.2", server.port))


def test_state_machines_find_the_port(monkeypatch):
    monkeypatch.setenv("MOTO_PORT", "1")

    with Server() as server:
        assert os.environ["MOTO_PORT"] == str(server.port)

    assert os.environ["MOTO_PORT"] == "1"


def test_a_port_in_use_is_said_to_be_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server(port)

        with pytest.raises(PortInUse) as refused:
            server.start()

    assert str(refused.value) == (
        f"port {port}: something else listens on 127.0.0.1:{port}; "
        "stop it, or choose another port with --port"
    )
    assert server.port == 0


def test_stopping_frees_the_port_and_ends_the_thread():
    server = Server().start()
    port = server.port
    regions_of(server)
    assert serving_threads() == ["localaws-server"]

    server.stop()
    server.stop()

    assert (server.port, serving_threads()) == (0, [])
    clients.forget()
    with Server(port) as again:
        assert again.port == port
        assert regions_of(again)


def test_starting_twice_is_starting_once():
    with Server() as server:
        port = server.port

        assert server.start() is server
        assert (server.port, serving_threads()) == (port, ["localaws-server"])


def test_a_profile_of_the_caller_is_not_asked_for(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with Server() as server:
        assert regions_of(server)


def test_the_environment_of_a_client_names_nothing_but_the_emulator():
    environment = clients.environment(endpoint="http://127.0.0.1:4566", region="eu-west-1")

    assert environment == {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
