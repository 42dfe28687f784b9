"""What a policy pack asks of every resource, as plain functions: each yields what it has against.

They read what a program registered, not what AWS made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import _types

from tests import published
from tests.allowing import listed
from tests.evaluated import Evaluated
from tests.recording import Registered, token

IDENTITY, TRUST, RESOURCE = "identity", "trust", "resource"

_DOCUMENTS = {
    (token(aws.iam.RolePolicy), "policy"): IDENTITY,
    (token(aws.iam.Role), "assumeRolePolicy"): TRUST,
    (token(aws.sns.TopicPolicy), "policy"): RESOURCE,
    (token(aws.sqs.QueuePolicy), "policy"): RESOURCE,
}
"""Where policies are. :func:`policies_elsewhere` finds those in other places."""

_SECRET_NAME = re.compile(
    r"(^|_)(pass(word|wd|phrase)?|secret|token|api_?key|access_?key|private_?key|credentials?)(_|$)",
    re.IGNORECASE,
)
_SOURCES = {
    "aws:SourceAccount",
    "aws:SourceArn",
    # CloudWatch Logs states the log group, not a source.
    "kms:EncryptionContext:aws:logs:arn",
}
_KEY_ID = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")


@dataclass(frozen=True)
class Document:
    """A policy and where it is."""

    where: str
    kind: str
    """Of an identity, a role's trust, or a resource's."""

    content: Mapping[str, Any]

    type: str = ""
    """The type of the resource that it belongs to, if that is registered."""

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        return list(self.content["Statement"])


def documents(resources: Iterable[Registered]) -> list[Document]:
    """Return every policy that is registered."""
    return [
        Document(f"{kind} {each.name}", kind, json.loads(each.inputs[property_]), type_)
        for each in resources
        for (type_, property_), kind in _DOCUMENTS.items()
        if each.type == type_
    ]


def documents_of(program: Evaluated) -> list[Document]:
    """Return the policies that a program registers and those that it hands out."""
    handed_out = program.outputs
    people = [
        Document(f"policy of {'an' if who == 'admin' else 'a'} {who}", IDENTITY, json.loads(text))
        for who, text in handed_out.get("policies", {}).items()
    ]
    key = handed_out.get("key_policy")
    keys = [Document("key of the customer", RESOURCE, json.loads(key))] if key else []
    return [*documents(program.resources), *people, *keys]


def policies_elsewhere(resources: Iterable[Registered]) -> Iterator[str]:
    """Policies in a place that no other check reads."""
    for each in resources:
        for name, value in each.inputs.items():
            text = value if isinstance(value, str) else json.dumps(value)
            if (each.type, name) not in _DOCUMENTS and '"Statement"' in text.replace("\\", ""):
                yield f"{_where(each)}.{name}: a policy"


def broad_actions(found: Iterable[Document]) -> Iterator[str]:
    """``*`` and ``service:*``, and everything but something."""
    for document, statement in _statements(found):
        for action in listed(statement.get("Action", [])):
            if action == "*" or action.endswith(":*"):
                yield f"{document.where}: {action}"
        for key in sorted({"NotAction", "NotResource", "NotPrincipal"} & statement.keys()):
            yield f"{document.where}: {key}"


def broad_resources(found: Iterable[Document]) -> Iterator[str]:
    """Statements on everything that have no condition."""
    for document, statement in _statements(found):
        if "*" in listed(statement.get("Resource", [])) and not statement.get("Condition"):
            yield f"{document.where}: {', '.join(sorted(listed(statement['Action'])))}"


def unbound_trusts(found: Iterable[Document]) -> Iterator[str]:
    """Roles that a service takes for whomever."""
    for document, statement in _statements(found):
        if document.kind != TRUST:
            continue
        condition = statement.get("Condition", {})
        account = condition.get("StringEquals", {}).get("aws:SourceAccount")
        sources = listed(condition.get("ArnLike", {}).get("aws:SourceArn", []))
        if not account:
            yield f"{document.where}: no aws:SourceAccount"
        elif not sources or any(account not in source.split(":") for source in sources):
            yield f"{document.where}: no aws:SourceArn of {account}"
        if set(statement["Principal"]) != {"Service"}:
            yield f"{document.where}: trusts something else than a service"


def open_principals(found: Iterable[Document]) -> Iterator[str]:
    """Policies of resources that let in anybody, or a service for whomever."""
    for document, statement in _statements(found):
        principal = statement.get("Principal", {})
        parties = [principal] if isinstance(principal, str) else principal.values()
        if any("*" in listed(party) for party in parties):
            yield f"{document.where}: anybody"
        if document.kind == RESOURCE and "Service" in principal:
            keys = {key for test in statement.get("Condition", {}).values() for key in test}
            if not keys & _SOURCES:
                yield f"{document.where}: {principal['Service']} for whomever"


def unencrypted(resources: Iterable[Registered], *, key: str = "") -> Iterator[str]:
    """What is at rest without a key: the given one, or AWS's where there is none.

    Without a key of one's own CloudWatch Logs encrypts with one of AWS's and nothing says so.
    SNS keeps a message only while it delivers it, on encrypted disks, and has no setting for that.
    """
    for each in resources:
        if each.type == token(aws.sqs.Queue):
            own = each.inputs.get("kmsMasterKeyId")
            managed = each.inputs.get("sqsManagedSseEnabled") is True
            if own != (key or None) or managed == bool(key):
                yield f"{_where(each)}: not encrypted as it should be"
        for type_, property_ in (
            (aws.sns.Topic, "kmsMasterKeyId"),
            (aws.cloudwatch.LogGroup, "kmsKeyId"),
        ):
            if each.type == token(type_) and each.inputs.get(property_) != (key or None):
                yield f"{_where(each)}: not encrypted with {key or 'what AWS has'}"
        if each.type == token(aws.dynamodb.Table):
            given = each.inputs.get("serverSideEncryption", {}).get("kmsKeyArn")
            if given != (key or None):
                yield f"{_where(each)}: not encrypted with {key or 'what AWS has'}"
        if each.type == token(aws.ssm.Parameter) and each.inputs["type"] != "SecureString":
            yield f"{_where(each)}: not a SecureString"
        if each.type == token(aws.ecs.TaskDefinition):
            for volume in each.inputs.get("volumes", []):
                efs = volume.get("efsVolumeConfiguration", {})
                if efs.get("transitEncryption") != "ENABLED":
                    yield f"{_where(each)}: {volume['name']} is not encrypted on its way"


def kept_for_ever(resources: Iterable[Registered]) -> Iterator[str]:
    """Log groups and queues that nobody said how long to keep things in."""
    for type_, property_ in (
        (aws.cloudwatch.LogGroup, "retentionInDays"),
        (aws.sqs.Queue, "messageRetentionSeconds"),
    ):
        for each in resources:
            if each.type == token(type_) and not each.inputs.get(property_):
                yield f"{_where(each)}: no {property_}"


def lost_with_a_mistake(resources: Iterable[Registered]) -> Iterator[str]:
    """Tables that nothing brings back as they were an hour ago."""
    for each in resources:
        if each.type == token(aws.dynamodb.Table):
            recovery = each.inputs.get("pointInTimeRecovery", {})
            if not recovery.get("enabled"):
                yield f"{_where(each)}: no point-in-time recovery"


def is_taggable(type_: str) -> bool:
    """Return whether the provider's class has tags."""
    names = _types.input_type_py_to_pulumi_names(published.args_class(type_))
    return "tags" in names.values()


def untagged(
    resources: Iterable[Registered], *, default: Mapping[str, str], wanted: Collection[str]
) -> Iterator[str]:
    """What can have tags and lacks one of ``wanted``, with those of the provider."""
    for each in resources:
        if each.type.startswith("aws:") and is_taggable(each.type):
            tags = {**default, **(each.inputs.get("tags") or {})}
            if lacking := sorted(tag for tag in wanted if not tags.get(tag)):
                yield f"{_where(each)}: no {', '.join(lacking)}"


def plain_secrets(resources: Iterable[Registered], secrets: Collection[str]) -> Iterator[str]:
    """Properties that hold one of ``secrets`` and are not marked, or the key id of an account."""
    for each in resources:
        for name, value in each.inputs.items():
            text = json.dumps(value)
            inside = any(json.dumps(secret)[1:-1] in text for secret in secrets)
            if (inside and name not in each.secret) or _KEY_ID.search(text):
                yield f"{_where(each)}.{name}: a secret in plain text"


def named_like_secrets(resources: Iterable[Registered]) -> Iterator[str]:
    """Variables in machines and containers whose name says that their value is a secret."""
    for each in resources:
        for name in ("definition", "containerDefinitions"):
            if name in each.inputs:
                for variable in _variables(json.loads(each.inputs[name])):
                    if _SECRET_NAME.search(variable):
                        yield f"{_where(each)}: {variable}"


def open_ports(resources: Iterable[Registered]) -> Iterator[str]:
    """Anything that lets somebody in."""
    for each in resources:
        kind = each.type.rpartition(":")[2]
        if kind == "SecurityGroupIngressRule" or each.inputs.get("ingress"):
            yield f"{_where(each)}: lets in"
        if kind == "SecurityGroupRule" and each.inputs.get("type") == "ingress":
            yield f"{_where(each)}: lets in"


def unlogged(resources: Iterable[Registered]) -> Iterator[str]:
    """Machines and containers that leave no trace, or one that holds inputs."""
    for each in resources:
        if each.type == token(aws.sfn.StateMachine):
            logging = each.inputs.get("loggingConfiguration") or {}
            if logging.get("level") != "ALL" or not logging.get("logDestination"):
                yield f"{_where(each)}: does not log everything"
            elif logging.get("includeExecutionData"):
                yield f"{_where(each)}: logs inputs"
        if each.type == token(aws.ecs.TaskDefinition):
            for container in json.loads(each.inputs["containerDefinitions"]):
                if not container.get("logConfiguration"):
                    yield f"{_where(each)}: {container['name']} does not log"
                if container.get("privileged"):
                    yield f"{_where(each)}: {container['name']} is privileged"


def stray_schedules(resources: Iterable[Registered], *, group: str) -> Iterator[str]:
    """Schedules outside the platform's group, or whose lost starts nobody hears of."""
    for each in resources:
        if each.type == token(aws.scheduler.Schedule):
            if each.inputs.get("groupName") != group:
                yield f"{_where(each)}: not in group {group}"
            if not each.inputs["target"].get("deadLetterConfig", {}).get("arn"):
                yield f"{_where(each)}: no dead-letter queue"


def _statements(found: Iterable[Document]) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    for document in found:
        for statement in document.statements:
            yield document, statement


def _variables(value: Any) -> Iterator[str]:
    """Yield the names of the variables in a document, however deep, in either spelling."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key.lower() == "environment" and isinstance(item, list):
                for variable in item:
                    yield str(variable.get("Name") or variable.get("name"))
            yield from _variables(item)
    elif isinstance(value, list):
        for item in value:
            yield from _variables(item)


def _where(each: Registered) -> str:
    return f"{each.type.rpartition(':')[2]} {each.name}"
