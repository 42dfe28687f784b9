"""An emulator that only serves moto, for tests of what is made in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, provision
from localaws.monitor import Made, Registration
from localaws.server import Server


class Channels:
    """Remembers Slack channel configurations."""

    def __init__(self) -> None:
        self.configured: dict[str, dict[str, Any]] = {}

    def configure(self, *, name: str, **configuration: Any) -> None:
        self.configured[name] = configuration

    def remove(self, name: str) -> None:
        del self.configured[name]


class BareEmulator:
    account = DEFAULT_ACCOUNT_ID
    region = "us-east-1"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.slack = Channels()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        """Service, operation and parameters of every call through :meth:`client`."""

    def client(self, service: str, region: str | None = None) -> Any:
        made = clients.make_client(
            service, region=region or self.region, endpoint=self.endpoint, validate=False
        )
        made.meta.events.register("provide-client-params", self._note, unique_id="bare-emulator")
        return made

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.service_model.service_name, model.name, params))

    def environment(self) -> dict[str, str]:
        return clients.environment(endpoint=self.endpoint, region=self.region)

    def reset(self) -> None:
        moto_api_backend.reset()


@contextmanager
def bare_emulator() -> Iterator[BareEmulator]:
    with Server() as server:
        moto_api_backend.reset()
        try:
            yield BareEmulator(server.endpoint)
        finally:
            clients.forget()
            moto_api_backend.reset()


class Workbench:
    """Makes single resources, without a program."""

    def __init__(self, emulator: BareEmulator, **default_tags: str) -> None:
        self.emulator = emulator
        self.context = provision.Context(
            emulator=emulator,
            project_dir=".",
            provider=provision.provider_of(emulator.region, {"tags": default_tags}),
        )

    def make(self, cls: type, name: str = "x", /, **inputs: Any) -> Made:
        type_ = cls.pulumi_type  # type: ignore[attr-defined]
        urn = f"urn:pulumi:dev::sample::{type_}::{name}"
        return provision.make(self.context, Registration(urn, type_, name, inputs))

    def answer(self, token: str, **args: Any) -> dict[str, Any]:
        return provision.answer(self.context, token, args)

    def client(self, service: str) -> Any:
        return self.emulator.client(service)
