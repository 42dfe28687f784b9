"""A recording engine: runs a piece of a program and returns what it registered, as plain data.

It proves what is asked of the engine, not that AWS accepts it, nor what the engine makes of a
second run: it neither diffs nor names.
"""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config, mocks, rpc, settings

with warnings.catch_warnings():
    # The module warns of its own old classes when it is loaded, which is on first use; where
    # warnings are errors it would stay half-loaded.
    warnings.simplefilter("ignore", DeprecationWarning)
    aws.ec2.SecurityGroup  # noqa: B018

ACCOUNT = "123456789012"
REGION = "eu-west-1"

SUBNETS = ["subnet-aaa1", "subnet-bbb2"]


def route_table(
    id_: str, target: Mapping[str, str] | None, *, subnets: Iterable[str] = (), main: bool = False
) -> dict[str, Any]:
    """Return what the provider says of a route table, whose default route is to ``target``."""
    unused = {"gatewayId": "", "natGatewayId": "", "transitGatewayId": ""}
    local = {**unused, "cidrBlock": "10.0.0.0/16", "gatewayId": "local"}
    default = [] if target is None else [{**unused, "cidrBlock": "0.0.0.0/0", **target}]
    associations = [{"subnetId": subnet, "main": False} for subnet in subnets]
    if main:
        associations.append({"subnetId": "", "main": True})
    return {
        "id": id_,
        "routeTableId": id_,
        "routes": [local, *default],
        "associations": associations,
    }


ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT},
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws"},
    "aws:index/getRegion:getRegion": lambda _: {"region": REGION},
    "aws:ec2/getVpc:getVpc": lambda _: {"id": "vpc-default"},
    "aws:ec2/getSubnets:getSubnets": lambda _: {"ids": [*reversed(SUBNETS)]},
    "aws:ec2/getSubnet:getSubnet": lambda args: {
        "id": args["id"],
        "vpcId": "vpc-default",
    },
    "aws:ec2/getRouteTables:getRouteTables": lambda _: {"ids": ["rtb-main"]},
    "aws:ec2/getRouteTable:getRouteTable": lambda args: route_table(
        args["routeTableId"], {"gatewayId": "igw-1"}, main=True
    ),
}
"""What invokes answer unless a test says otherwise; any other invoke is an error."""

CONNECTION = {
    "platform": "batch",
    "stack": "test",
    "account": ACCOUNT,
    "region": REGION,
    "partition": "aws",
    "project": "batch-platform",
    "subnets": "subnet-a,subnet-b",
    "groups": "sg-a",
    "publicip": "DISABLED",
    "container": "app",
    "image": "app:1",
    "executionrole": "arn:aws:iam::123456789012:role/execution",
    "machinerole": "arn:aws:iam::123456789012:role/machine",
    "schedulerrole": "arn:aws:iam::123456789012:role/scheduler",
    "deadletters": "arn:aws:sqs:eu-west-1:123456789012:starts",
    "boundary": "",
    "architecture": "X86_64",
    "cpu": "256",
    "memory": "512",
    "taskdefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/batch-test:7",
    "historydays": "400",
    "successmessages": "true",
    "limits": "db=3",
    "topics": "arn:aws:sns:eu-west-1:123456789012:reports",
}
"""What a platform hands to its jobs."""


@dataclass(frozen=True)
class Registered:
    """A resource that was asked for."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent_type: str | None
    protect: bool
    depends_on: frozenset[str]
    """``type name`` of what it waits for."""
    secret: frozenset[str] = frozenset()
    """The properties that hold something marked as secret."""

    @property
    def key(self) -> tuple[str, str]:
        return self.type, self.name


@dataclass
class Recording:
    """What a program did."""

    resources: list[Registered] = field(default_factory=list)
    invokes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    result: Any = None
    """What the program returned, its Outputs resolved; None for what is unknown."""

    def one(self, resource: type[pulumi.Resource], name: str) -> Registered:
        """Return the single resource of that class and name, or fail naming what is there."""
        wanted = (token(resource), name)
        matches = [r for r in self.resources if r.key == wanted]
        assert len(matches) == 1, f"{wanted} not in {sorted(r.key for r in self.resources)}"
        return matches[0]

    def of(self, resource: type[pulumi.Resource]) -> list[Registered]:
        """Return all of a class, by name."""
        found = [r for r in self.resources if r.type == token(resource)]
        return sorted(found, key=lambda r: r.name)

    def custom(self) -> list[Registered]:
        """Return what is made on AWS or on this machine, without the components."""
        return [r for r in self.resources if not r.type.startswith("batch:")]


def token(resource: type[pulumi.Resource]) -> str:
    """Return the type token of a class, never typed by hand."""
    return resource.pulumi_type  # type: ignore[attr-defined, no-any-return]


class _Recorder(mocks.Mocks):
    def __init__(self, recording, answers, unknown):
        self.recording = recording
        self.answers = answers
        self.unknown = unknown

    def new_resource(self, args):
        state = dict(args.inputs)
        if args.custom:
            state.setdefault("name", args.name)
            state.setdefault("arn", _arn(args.typ, state))
            state.setdefault("url", f"https://test/{args.name}")
            state.setdefault("stdout", "")
        if args.name in self.unknown:
            return None, {}
        return f"{args.name}-id", state

    def call(self, args):
        self.recording.invokes.append(args.token)
        try:
            return self.answers[args.token](args.args)
        except KeyError:
            raise NotImplementedError(f"no answer recorded for {args.token}") from None


def _arn(type_, state):
    """Return an ARN that AWS could have given."""
    service, kind = type_.split(":")[1].split("/")[0], type_.split(":")[-1].lower()
    name = str(state["name"]).lstrip("/")
    if service == "iam":
        return f"arn:aws:iam::{ACCOUNT}:{kind}{state.get('path', '/')}{name}"
    resource = name if service in ("sns", "sqs") else f"{kind}/{name}"
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class _Monitor(mocks.MockMonitor):
    def __init__(self, recorder, recording):
        super().__init__(recorder)
        self.recording = recording

    def RegisterResource(self, request):  # noqa: N802
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            parent = request.parent.split("::")[2].split("$")[-1] if request.parent else None
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            self.recording.resources.append(
                Registered(
                    request.type,
                    request.name,
                    plain(inputs),
                    None if parent == "pulumi:pulumi:Stack" else parent,
                    request.protect,
                    frozenset(_short(urn) for urn in request.dependencies),
                    frozenset(name for name, value in inputs.items() if has_secret(value)),
                )
            )
        return response


class _Warnings(logging.Handler):
    def __init__(self, recording):
        super().__init__(logging.WARNING)
        self.recording = recording

    def emit(self, record):
        self.recording.warnings.append(record.getMessage())


def _short(urn):
    *_, chain, name = urn.split("::")
    return f"{chain.split('$')[-1]} {name}"


def plain(value):
    """Return a wire value without its marks of secrecy; whole numbers as int, unknowns as such."""
    if rpc.is_rpc_secret(value):
        return plain(value["value"])
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def has_secret(value):
    """Return whether something in a wire value is marked as secret."""
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, Mapping):
        return any(has_secret(item) for item in value.values())
    return isinstance(value, list) and any(has_secret(item) for item in value)


# Pulumi takes the thread's event loop, and Python 3.12 makes none for who has none.
asyncio.set_event_loop(asyncio.new_event_loop())


def deploy(
    program: Callable[[], Any],
    *,
    answers: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    configuration: Mapping[str, str] | None = None,
    unknown: tuple[str, ...] = (),
    preview: bool = False,
    project: str = "batch-platform",
    stack: str = "test",
) -> Recording:
    """Run ``program`` to its end and return what it did.

    Args:
        answers: invokes that answer something else than :data:`ANSWERS`.
        configuration: ``namespace:key`` to text.
        unknown: names of resources of which nothing is known at preview.
    """
    recording = Recording()
    recorder = _Recorder(recording, {**ANSWERS, **(answers or {})}, unknown)
    monitor = _Monitor(recorder, recording)
    logger = logging.Logger("recording")
    logger.addHandler(_Warnings(recording))
    with _engine(configuration or {}):
        mocks.set_mocks(
            recorder, project=project, stack=stack, preview=preview, monitor=monitor, logger=logger
        )

        def run():
            return pulumi.Output.from_input(program()).apply(
                lambda value: setattr(recording, "result", value), run_with_unknowns=True
            )

        mocks.test(run)()
    keys = [r.key for r in recording.resources]
    # The real engine refuses the second; parents' types are not compared, which is stricter.
    assert len(keys) == len(set(keys)), f"two resources share a URN: {sorted(keys)}"
    return recording


@contextlib.contextmanager
def _engine(configuration):
    """Begin with a stack of its own, and leave no configuration behind."""
    settings.set_root_resource(None)
    before = config.CONFIG.get()
    config.set_all_config(dict(configuration))
    try:
        yield
    finally:
        config.CONFIG.set(before)
        settings.set_root_resource(None)
