"""An engine on the wire: what a component provider meets when another language constructs.

It records what is registered, and answers as a provider would that makes everything at once, or,
at preview, that knows nothing yet.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from tests.package import clone
from tests.recording import ACCOUNT, ANSWERS, REGION, plain

STACK_URN = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"

_FEATURES = {"aliasSpecs", "outputValues", "resourceReferences", "secrets"}


def known(value: Any, *, secret: bool = False) -> dict[str, Any]:
    """Return an Output as it travels."""
    output = {rpc._special_sig_key: rpc._special_output_value_sig, "value": value}
    return {**output, "secret": True} if secret else output


def unknown() -> dict[str, Any]:
    """Return an Output of which nothing is known yet."""
    return {rpc._special_sig_key: rpc._special_output_value_sig}


@dataclass(frozen=True)
class Asked:
    """A resource that the provider registered."""

    urn: str
    parent: str
    protect: bool
    raw: dict[str, Any]
    """Its inputs as they came: with marks of secrets and Outputs."""

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].split("$")[-1]

    @property
    def name(self) -> str:
        return self.urn.split("::")[-1]

    @property
    def inputs(self) -> dict[str, Any]:
        return _opened(self.raw)


@dataclass
class Constructed:
    """What came back, and what was asked for on the way."""

    urn: str
    state: dict[str, Any]
    resources: list[Asked]
    outputs: dict[str, dict[str, Any]]
    """What components registered at their end, by URN."""

    warnings: list[str]

    def one(self, type_: str, name: str) -> Asked:
        matches = [one for one in self.resources if (one.type, one.name) == (type_, name)]
        assert len(matches) == 1, sorted((one.type, one.name) for one in self.resources)
        return matches[0]


@dataclass
class _Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    preview: bool = False
    resources: list[Asked] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def SupportsFeature(self, request, context):  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def GetDeploymentInfo(self, request, context):  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "not served")

    def RegisterResource(self, request, context):  # noqa: N802
        chain = request.parent.split("::")[2] + "$" if request.parent != STACK_URN else ""
        urn = f"urn:pulumi:prod::shop::{chain}{request.type}::{request.name}"
        asked = Asked(urn, request.parent, request.protect, _of(request.object))
        assert urn not in [one.urn for one in self.resources], f"{urn} is registered twice"
        self.resources.append(asked)
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=state)
        made = _made(asked)
        if self.preview:
            state.update(dict.fromkeys(made, rpc.UNKNOWN))
            return resource_pb2.RegisterResourceResponse(urn=urn, object=state)
        state.update(made)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=state)

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.outputs[request.urn] = _opened(_of(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request, context):  # noqa: N802
        answer = ANSWERS[request.tok](_opened(_of(request.args)))
        return provider_pb2.InvokeResponse(
            **{"return": json_format.ParseDict(answer, struct_pb2.Struct())}
        )

    def Log(self, request, context):  # noqa: N802
        self.warnings.append(request.message)
        return empty_pb2.Empty()


def _made(asked: Asked) -> dict[str, Any]:
    """Return what a provider knows of a resource once it is there."""
    service, kind = asked.type.split(":")[1].split("/")[0], asked.type.split(":")[2]
    name = asked.inputs.get("name", asked.name)
    return {
        "arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind.lower()}/{name}",
        "url": f"https://test/{asked.name}",
        "stdout": "done",
        "name": name,
    }


def _of(struct: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(struct)


def _opened(value: Any) -> Any:
    """Return a wire value without its marks; what is not known as the wire's word for it."""
    if isinstance(value, dict):
        signature = value.get(rpc._special_sig_key)
        if signature == rpc._special_output_value_sig:
            return _opened(value.get("value", rpc.UNKNOWN))
        if signature == rpc._special_secret_sig:
            return _opened(value["value"])
        return {key: _opened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item) for item in value]
    return plain(value)


@dataclass(frozen=True)
class Host:
    """A running provider."""

    provider: provider_pb2_grpc.ResourceProviderStub

    def schema(self) -> str:
        return self.provider.GetSchema(provider_pb2.GetSchemaRequest()).schema

    def construct(
        self,
        type_: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
        config: Mapping[str, str] | None = None,
        parent: str = STACK_URN,
        protect: bool = False,
    ) -> Constructed:
        """Construct as an engine does for a program of another language."""
        monitor = _Monitor(preview)
        with _served(monitor) as address:
            response = self.provider.Construct(
                provider_pb2.ConstructRequest(
                    project="shop",
                    stack="prod",
                    organization="organization",
                    config=dict(config or {}),
                    dryRun=preview,
                    parallel=16,
                    monitorEndpoint=address,
                    type=f"batch:index:{type_}",
                    name=name,
                    parent=parent,
                    inputs=json_format.ParseDict(dict(inputs), struct_pb2.Struct()),
                    protect=protect,
                    accepts_output_values=True,
                ),
                timeout=60,
            )
        return Constructed(
            response.urn,
            _opened(_of(response.state)),
            monitor.resources,
            monitor.outputs,
            monitor.warnings,
        )


@contextlib.contextmanager
def host(python: Path, folder: Path, *, elsewhere: Path) -> Iterator[Host]:
    """Start the provider of ``folder``, as an engine does: by folder, in the user's project."""
    with _served(_Monitor()) as address:
        process = subprocess.Popen(
            [python, folder, address],
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            env=clone.environment(),
        )
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Host(provider_pb2_grpc.ResourceProviderStub(channel))
        finally:
            process.terminate()
            process.communicate()


@contextlib.contextmanager
def _served(monitor: _Monitor) -> Iterator[str]:
    with ThreadPoolExecutor(8) as threads:
        server = grpc.server(threads)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
        engine_pb2_grpc.add_EngineServicer_to_server(monitor, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()
