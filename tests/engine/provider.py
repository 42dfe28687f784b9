"""A resource provider for ``aws`` and ``command`` that makes everything in a :class:`Cloud`.

It answers as the bridged provider does (pulumi-terraform-bridge, ``pkg/tfbridge``): it checks
against what is published, names what has no name, says what a change replaces, and knows no
computed value before a resource is made. What AWS would refuse, it does not know; the tests of
the embedded AWS do.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine import schema, wire
from tests.engine.cloud import Call, Cloud, Refused

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the engine out of a cloud."""

    def __init__(self, package: str, cloud: Cloud, answers: Mapping[str, Answer]) -> None:
        self.package = package
        self.cloud = cloud
        self.answers = answers
        self.seconds = 0.0
        """How long the engine waited for answers, all threads together."""
        self._regions: dict[str, str] = {}

    # The engine holds one connection for each provider resource, and its calls do not name it.
    def _region(self, context: grpc.ServicerContext) -> str:
        return self._regions.get(context.peer(), "eu-west-1")

    def Handshake(self, request, context):  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request, context):  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):  # noqa: N802
        return plugin_pb2.PluginInfo(version=metadata.version(f"pulumi-{self.package}"))

    def CheckConfig(self, request, context):  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):  # noqa: N802
        old, new = wire.plain(wire.of(request.old_inputs)), wire.plain(wire.of(request.news))
        return _diff_response(_changes(_visible(old), _visible(new)), lambda path: False)

    def Configure(self, request, context):  # noqa: N802
        region = wire.plain(wire.of(request.args)).get("region")
        if region:
            self._regions[context.peer()] = region
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request, context):  # noqa: N802
        with self._answering(context):
            if request.tok not in self.answers:
                raise Refused(f"{request.tok}: no answer written down")
            answer = self.answers[request.tok]
            # The region is the provider's, which no call names.
            found = answer(wire.plain(wire.of(request.args)))
            if request.tok == "aws:index/getRegion:getRegion":
                found = {**found, "region": self._region(context), "id": self._region(context)}
            return provider_pb2.InvokeResponse(**{"return": wire.to(found)})

    def Check(self, request, context):  # noqa: N802
        with self._answering(context):
            kind = schema.find(request.type)
            given, before = wire.of(request.news), wire.of(request.olds)
            failures = [
                provider_pb2.CheckFailure(property=path, reason=reason)
                for path, reason in kind.broken(wire.plain(given))
            ]
            if kind.name_property and kind.name_property not in given:
                given |= _automatic(kind, request, before)
            return provider_pb2.CheckResponse(inputs=wire.to(given), failures=failures)

    def Diff(self, request, context):  # noqa: N802
        with self._answering(context):
            kind = schema.find(request.type)
            old, new = wire.of(request.old_inputs), wire.of(request.news)
            changes = _changes(_visible(wire.plain(old)), _visible(wire.plain(new)))
            response = _diff_response(changes, kind.is_replaced_by)
            response.deleteBeforeReplace = _is_deleted_first(kind, new)
            return response

    def Create(self, request, context):  # noqa: N802
        with self._answering(context):
            kind, inputs = schema.find(request.type), wire.of(request.properties)
            if request.preview:
                unknown = dict.fromkeys(kind.computed - inputs.keys(), wire.UNKNOWN)
                state = {**kind.defaults, **_visible(inputs), **unknown}
                return provider_pb2.CreateResponse(id="", properties=wire.to(state))
            self._record("create", request, context)
            id_, outputs = self.cloud.create(
                kind, request.name, wire.plain(inputs), self._region(context)
            )
            return provider_pb2.CreateResponse(
                id=id_, properties=wire.to({**outputs, **_visible(inputs)})
            )

    def Update(self, request, context):  # noqa: N802
        with self._answering(context):
            kind, inputs = schema.find(request.type), wire.of(request.news)
            kept = {key: wire.of(request.olds).get(key) for key in kind.computed - inputs.keys()}
            state = {**kind.defaults, **kept, **_visible(inputs)}
            if "tagsAll" in state:
                state["tagsAll"] = inputs.get("tags", {})
            if not request.preview:
                self._record("update", request, context)
                with self.cloud.lock:
                    made = self.cloud.resources.get((request.type, request.id))
                    if made is None:
                        raise Refused(f"{request.id}: not found")
                    made.inputs, made.outputs = wire.plain(inputs), wire.plain(state)
            return provider_pb2.UpdateResponse(properties=wire.to(state))

    def Read(self, request, context):  # noqa: N802
        with self._answering(context):
            self._record("read", request, context)
            made = self.cloud.resources.get((request.type, request.id))
            if made is None:
                return provider_pb2.ReadResponse(id="")
            # What has not changed stays as the engine has it, secrets too.
            inputs, state = wire.of(request.inputs), wire.of(request.properties)
            if wire.plain(inputs) != made.inputs:
                inputs, state = made.inputs, made.outputs
            return provider_pb2.ReadResponse(
                id=request.id, properties=wire.to(state), inputs=wire.to(inputs)
            )

    def Delete(self, request, context):  # noqa: N802
        with self._answering(context):
            self._record("delete", request, context)
            with self.cloud.lock:
                self.cloud.resources.pop((request.type, request.id), None)
            return empty_pb2.Empty()

    def Cancel(self, request, context):  # noqa: N802
        return empty_pb2.Empty()

    def _record(self, verb, request, context):
        self.cloud.record(Call(verb, request.type, request.name, self._region(context)))

    @contextlib.contextmanager
    def _answering(self, context: grpc.ServicerContext) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except (Refused, KeyError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        finally:
            self.seconds += time.perf_counter() - began


@contextlib.contextmanager
def served(provider: Provider) -> Iterator[int]:
    """Serve on 127.0.0.1 and yield the port."""
    server = grpc.server(ThreadPoolExecutor(16, thread_name_prefix="stand-in"))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


def _visible(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is a property: the provider keeps notes of its own beside them."""
    return {key: value for key, value in values.items() if not key.startswith("__")}


def _automatic(kind: schema.ResourceType, request: Any, before: dict[str, Any]) -> dict[str, Any]:
    """Return a name made from the logical one, the old one if that was made too.

    Pulumi's ``resource.NewUniqueName``: seven hex digits after the name; the provider notes among
    the inputs that it is not the program's.
    """
    note = {"__defaults": [kind.name_property]}
    if kind.name_property in before.get("__defaults", ()):
        return {kind.name_property: before[kind.name_property], **note}
    digits = hashlib.sha256(request.randomSeed + request.urn.encode()).hexdigest()[:7]
    name = f"{request.name[: kind.name_maximum - 8]}-{digits}"
    return {kind.name_property: name, **note}


def _is_deleted_first(kind: schema.ResourceType, inputs: Mapping[str, Any]) -> bool:
    """Return whether the old one has to go before the new one comes: they would share a name."""
    name = kind.name_property
    return (
        not kind.framework
        and name is not None
        and name in inputs
        and name not in inputs.get("__defaults", ())
    )


def _changes(old: Any, new: Any, path: str = "") -> dict[str, int]:
    """Return the paths that differ, each with the kind of its difference."""
    kinds = provider_pb2.PropertyDiff
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, int] = {}
        for key in sorted(old.keys() | new.keys()):
            below = f"{path}.{key}" if path else key
            if key not in new:
                found[below] = kinds.DELETE
            elif key not in old:
                found[below] = kinds.ADD
            else:
                found |= _changes(old[key], new[key], below)
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        found = {}
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            found |= _changes(one, other, f"{path}[{index}]")
        return found
    return {} if old == new else {path: kinds.UPDATE}


def _diff_response(
    changes: dict[str, int], is_replaced_by: Callable[[str], bool]
) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff
    replacing = [path for path in changes if is_replaced_by(path)]
    detailed = {
        path: kinds(kind=kind + (1 if path in replacing else 0), inputDiff=True)
        for path, kind in changes.items()
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME
        if changes
        else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({path.partition(".")[0].partition("[")[0] for path in changes}),
        replaces=replacing,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
