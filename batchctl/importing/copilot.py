"""Reads the manifest of a Scheduled Job of AWS Copilot. Pure.

Its fields are those of https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from batch.errors import InvalidInput, InvalidSchedule, Problem
from batch.job import shapes
from batchctl.importing.document import Document, Fields, merged, text_of, texts
from batchctl.importing.duration import go_seconds, shortest
from batchctl.importing.expression import expression
from batchctl.importing.model import Imported
from batchctl.importing.size import fitting

TYPE = "Scheduled Job"

_STACKS = "subnets and security groups are the stack's, see docs/configuration.md"
_LOGS = "logs go to CloudWatch; `logRetentionDays` of the stack says how long"
_ONE_CONTAINER = "a task has one container; put what the other did into the image"
_BY_HAND = "look its value up and write it into the module"
_BUILD = "build and push it in CI, and name it as `image` here or in the stack"

ADVICE = {
    "image.build": _BUILD,
    "image.credentials": "the execution role pulls; mirror a private registry into ECR",
    "image.labels": "tags come from the stack (`aws:defaultTags`)",
    "image.depends_on": _ONE_CONTAINER,
    "platform": "Fargate runs X86_64 or ARM64 Linux here",
    "network.vpc.placement": _STACKS,
    "network.vpc.security_groups": _STACKS,
    "env_file": "put its lines into `environment`",
    "variables.*": _BY_HAND,
    "secrets.*": "give its ARN, in the module or in the manifest",
    "storage.readonly_fs": "the root file system of a task can be written to",
    "storage.volumes.*": "only an EFS file system with an id of its own becomes a volume",
    "logging.retention": _LOGS,
    "logging.*": _LOGS,
    "sidecars.*": _ONE_CONTAINER,
    "publish.topics": "make the topic in the module, and allow `sns:Publish` in `permissions`",
    "taskdef_overrides": "what a job can set is in docs/jobs.md",
    "entrypoint": "write `command` with the whole of what is to run",
}
"""Fields that are not carried over, and what to do. What is not here is no documented field."""


@dataclass(frozen=True)
class Options:
    """What a manifest does not say."""

    environment: str = ""
    """Whose overrides count."""

    command: tuple[str, ...] = ()
    """For a job without a command."""

    owner: str = ""
    region: str = ""
    account: str = ""
    """Where parameters are that a manifest only names."""


def read(found: Imported, text: str, name: str, options: Options) -> None:
    """Take the job of a manifest.

    Raises:
        InvalidInput: it is no manifest of a scheduled job.
    """
    if options.environment:
        text = text.replace("${COPILOT_ENVIRONMENT_NAME}", options.environment)
    document = Document(text, name)
    data = document.data
    if not isinstance(data, dict) or "type" not in data or "name" not in data:
        what = "it is no manifest of Copilot: it has no `name` and `type`"
        raise InvalidInput([Problem(name, what, "give copilot/<job>/manifest.yml")])
    if data["type"] != TYPE:
        what = f"it is the manifest of a {data['type']}"
        raise InvalidInput([Problem(name, what, f"only a {TYPE} becomes a job")])
    _Manifest(found, document, options).take()


class _Manifest:
    def __init__(self, found: Imported, document: Document, options: Options) -> None:
        self.found, self.document, self.options = found, document, options
        fields = Fields(document.data)
        environments = fields.take("environments") or {}
        self.overridden: tuple[str, ...] = ()
        for each, override in environments.items() if isinstance(environments, dict) else ():
            if each == options.environment:
                self.overridden = ("environments", each)
                fields = Fields(merged(fields.rest(), override or {}))
            else:
                self.lose(
                    ("environments", each),
                    f"choose it with --environment {each}, or write it below `jobs.` of that stack",
                )
        if options.environment and not self.overridden:
            what = f"there is no environment {options.environment} in it"
            found.hint(document.where(("environments",)), what, "what stands above it counts")
        self.fields = fields
        self.keys: dict[str, Any] = {}

    def where(self, path: tuple[str, ...]) -> str:
        for prefix in (self.overridden, ()):
            place = self.document.where((*prefix, *path))
            if place != self.document.name:
                return place
        return self.document.name

    def lose(self, path: tuple[str, ...], todo: str, why: str = "is not carried over") -> None:
        self.found.lose(self.where(path), f"{'.'.join(path)} {why}", todo)

    def hint(self, path: tuple[str, ...], what: str, todo: str) -> None:
        self.found.hint(self.where(path), f"{'.'.join(path)} {what}", todo)

    def take(self) -> None:
        name = str(self.fields.take("name"))
        self.fields.take("type")
        self._interpolated()
        self._command()
        self._schedule()
        self._size()
        self._disk()
        self._platform()
        self._tries()
        self._surroundings()
        self._volumes()
        if self.options.owner:
            self.keys["owner"] = self.options.owner
        for path, advice in self.fields.left(ADVICE):
            if advice:
                self.lose(path, advice)
            else:
                self.lose(path, "check its spelling", f"is no field of a {TYPE}")
        if "command" in self.keys:
            self.found.add(self.where(("name",)), name, self.keys)

    def _interpolated(self) -> None:
        """Report the variables of a shell that Copilot would have filled in."""
        for path, value in texts(self.fields.rest()):
            if re.search(r"\$\{[A-Za-z_]\w*\}", value):
                self.lose(path, "write its value", f"has a variable of Copilot's shell: {value}")

    def _command(self) -> None:
        words: list[str] = []
        for key in ("entrypoint", "command"):
            value = self.fields.take(key)
            if value is None:
                continue
            try:
                words += shlex.split(value) if isinstance(value, str) else map(str, value)
            except (ValueError, TypeError):
                self.lose((key,), "write it as a list", "is no command")
            if key == "entrypoint":
                self.hint((key,), "is the first part of `command`", "clear the image's ENTRYPOINT")
        if not words and self.options.command:
            words = list(self.options.command)
        if words:
            self.keys["command"] = words
        else:
            # An image's own CMD is not used: a task's command comes from the job.
            self.lose(("command",), "write it in the manifest, or give --command", _LEFT_OUT)

    def _schedule(self) -> None:
        text = self.fields.take("on", "schedule")
        if not isinstance(text, str):
            self.lose(("on", "schedule"), "write one in the module", "is missing")
            return
        if text == "none":
            self.hint(("on", "schedule"), "is none", "only people and CI start it")
            return
        try:
            self.keys["schedule"] = expression(text)
        except InvalidSchedule as error:
            for problem in error.problems:
                self.lose(("on", "schedule"), problem.fix, f"is not carried over: {problem.what}")

    def _size(self) -> None:
        cpu, memory = self.fields.take("cpu"), self.fields.take("memory")
        for key, value in (("cpu", cpu), ("memory", memory)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                self.lose((key,), "write a whole number", f"is {value!r}")
                return
        if cpu is None and memory is None:
            return
        size = fitting(cpu, memory)
        if size is None:
            self.lose(("cpu",), "choose a size of Fargate's", f"{cpu} and memory {memory} are more")
            return
        if (cpu or size[0], memory or size[1]) != size:
            self.hint(
                ("cpu",),
                f"{cpu} with memory {memory} is no size of Fargate's",
                f"it is now {size[0]} and {size[1]}",
            )
        self.keys["cpu"], self.keys["memory"] = size

    def _disk(self) -> None:
        gib = self.fields.take("storage", "ephemeral")
        if isinstance(gib, int) and gib > _FREE_GIB:
            self.keys["ephemeral_storage_gib"] = gib
        elif gib not in (None, _FREE_GIB):
            self.lose(("storage", "ephemeral"), "use 21 to 200", f"is {gib!r}")

    def _platform(self) -> None:
        value = self.fields.take("platform")
        if isinstance(value, dict):
            system, architecture = value.get("osfamily", "linux"), value.get("architecture", "")
        else:
            system, _, architecture = str(value or "").partition("/")
        if value is None:
            return
        known = _ARCHITECTURES.get(str(architecture).lower())
        if known is None or str(system).lower() != "linux":
            self.lose(("platform",), ADVICE["platform"], f"is {system}/{architecture}")
        else:
            self.keys["architecture"] = known

    def _tries(self) -> None:
        retries, timeout = self.fields.take("retries"), self.fields.take("timeout")
        if isinstance(retries, int) and 0 <= retries < _MOST_ATTEMPTS:
            if retries:
                self.keys["retry"] = {"attempts": retries + 1}
        elif retries is not None:
            self.keys["retry"] = {"attempts": _MOST_ATTEMPTS}
            self.lose(("retries",), f"it is now {_MOST_ATTEMPTS - 1}", f"is {retries!r}")
        seconds = go_seconds(timeout)
        if seconds:
            # As Copilot's state machine: of all attempts together.
            self.keys["run_timeout"] = shortest(seconds)
        elif timeout is not None:
            self.lose(("timeout",), "write 1h or 90m", f"is no duration: {timeout!r}")

    def _surroundings(self) -> None:
        if image := self.fields.take("image", "location"):
            self.keys["image"] = str(image)
        variables = self.fields.mapping("variables")
        kept = {}
        for name, value in variables.items():
            text = text_of(value)
            if text is None or not shapes.matches(shapes.VARIABLE, name):
                self.lose(("variables", name), _BY_HAND)
            elif name.startswith(shapes.RESERVED_VARIABLES):
                self.lose(("variables", name), "rename it: BATCH_ is the platform's")
            else:
                kept[name] = text
        if kept:
            self.keys["environment"] = kept
        arns = {}
        for name, value in self.fields.mapping("secrets").items():
            if arn := self._arn(value):
                arns[name] = arn
            else:
                self.lose(("secrets", name), self._why_no_arn(value))
        if arns:
            self.keys["secrets"] = arns

    def _arn(self, value: Any) -> str:
        """Return the ARN of a secret; empty if the manifest does not say enough."""
        if not isinstance(value, str):
            return ""
        if shapes.matches(shapes.PARAMETER, value) or shapes.matches(shapes.SECRET, value):
            return value
        if not (self.options.region and self.options.account) or value.startswith("arn:"):
            return ""
        prefix = f"arn:aws:ssm:{self.options.region}:{self.options.account}:parameter/"
        arn = prefix + value.removeprefix("/")
        return arn if shapes.matches(shapes.PARAMETER, arn) else ""

    def _why_no_arn(self, value: Any) -> str:
        if isinstance(value, str) and not value.startswith("arn:"):
            return "give --region and --account of the parameter, or its ARN"
        return f"it needs an ARN: {shapes.ARN_SHAPES}"

    def _volumes(self) -> None:
        volumes = []
        for name, item in self.fields.mapping("storage", "volumes").items():
            path = ("storage", "volumes", name)
            fields = Fields(item)
            file_system = fields.take("efs", "id")
            if not isinstance(file_system, str):
                self.lose(path, ADVICE["storage.volumes.*"])
                continue
            volume = {"name": name, "file_system_id": file_system, "path": fields.take("path")}
            if (root := fields.take("efs", "root_dir")) not in (None, "", "/"):
                volume["root_directory"] = root
            if access_point := fields.take("efs", "auth", "access_point_id"):
                volume["access_point_id"] = access_point
            if fields.take("efs", "auth", "iam") is False:
                self.hint((*path, "efs", "auth", "iam"), "is on here", "allow the task's role")
            if fields.take("read_only") in (None, True):
                volume["read_only"] = True
            volumes.append(volume)
            for left, _ in fields.left({}):
                self.lose((*path, *left), "check its spelling", f"is no field of a {TYPE}")
        if volumes:
            self.keys["volumes"] = volumes


_LEFT_OUT = "is missing: the job is left out"
_FREE_GIB = 20
_MOST_ATTEMPTS = 10
_ARCHITECTURES = {"x86_64": "X86_64", "amd64": "X86_64", "arm64": "ARM64", "arm": "ARM64"}
