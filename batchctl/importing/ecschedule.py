"""Reads the configuration of ecschedule, in YAML or JSON. Pure.

Its fields are those of https://github.com/Songmu/ecschedule.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch.errors import InvalidInput, InvalidSchedule, Problem
from batch.job import shapes
from batch.schedule import Schedule
from batchctl.importing.document import Document, Fields, text_of
from batchctl.importing.model import Imported
from batchctl.importing.size import fitting

_STACKS = "it is the stack's, see docs/configuration.md"
_PERMISSIONS = "write what the command may do into `permissions`"

OF_THE_FILE = {
    "region": _STACKS,
    "cluster": "the platform has one of its own",
    "role": "the platform has roles of its own",
    "trackingId": "Pulumi knows what it made",
    "plugins": "Pulumi reads other stacks itself, with pulumi.StackReference or an output",
}
"""Fields beside the rules: nothing is lost with them."""

OF_A_RULE = {
    "targetId": "Scheduler has no ids of targets",
    "taskDefinition": "name its image as `image`, or in the stack, and its variables here",
    "taskCount": "a run is one task; let it start others, or write several jobs",
    "role": "the platform has roles of its own",
    "region": _STACKS,
    "cluster": "the platform has one of its own",
    "group": "a task's group is `family:` and its task definition's",
    "platform_version": "the platform runs on the latest one",
    "launch_type": "tasks run on Fargate",
    "capacityProviderStrategy": "`spot` chooses between Fargate and Fargate Spot",
    "network_configuration": "subnets, security groups and public addresses are the stack's",
    "dead_letter_config": "the platform has a dead-letter queue, whose alarm tells",
    "propagateTags": "every task has the tags of its job",
    "tags": "tags come from the stack (`aws:defaultTags`) and `owner`",
    "taskOverride.executionRoleArn": "the platform has roles of its own",
    "taskOverride.taskRoleArn": _PERMISSIONS,
    "taskOverride.*": "what a job can set is in docs/jobs.md",
}
"""Fields of a rule that are not carried over, and what to do."""

OF_A_CONTAINER = {
    "memoryReservation": "a task has one container, and the whole of its memory",
    "environmentFiles": "put their lines into `environment`",
    "resourceRequirements": "Fargate has no GPU",
}
"""Fields of a container's override that are not carried over."""

HARMLESS = frozenset(
    {"region", "cluster", "role", "trackingId", "targetId", "platform_version", "propagateTags"}
    | {"plugins", "dead_letter_config", "group"}
)
"""What has its own place here, so that a job loses nothing."""

_TEMPLATE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_ENV = re.compile(r"""env\s+(?:"[^"]*"|`[^`]*`)\s+(?:"(?P<text>[^"]*)"|`(?P<raw>[^`]*)`)""")
_MARK = "__TEMPLATE__"
"""In the place of a template that is not filled in."""


@dataclass(frozen=True)
class Options:
    """What the file does not say."""

    command: tuple[str, ...] = ()
    """For a rule whose container has no command of its own."""

    owner: str = ""


def read(text: str, name: str, options: Options) -> Imported:
    """Return the jobs of a configuration.

    Raises:
        InvalidInput: it is none.
    """
    found = Imported()
    document = Document(_filled(found, text, name), name)
    fields = Fields(document.data)
    rules = fields.take("rules")
    if not isinstance(rules, list):
        what = "it is no configuration of ecschedule: it has no `rules`"
        raise InvalidInput([Problem(name, what, "give what `ecschedule dump` prints")])
    for index, rule in enumerate(rules):
        place = ("rules", str(index))
        if isinstance(rule, dict):
            _Rule(found, document, place, rule, options).take()
        else:
            found.lose(document.where(place), "it is no rule", "a rule has fields")
    for path, advice in fields.left(OF_THE_FILE):
        _left(found, document, path, ".".join(path), advice)
    return found


def _filled(found: Imported, text: str, name: str) -> str:
    """Return the text with its templates out of the way."""

    def fill(match: re.Match[str]) -> str:
        line = text.count("\n", 0, match.start()) + 1
        where = f"{name} line {line}"
        if default := _ENV.fullmatch(match[1]):
            value = default["text"] if default["raw"] is None else default["raw"]
            found.hint(where, f"{match[0]} is its default, {value!r}", "write another if need be")
            return value
        found.lose(where, f"{match[0]} is not filled in", "look its value up, and write it there")
        return _MARK

    return _TEMPLATE.sub(fill, text)


def _left(
    found: Imported, document: Document, path: tuple[str, ...], said: str, advice: str
) -> None:
    where = document.where(path)
    if not advice:
        found.lose(where, f"{said} is no field of ecschedule's", "check its spelling")
    elif path[-1] in HARMLESS:
        found.hint(where, f"{said} is left out", advice)
    else:
        found.lose(where, f"{said} is not carried over", advice)


class _Rule:
    def __init__(
        self,
        found: Imported,
        document: Document,
        path: tuple[str, ...],
        rule: Mapping[str, Any],
        options: Options,
    ) -> None:
        self.found, self.document, self.path, self.options = found, document, path, options
        self.fields = Fields(rule)
        self.keys: dict[str, Any] = {}

    def where(self, *path: str) -> str:
        return self.document.where((*self.path, *path))

    def take(self) -> None:
        name = self.fields.take("name")
        if description := text_of(self.fields.take("description")):
            self.keys["description"] = description
        self._schedule(self.fields.take("scheduleExpression"))
        if self.fields.take("disabled") is True:
            self.keys["enabled"] = False
        self._container()
        self._where_it_runs()
        if self.options.owner:
            self.keys["owner"] = self.options.owner
        for left, advice in self.fields.left(OF_A_RULE):
            _left(self.found, self.document, (*self.path, *left), ".".join(left), advice)
        if self._marked(self.keys):
            self.found.lose(self.where(), f"{name}: the job is left out", "fill its templates in")
        elif "command" in self.keys:
            self.found.add(self.where("name"), str(name or "rule"), self.keys)

    def _marked(self, value: Any) -> bool:
        return _MARK in repr(value)

    def _schedule(self, text: Any) -> None:
        try:
            Schedule(str(text))
            self.keys["schedule"] = str(text)
        except InvalidSchedule as error:
            for problem in error.problems:
                self.found.lose(
                    self.where("scheduleExpression"),
                    f"scheduleExpression is not carried over: {problem.what}",
                    problem.fix,
                )

    def _container(self) -> None:
        containers = self.fields.take("containerOverrides") or []
        cpu = memory = None
        for index, raw in enumerate(containers if isinstance(containers, list) else []):
            path = ("containerOverrides", str(index))
            if index or not isinstance(raw, dict):
                self.found.lose(
                    self.where(*path),
                    f"container {index + 1} is not carried over",
                    "a task has one container",
                )
                continue
            fields = Fields(raw)
            if container := fields.take("name"):
                self.keys["container"] = str(container)
            if words := _words(fields.take("command")):
                self.keys["command"] = words
            self._environment(fields.mapping("environment"), path)
            cpu, memory = fields.take("cpu"), fields.take("memory")
            for inner, advice in fields.left(OF_A_CONTAINER):
                said = ".".join(("containerOverrides", *inner))
                _left(self.found, self.document, (*self.path, *path, *inner), said, advice)
        if "command" not in self.keys and self.options.command:
            self.keys["command"] = list(self.options.command)
        if "command" not in self.keys:
            self.found.lose(
                self.where(),
                "there is no command: the job is left out",
                "write it below containerOverrides, or give --command",
            )
        self._size(cpu, memory)

    def _environment(self, variables: Mapping[str, Any], path: tuple[str, ...]) -> None:
        kept = {}
        for name, value in variables.items():
            said = f"containerOverrides.environment.{name}"
            where = self.where(*path, "environment", name)
            text = text_of(value)
            if text is not None and _MARK in text:
                continue  # its template has been told
            if text is None or not shapes.matches(shapes.VARIABLE, name):
                self.found.lose(where, f"{said} is not carried over", "write a name and a text")
            elif name.startswith(shapes.RESERVED_VARIABLES):
                self.found.lose(where, f"{said} is not carried over", "BATCH_ is the platform's")
            else:
                kept[name] = text
        if kept:
            self.keys["environment"] = kept

    def _size(self, cpu: Any, memory: Any) -> None:
        cpu = self.fields.take("taskOverride", "cpu") or cpu
        memory = self.fields.take("taskOverride", "memory") or memory
        gib = self.fields.take("taskOverride", "ephemeralStorage", "sizeInGiB")
        if gib and str(gib).isdecimal() and int(gib) > _FREE_GIB:
            self.keys["ephemeral_storage_gib"] = int(gib)
        if cpu is None and memory is None:
            return
        units, mib = _number(cpu, "vcpu"), _number(memory, "gb")
        size = fitting(units, mib)
        if size is None or (units is None) != (cpu is None) or (mib is None) != (memory is None):
            self.found.lose(
                self.where(),
                f"cpu {cpu} and memory {memory} are no size of Fargate's",
                "choose one that it has",
            )
            return
        if (units or size[0], mib or size[1]) != size:
            self.found.hint(
                self.where(),
                f"cpu {cpu} and memory {memory} are no size of Fargate's",
                f"it is now {size[0]} and {size[1]}",
            )
        self.keys["cpu"], self.keys["memory"] = size

    def _where_it_runs(self) -> None:
        if str(self.fields.peek("launch_type") or "FARGATE") == "FARGATE":
            self.fields.take("launch_type")
        if self.fields.peek("taskCount") in (0, 1):
            self.fields.take("taskCount")
        strategy = self.fields.peek("capacityProviderStrategy")
        if isinstance(strategy, list) and all(isinstance(item, dict) for item in strategy):
            providers = {str(item.get("capacityProvider")) for item in strategy}
            if providers in ({"FARGATE"}, {"FARGATE_SPOT"}):
                self.fields.take("capacityProviderStrategy")
                if providers == {"FARGATE_SPOT"}:
                    self.keys["spot"] = True


_FREE_GIB = 20


def _words(command: Any) -> list[str]:
    """Return the words of a command, which is a list of them; of a text as a shell splits it."""
    if isinstance(command, list):
        return [text_of(word) or "" for word in command]
    try:
        return shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return []


def _number(value: Any, unit: str) -> int | None:
    """Return CPU units or MiB of what ECS takes, ``1024``, ``1 vCPU`` or ``2 GB``."""
    match = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*({unit})?", str(value).strip().lower())
    if match is None:
        return None
    return int(float(match[1]) * (1024 if match[2] else 1))
