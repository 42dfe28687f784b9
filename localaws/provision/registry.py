"""Which function makes which resource type, and what such a function is given.

A maker translates the inputs that a program registered into the parameters of AWS API calls,
makes the calls, and returns the id and the outputs that the AWS provider has. It names the
properties it understands: any other is refused, since leaving one out in silence would make a
local run prove less than it seems to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from localaws.errors import DeploymentFailed
from localaws.monitor import Made, Registration, Resource
from localaws.provision.processes import Processes

Inputs = dict[str, Any]

_REVISED = frozenset({"aws:ecs/taskDefinition:TaskDefinition"})
"""Types that make a further revision of what has the same name."""


class Slack(Protocol):
    """The Slack sink of an emulator."""

    def configure(
        self, *, name: str, team_id: str, channel_id: str, topic_arns: Iterable[str], **_: Any
    ) -> Any:
        """Send what the topics say to a channel."""

    def remove(self, name: str) -> None:
        """Forget a configuration."""


class Emulator(Protocol):
    """What a deployment needs of an emulator."""

    @property
    def endpoint(self) -> str:
        """The URL of the AWS API."""

    @property
    def account(self) -> str:
        """The account that everything is in."""

    @property
    def region(self) -> str:
        """The region of what names none."""

    @property
    def slack(self) -> Slack:
        """Where Slack configurations go: AWS Chatbot is not part of moto."""

    def reset(self) -> None:
        """Forget every resource, and stop what runs."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a boto3 client of the emulator."""

    def environment(self) -> dict[str, str]:
        """Return the variables with which a subprocess talks to the emulator."""


@dataclass
class Provider:
    """The provider's configuration; endpoints and credentials are ignored on purpose."""

    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Context:
    """One deployment: where it goes, and what all its resources share."""

    emulator: Emulator
    project_dir: str
    provider: Provider
    providers: dict[str, Provider] = field(default_factory=dict)
    """Explicit providers by URN."""
    processes: Processes = field(default_factory=Processes)
    channels: list[str] = field(default_factory=list)
    """The Slack channel configurations that were made."""
    _ids: dict[tuple[str, str, str], Registration] = field(default_factory=dict)

    def of(self, registration: Registration) -> Order:
        """Return the order to make ``registration``."""
        urn = registration.provider.rpartition("::")[0]
        return Order(self, registration, self.providers.get(urn, self.provider))

    def keep(self, registration: Registration, id_: str) -> None:
        """Remember what is there already, and is to stay."""
        if registration.custom:
            self.remember(self.of(registration), Made(id_))

    def remember(self, order: Order, made: Made) -> None:
        """Refuse a second resource of one physical name, which moto often takes for the first."""
        key = (order.registration.type, order.region, made.id)
        first = self._ids.setdefault(key, order.registration)
        if first is not order.registration and order.registration.type not in _REVISED:
            raise order.refused(
                f"{made.id} is {first.name!r} already", "give one of the two another name"
            )


@dataclass(frozen=True)
class Order:
    """A resource to make, and what it takes to make it."""

    context: Context
    registration: Registration
    provider: Provider

    @property
    def inputs(self) -> Inputs:
        """What the program asked for."""
        return self.registration.inputs

    @property
    def region(self) -> str:
        """The resource's own region, or its provider's."""
        return str(self.inputs.get("region") or self.provider.region)

    @property
    def account(self) -> str:
        """The emulator's account."""
        return self.context.emulator.account

    def client(self, service: str) -> Any:
        """Return a client for the resource's region."""
        return self.context.emulator.client(service, region=self.region)

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """Return the ARN of a resource of this account and region."""
        place = self.region if region is None else region
        return f"arn:{partition(self.region)}:{service}:{place}:{self.account}:{resource}"

    def name(self, property_: str = "name", *, suffix: str = "") -> str:
        """Return the physical name: the given one, or one that Pulumi would make up.

        Pulumi appends seven random hexadecimal digits. Here they follow from the URN, so that
        two runs have the same names.
        """
        if self.inputs.get(property_):
            return str(self.inputs[property_])
        digits = hashlib.sha256(self.registration.urn.encode()).hexdigest()[:7]
        if prefix := self.inputs.get(f"{property_}Prefix"):
            return f"{prefix}{digits}{suffix}"
        return f"{self.registration.name}-{digits}{suffix}"

    def tags(self) -> dict[str, str]:
        """Return the resource's tags over the provider's default tags."""
        return {**self.provider.default_tags, **(self.inputs.get("tags") or {})}

    def refused(self, what: str, fix: str) -> DeploymentFailed:
        """Return an error that names this resource."""
        return DeploymentFailed(f"{self.registration.where}: {what}; {fix}")


Maker = Callable[[Order], Made]
Changer = Callable[[Order, Resource], Made]
"""Given what there is to be, and what there is."""
Remover = Callable[[Order, Resource], None]
Answerer = Callable[["Question"], dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """An invoke of the program."""

    context: Context
    token: str
    args: dict[str, Any]

    @property
    def region(self) -> str:
        """The invoke's own region, or the provider's."""
        return str(self.args.get("region") or self.context.provider.region)

    @property
    def account(self) -> str:
        """The emulator's account."""
        return self.context.emulator.account

    def client(self, service: str) -> Any:
        """Return a client for the invoke's region."""
        return self.context.emulator.client(service, region=self.region)


_makers: dict[str, tuple[Maker, frozenset[str]]] = {}
_foreseers: dict[str, Maker] = {}
_changers: dict[str, Changer] = {}
_removers: dict[str, Remover] = {}
_answerers: dict[str, tuple[Answerer, frozenset[str]]] = {}

_EVERYWHERE = frozenset({"region"})


def makes(token: str, properties: str) -> Callable[[Maker], Maker]:
    """Register the maker of a resource type; ``properties`` are those that it understands."""

    def register(maker: Maker) -> Maker:
        _makers[token] = maker, _EVERYWHERE | frozenset(properties.split())
        return maker

    return register


def foresees(token: str) -> Callable[[Maker], Maker]:
    """Register what tells, without a call, the id and the outputs that a maker will return."""

    def register(foreseer: Maker) -> Maker:
        _foreseers[token] = foreseer
        return foreseer

    return register


def changes(token: str) -> Callable[[Changer], Changer]:
    """Register what changes a resource that is there, where making it again would not."""

    def register(changer: Changer) -> Changer:
        _changers[token] = changer
        return changer

    return register


def removes(token: str) -> Callable[[Remover], Remover]:
    """Register what removes a resource."""

    def register(remover: Remover) -> Remover:
        _removers[token] = remover
        return remover

    return register


def answers(token: str, arguments: str = "") -> Callable[[Answerer], Answerer]:
    """Register the answer to an invoke; ``arguments`` are those that it understands."""

    def register(answerer: Answerer) -> Answerer:
        _answerers[token] = answerer, _EVERYWHERE | frozenset(arguments.split())
        return answerer

    return register


def known_types() -> frozenset[str]:
    """Return the tokens of the resource types that can be made."""
    return frozenset(_makers)


def foreseeable(registration: Registration) -> bool:
    """Return whether :func:`make` can tell what the resource will be without making it."""
    return registration.type in _foreseers


def make(context: Context, registration: Registration, *, later: bool = False) -> Made:
    """Make one resource, or raise an error that names it.

    Args:
        later: Only check it and tell what it will be; a further call makes it, or none.
    """
    if not registration.custom:
        return Made("")
    understood = _understood(registration)
    order = context.of(registration)
    maker = _foreseers[registration.type] if later else _makers[registration.type][0]
    return _complete(order, maker(order), understood)


def changeable(registration: Registration) -> bool:
    """Return whether :func:`change` can bring about what is registered now."""
    return not registration.custom or registration.type in _changers


def change(context: Context, registration: Registration, there: Resource) -> Made:
    """Change the resource that is there to what is registered now.

    Its physical name stays: under another one it would be another resource.
    """
    if not registration.custom:
        return Made("")
    understood = _understood(registration)
    order = context.of(registration)
    return _complete(order, _changers[registration.type](order, there), understood)


def removable(registration: Registration) -> bool:
    """Return whether :func:`remove` can remove it."""
    return not registration.custom or registration.type in _removers


def remove(context: Context, there: Resource) -> None:
    """Remove a resource."""
    registration = there.registration
    if registration.custom:
        _removers[registration.type](context.of(registration), there)


def _understood(registration: Registration) -> frozenset[str]:
    """Return the properties that a type has here, or raise if the registration has others."""
    if registration.type not in _makers:
        raise DeploymentFailed(
            f"{registration.where}: the emulator cannot make this type; "
            "add a function to localaws/provision"
        )
    if registration.read and registration.type != "pulumi:pulumi:StackReference":
        raise DeploymentFailed(
            f"{registration.where}: reading what exists already is not possible here; the "
            "emulator holds only what this program makes: look it up with a function, or make it"
        )
    _, understood = _makers[registration.type]
    given = {key for key, value in registration.inputs.items() if value is not None}
    if unknown := sorted(given - understood):
        raise DeploymentFailed(
            f"{registration.where}: the emulator does not know the property "
            f"{', '.join(unknown)}; add it to the type's function in localaws/provision"
        )
    return understood


def _complete(order: Order, made: Made, understood: frozenset[str]) -> Made:
    """Return what was made with the outputs that every resource has."""
    order.context.remember(order, made)
    outputs = dict(made.outputs)
    if "tags" in understood:
        outputs.setdefault("tagsAll", order.tags())
    if order.registration.type.startswith("aws:"):
        outputs.setdefault("region", order.region)
    return Made(made.id, outputs)


def answer(context: Context, token: str, args: dict[str, Any]) -> dict[str, Any]:
    """Answer an invoke, or raise an error that names it."""
    if token not in _answerers:
        raise DeploymentFailed(
            f"{token}: the emulator has no answer to this invoke; "
            "add a function to localaws/provision"
        )
    answerer, understood = _answerers[token]
    given = {key for key, value in args.items() if value is not None}
    if unknown := sorted(given - understood):
        raise DeploymentFailed(
            f"{token}: the emulator does not know the argument {', '.join(unknown)}; "
            "add it to the invoke's function in localaws/provision"
        )
    return answerer(Question(context, token, args))


def partition(region: str) -> str:
    """Return the partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def provider_of(region: str, default_tags: Any) -> Provider:
    """Return a provider; its default tags come as an object or, from a program, as its JSON."""
    value = json.loads(default_tags) if isinstance(default_tags, str) else default_tags or {}
    return Provider(region, {key: str(tag) for key, tag in (value.get("tags") or {}).items()})
