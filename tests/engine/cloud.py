"""What the stand-in provider has made: a cloud of one account, without any behaviour of its own."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.engine.schema import ResourceType

ACCOUNT = "123456789012"


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
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Cloud:
    """Everything that exists, and what the engine asked for."""

    resources: dict[tuple[str, str], Made] = field(default_factory=dict)
    """By type and id."""
    calls: list[Call] = field(default_factory=list)
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Verb, type's last word and logical name to the error that the next such call ends with."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    revisions: Counter[str] = field(default_factory=Counter)

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
            outputs = self.outputs(kind, name, inputs, region)
            key = kind.token, outputs.pop("id")
            if key in self.resources and kind.exists not in ("same", "overwrites"):
                raise Refused(f"{kind.exists}: {key[1]} already exists")
            self.resources[key] = Made(kind.token, name, inputs, outputs)
            return key[1], outputs

    def outputs(
        self, kind: ResourceType, name: str, inputs: dict[str, Any], region: str
    ) -> dict[str, Any]:
        """Return what the API would say of a resource with these inputs."""
        given = {key: value for key, value in inputs.items() if not key.startswith("__")}
        outputs = {**kind.defaults, **given}
        if "region" in kind.computed:
            outputs.setdefault("region", region)
        physical = str(outputs.get(kind.name_property or "") or name)
        if kind.token == "aws:ecs/taskDefinition:TaskDefinition":
            family = outputs["family"]
            self.revisions[family] += 1
            outputs["revision"] = self.revisions[family]
            physical = f"{family}:{self.revisions[family]}"
        for output in kind.computed - outputs.keys():
            outputs[output] = _computed(kind.token, output, physical, outputs, region)
        if kind.id_output in outputs:
            outputs["id"] = str(outputs[kind.id_output])
        else:
            outputs["id"] = _identifier(kind, name, outputs)
        return outputs

    def named(self, type_: str) -> set[str]:
        """Return the logical names of the resources of a type (its last word) that exist."""
        return {m.name for m in self.resources.values() if m.type.rpartition(":")[2] == type_}


ARNS = {
    # Service Authorization Reference, "Resource types defined by ...".
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:dynamodb/table:Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws:ec2/securityGroup:SecurityGroup": "arn:aws:ec2:{region}:{account}:security-group/{name}",
    "aws:ecs/cluster:Cluster": "arn:aws:ecs:{region}:{account}:cluster/{name}",
    "aws:ecs/taskDefinition:TaskDefinition": "arn:aws:ecs:{region}:{account}:task-definition/{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role{path}{name}",
    "aws:scheduler/schedule:Schedule": "arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "arn:aws:scheduler:{region}:{account}:schedule-group/{name}",
    "aws:sfn/stateMachine:StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
}


def _computed(token: str, output: str, name: str, outputs: dict[str, Any], region: str) -> Any:
    if output == "arn" and token in ARNS:
        return ARNS[token].format(
            region=outputs.get("region", region),
            account=ACCOUNT,
            name=name,
            path=outputs.get("path", "/"),
            group=outputs.get("groupName", "default"),
        )
    if output == "arnWithoutRevision":
        arn = _computed(token, "arn", name, outputs, region)
        return arn.rpartition(":")[0]
    if output == "url":
        return f"https://sqs.{outputs.get('region', region)}.amazonaws.com/{ACCOUNT}/{name}"
    if output == "tagsAll":
        return outputs.get("tags", {})
    if output in ("name", "namePrefix", "family"):
        return name
    if output == "stdout":
        return ""
    return f"{output} of {name}"


def _identifier(kind: ResourceType, name: str, outputs: dict[str, Any]) -> str:
    """Return an id that the API gives out; the physical name is part of it where there is one."""
    short = kind.token.rpartition(":")[2].lower()
    return f"{short}-{outputs.get(kind.name_property or '') or name}"
