"""What the stand-in provider has made: a cloud of one account, without any behaviour of its own."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.engine.schema import ResourceType


class Refused(Exception):
    """A call that the API ends with an error."""


@dataclass(frozen=True)
class Call:
    """A call of the engine that makes, changes, reads or ends a resource."""

    verb: str
    type: str
    name: str
    """The logical name."""
    region: str


@dataclass
class Made:
    """A resource that exists."""

    type: str
    name: str
    """The logical name."""
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def kind(self) -> str:
        """The last word of the type."""
        return self.type.rpartition(":")[2]


@dataclass
class Cloud:
    """Everything that exists, and what the engine asked for."""

    account: str = "123456789012"
    resources: dict[tuple[str, str, str], Made] = field(default_factory=dict)
    """By type, region (none of IAM's) and what tells one from another there: its id, or its ARN
    where several share an id."""
    calls: list[Call] = field(default_factory=list)
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Verb, type's last word and logical name to the error that the next such call ends with."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _counted: Counter[str] = field(default_factory=Counter)

    def fail(self, verb: str, kind: str, name: str, error: str) -> None:
        """Have the next call of that verb on that resource end with ``error``."""
        self.failures[verb, kind, name] = error

    def record(self, call: Call) -> None:
        """Note a call.

        Raises:
            Refused: it was to fail.
        """
        with self.lock:
            self.calls.append(call)
            error = self.failures.pop((call.verb, call.type.rpartition(":")[2], call.name), None)
        if error is not None:
            raise Refused(error)

    def create(
        self, kind: ResourceType, name: str, inputs: dict[str, Any], region: str
    ) -> tuple[str, dict[str, Any]]:
        """Make a resource and return its id and outputs.

        Raises:
            Refused: the name is taken, and the API does not give out what is there.
        """
        with self.lock:
            outputs = self._outputs(kind, name, inputs, region)
            id_ = self._identifier(kind, name, outputs)
            key = key_of(kind, id_, outputs)
            present = self.resources.get(key)
            if present and kind.is_the_same(present.inputs, inputs):
                return id_, present.outputs
            if present and kind.exists not in ("same", "overwrites"):
                raise Refused(f"{kind.exists}: {id_} already exists")
            self.resources[key] = Made(kind.token, name, inputs, outputs)
            return id_, outputs

    def of(self, kind: str) -> dict[str, Made]:
        """Return the resources of a type, by its last word, under their logical names."""
        return {made.name: made for made in self.resources.values() if made.kind == kind}

    def remove(self, kind: str, name: str) -> None:
        """End a resource behind the engine's back."""
        for key, made in list(self.resources.items()):
            if (made.kind, made.name) == (kind, name):
                del self.resources[key]

    def _outputs(
        self, kind: ResourceType, name: str, inputs: dict[str, Any], region: str
    ) -> dict[str, Any]:
        given = {key: value for key, value in inputs.items() if not key.startswith("__")}
        outputs = {**kind.defaults, **given}
        if kind.is_regional:
            outputs.setdefault("region", region)
        named = str(outputs.get(kind.name_property or "") or name)
        if kind.kind == "TaskDefinition":
            self._counted[named] += 1
            outputs["revision"] = self._counted[named]
            named = f"{named}:{outputs['revision']}"
        facts = {
            "account": self.account,
            "region": region,
            "path": "/",
            "groupName": "default",
            **outputs,
            "name": named,
        }
        for output in kind.computed - outputs.keys():
            outputs[output] = _computed(kind, output, facts)
        return outputs

    def _identifier(self, kind: ResourceType, name: str, outputs: dict[str, Any]) -> str:
        if "{" not in kind.id_pattern:
            return str(outputs[kind.id_pattern])
        self._counted["hex"] += 1
        facts = {"name": name, **outputs, "hex": f"{self._counted['hex']:08x}"}
        return kind.id_pattern.format(**facts)


def key_of(kind: ResourceType, id_: str, outputs: dict[str, Any]) -> tuple[str, str, str]:
    """Return what tells a resource from all others."""
    region = str(outputs["region"]) if kind.is_regional else ""
    several = kind.exists == "adds" and "arn" in outputs
    return kind.token, region, str(outputs["arn"]) if several else id_


ARNS = {
    # Service Authorization Reference, "Resource types defined by ...".
    "EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "Parameter": "arn:aws:ssm:{region}:{account}:parameter{name}",
    "Policy": "arn:aws:iam::{account}:policy{path}{name}",
    "Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "Role": "arn:aws:iam::{account}:role{path}{name}",
    "Schedule": "arn:aws:scheduler:{region}:{account}:schedule/{groupName}/{name}",
    "ScheduleGroup": "arn:aws:scheduler:{region}:{account}:schedule-group/{name}",
    "SecurityGroup": "arn:aws:ec2:{region}:{account}:security-group/{name}",
    "SecurityGroupEgressRule": "arn:aws:ec2:{region}:{account}:security-group-rule/{name}",
    "StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "TaskDefinition": "arn:aws:ecs:{region}:{account}:task-definition/{name}",
    "Topic": "arn:aws:sns:{region}:{account}:{name}",
    "TopicSubscription": "arn:aws:sns:{region}:{account}:subscription/{name}",
    "Cluster": "arn:aws:ecs:{region}:{account}:cluster/{name}",
}

CALCULATED = {
    "arnWithoutRevision": lambda kind, facts: re.sub(r":\d+$", "", _arn(kind, facts)),
    "url": lambda _, facts: "https://sqs.{region}.amazonaws.com/{account}/{name}".format(**facts),
    "tagsAll": lambda _, facts: facts.get("tags", {}),
    "hashKeyValue": lambda _, facts: _key_value(facts, "hashKey"),
    "rangeKeyValue": lambda _, facts: _key_value(facts, "rangeKey"),
    "stdout": lambda _, facts: "",
    "stderr": lambda _, facts: "",
}


def _key_value(facts: dict[str, Any], key: str) -> str:
    """Return the value of an item's key, whatever DynamoDB type it has."""
    [value] = json.loads(facts["item"])[facts[key]].values()
    return str(value)


def _computed(kind: ResourceType, output: str, facts: dict[str, Any]) -> Any:
    """Return what the API answers for an output; where nothing reads it, a text that says what."""
    if output == "arn":
        return _arn(kind, facts)
    if output in CALCULATED:
        return CALCULATED[output](kind, facts)
    return f"{output} of {facts['name']}"


def _arn(kind: ResourceType, facts: dict[str, Any]) -> str:
    return ARNS[kind.kind].format(**facts)
