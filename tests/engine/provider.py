"""A resource provider for ``aws`` and ``command`` that makes everything in a :class:`Cloud`.

It answers as the bridged provider does (pulumi-terraform-bridge, ``pkg/tfbridge``): it checks
against what is published, names what has no name, says what a change replaces, and knows no
computed value before a resource is made. What AWS would refuse, it does not know; the tests of
the embedded AWS do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests import recording
from tests.engine import schema, wire
from tests.engine.cloud import Call, Cloud, Refused, key_of

Answer = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Configured:
    """What a provider resource is told."""

    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    """``defaultTags``."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package of the engine's out of a cloud."""

    def __init__(self, package: str, cloud: Cloud, answers: Mapping[str, Answer]) -> None:
        self.package = package
        self.cloud = cloud
        self.answers = answers
        self._configured: dict[str, Configured] = {}

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
        return _diff_response(_changes(old, new), replacing=())

    def Configure(self, request, context):  # noqa: N802
        told = wire.plain(wire.of(request.args))
        # Anything but text travels as JSON.
        tags = json.loads(told.get("defaultTags", "{}")).get("tags", {})
        # The engine holds a connection for each provider resource, and no later call names it.
        self._configured[context.peer()] = Configured(told.get("region", ""), tags)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request, context):  # noqa: N802
        with self._answering(context):
            if request.tok not in self.answers:
                raise Refused(f"{request.tok}: no answer written down")
            found = self.answers[request.tok](wire.plain(wire.of(request.args)))
            if request.tok == "aws:index/getRegion:getRegion":
                found = {**found, "region": self._told(context).region}
            return provider_pb2.InvokeResponse(**{"return": wire.to(found)})

    def Check(self, request, context):  # noqa: N802
        with self._answering(context):
            kind = schema.find(request.type)
            given, before = wire.of(request.news), wire.of(request.olds)
            problems = [*kind.broken(wire.plain(given))]
            given["__defaults"] = []
            if kind.automatic_maximum is not None and kind.name_property not in given:
                name = _automatic_name(kind, request, before)
                if len(name) > kind.automatic_maximum:
                    problems.append(
                        (kind.name_property, f"{name} is over {kind.automatic_maximum} characters")
                    )
                given |= {kind.name_property: name, "__defaults": [kind.name_property]}
            failures = [
                provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems
            ]
            return provider_pb2.CheckResponse(inputs=wire.to(given), failures=failures)

    def Diff(self, request, context):  # noqa: N802
        with self._answering(context):
            kind = schema.find(request.type)
            olds, old = wire.plain(wire.of(request.olds)), wire.plain(wire.of(request.old_inputs))
            new = wire.plain(wire.of(request.news))
            changes = _changes(
                self._planned(kind, old, olds.get("region"), olds.get("tagsAll")),
                self._planned(kind, new, self._told(context).region, self._tags(new, context)),
            )
            if any(path.startswith("tags.") for path in changes):
                changes = {p: c for p, c in changes.items() if not p.startswith("tagsAll")}
            replacing = [path for path in changes if kind.is_replaced_by(path)]
            response = _diff_response(changes, replacing)
            response.deleteBeforeReplace = bool(replacing) and (
                kind.deletes_first or (not kind.framework and kind.is_named(new))
            )
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
                kind, request.name, wire.plain(inputs), self._told(context).region
            )
            if "tagsAll" in kind.computed:
                outputs["tagsAll"] = self._tags(wire.plain(inputs), context)
            # What was given goes back as it came: a secret stays one.
            state = {**outputs, **_visible(inputs)}
            return provider_pb2.CreateResponse(id=id_, properties=wire.to(state))

    def Update(self, request, context):  # noqa: N802
        with self._answering(context):
            kind, inputs, old = (
                schema.find(request.type),
                wire.of(request.news),
                wire.of(request.olds),
            )
            kept = {key: old[key] for key in {*kind.computed, "region"} & old.keys()}
            state = {**kind.defaults, **kept, **_visible(inputs)}
            if "tagsAll" in kind.computed:
                state["tagsAll"] = self._tags(wire.plain(inputs), context)
            if not request.preview:
                self._record("update", request, context)
                with self.cloud.lock:
                    made = self.cloud.resources.get(key_of(kind, request.id, wire.plain(old)))
                    if made is None:
                        raise Refused(f"{request.id}: not found")
                    made.inputs, made.outputs = wire.plain(inputs), wire.plain(state)
            return provider_pb2.UpdateResponse(properties=wire.to(state))

    def Read(self, request, context):  # noqa: N802
        with self._answering(context):
            self._record("read", request, context)
            inputs, state = wire.of(request.inputs), wire.of(request.properties)
            key = key_of(schema.find(request.type), request.id, wire.plain(state))
            made = self.cloud.resources.get(key)
            if made is None:
                return provider_pb2.ReadResponse(id="")
            # What has not changed stays as the engine has it, secrets too.
            if wire.plain(inputs) != made.inputs:
                inputs, state = made.inputs, {**state, **_visible(made.inputs)}
            return provider_pb2.ReadResponse(
                id=request.id, properties=wire.to(state), inputs=wire.to(inputs)
            )

    def Delete(self, request, context):  # noqa: N802
        with self._answering(context):
            self._record("delete", request, context)
            state = wire.plain(wire.of(request.properties))
            with self.cloud.lock:
                key = key_of(schema.find(request.type), request.id, state)
                made = self.cloud.resources.get(key)
                if made and made.kind == "Table" and made.inputs.get("deletionProtectionEnabled"):
                    raise Refused("ValidationException: protected against deletion")
                self.cloud.resources.pop(key, None)
            return empty_pb2.Empty()

    def Cancel(self, request, context):  # noqa: N802
        return empty_pb2.Empty()

    def _told(self, context: grpc.ServicerContext) -> Configured:
        return self._configured.get(context.peer(), Configured())

    def _tags(self, inputs: Mapping[str, Any], context: grpc.ServicerContext) -> Any:
        own = inputs.get("tags", {})
        return own if own == wire.UNKNOWN else {**self._told(context).tags, **own}

    def _planned(
        self, kind: schema.ResourceType, inputs: dict[str, Any], region: Any, tags: Any
    ) -> dict[str, Any]:
        """Return what is compared: the inputs, and what the provider's own configuration adds."""
        compared = _visible(inputs)
        if kind.is_regional and region is not None:
            compared.setdefault("region", region)
        if "tagsAll" in kind.computed and tags is not None:
            compared["tagsAll"] = tags
        return compared

    def _record(self, verb, request, context):
        self.cloud.record(Call(verb, request.type, request.name, self._told(context).region))

    @contextlib.contextmanager
    def _answering(self, context: grpc.ServicerContext) -> Iterator[None]:
        try:
            yield
        except (Refused, schema.NotWrittenDown) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))


@contextlib.contextmanager
def serving(cloud: Cloud, answers: Mapping[str, Answer] | None = None) -> Iterator[dict[str, int]]:
    """Serve a provider for each package out of a cloud and yield their ports.

    Args:
        answers: of invokes, where they are not those of :data:`tests.recording.ANSWERS`.
    """
    identity = {
        "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": cloud.account}
    }
    known = {**recording.ANSWERS, **identity, **(answers or {})}
    with contextlib.ExitStack() as served:
        yield {
            package: served.enter_context(_served(Provider(package, cloud, known)))
            for package in ("aws", "command")
        }


@contextlib.contextmanager
def _served(provider: Provider) -> Iterator[int]:
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


def _automatic_name(kind: schema.ResourceType, request: Any, before: dict[str, Any]) -> str:
    """Return a name made from the logical one, the old one if that was made too."""
    name = kind.name_property
    if name in before.get("__defaults", ()):
        return str(before[name])
    digits = hashlib.sha256(request.randomSeed + request.urn.encode()).hexdigest()[:7]
    return f"{request.name}-{digits}"


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
    if isinstance(old, list) and isinstance(new, list):
        both = min(len(old), len(new))
        found = {f"{path}[{index}]": kinds.DELETE for index in range(both, len(old))}
        found |= {f"{path}[{index}]": kinds.ADD for index in range(both, len(new))}
        for index in range(both):
            found |= _changes(old[index], new[index], f"{path}[{index}]")
        return found
    return {} if old == new else {path: kinds.UPDATE}


def _diff_response(
    changes: dict[str, int], replacing: Collection[str]
) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff
    detailed = {
        # Each kind is followed by the one that replaces, too.
        path: kinds(kind=kind + (path in replacing), inputDiff=True)
        for path, kind in changes.items()
    }
    some = provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=sorted({re.split(r"[.\[]", path)[0] for path in changes}),
        replaces=list(replacing),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
