"""cfn-lint, AWS's own linter, has nothing against a policy of any stack or of any person.

It knows the actions of every service and the resources that each of them takes.
"""

from __future__ import annotations

import json

import pulumi_aws as aws
import pytest
from cfnlint.api import ManualArgs, lint

from tests import policy_pack
from tests.documents_examples import DOCUMENTS
from tests.evaluated import STACKS, evaluated
from tests.policy_pack import IDENTITY, RESOURCE, TRUST, Document
from tests.recording import token

ACCEPTED: dict[str, str] = {}
"""``rule: message`` of a finding that stays, to the reason. One that is not found any more fails."""


def properties(document: Document) -> tuple[str, dict]:
    """Return the resource of CloudFormation that has such a policy, and its properties."""
    if document.kind == IDENTITY:
        return "AWS::IAM::ManagedPolicy", {"PolicyDocument": document.content}
    if document.kind == TRUST:
        return "AWS::IAM::Role", {"AssumeRolePolicyDocument": document.content}
    if document.type == token(aws.sns.TopicPolicy):
        arn = "arn:aws:sns:eu-west-1:123456789012:topic"
        return "AWS::SNS::TopicPolicy", {"Topics": [arn], "PolicyDocument": document.content}
    if document.type == token(aws.sqs.QueuePolicy):
        url = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"
        return "AWS::SQS::QueuePolicy", {"Queues": [url], "PolicyDocument": document.content}
    assert document.kind == RESOURCE
    return "AWS::KMS::Key", {"KeyPolicy": document.content, "EnableKeyRotation": True}


def findings(documents: list[Document]) -> list[str]:
    """Return what the linter has against them, with where it is."""
    made = [properties(document) for document in documents]
    resources = {
        f"D{number}": {"Type": type_, "Properties": given}
        for number, (type_, given) in enumerate(made)
    }
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    found = lint(
        json.dumps(template),
        # "I": whether a statement's resources are of a kind that its actions take.
        config=ManualArgs(regions=["eu-west-1"], include_checks=["I"]),
    )
    return [
        f"{documents[int(str(match.path[1])[1:])].where}: {match.rule.id} {match.message}"
        for match in found
        # Advice on templates: a resource that holds data should say what happens at its end.
        if match.rule.id != "I3011"
    ]


def test_nothing_is_found_in_any_policy():
    programs = [evaluated(name) for name in (*STACKS, "rich")]
    documents = [document for each in programs for document in policy_pack.documents_of(each)]
    documents += [
        Document(name, IDENTITY, content)
        for name, content in DOCUMENTS.items()
        if name.startswith("people-")
    ]

    assert len(documents) > 70
    assert {document.kind for document in documents} == {IDENTITY, RESOURCE, TRUST}
    assert findings(documents) == sorted(ACCEPTED)


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ({"Action": ["states:StartExecutoin"]}, "W3037 'startexecutoin' is not one of"),
        ({"Action": ["state:StartExecution"]}, "W3037 'state' is not one of"),
        ({"Action": ["ecs:*Clustre"]}, "W3037 '*clustre' is not one of"),
        (
            {"Resource": ["arn:aws:states:eu-west-1:123456789012:execution:a:b"]},
            "I3510 action 'states:StartExecution' requires a resource of",
        ),
        (
            {"Resource": ["arn:aws:sns:eu-west-1:123456789012:topic"]},
            "I3510 action 'states:StartExecution' requires a resource of",
        ),
        ({"Condition": {"StringEqual": {"a": "b"}}}, "E3510 'StringEqual' does not match"),
        ({"Effect": "Alow"}, "E3510 'Alow' is not one of"),
        ({"Principal": "*"}, "E3510 Additional properties are not allowed"),
    ],
)
def test_a_mistake_in_a_policy_is_found(statement, finding):
    right = {
        "Effect": "Allow",
        "Action": ["states:StartExecution"],
        "Resource": ["arn:aws:states:eu-west-1:123456789012:stateMachine:a"],
    }

    [found] = findings([planted(IDENTITY, {**right, **statement})])

    assert found.startswith(f"planted: {finding}")


@pytest.mark.parametrize(
    ("kind", "type_", "finding"),
    [
        (TRUST, "", "planted: E3530"),
        (RESOURCE, token(aws.sns.TopicPolicy), "planted: E3512"),
        (RESOURCE, token(aws.sqs.QueuePolicy), "planted: E3512"),
        (RESOURCE, "", "planted: E3512"),
    ],
)
def test_a_mistake_in_every_other_kind_of_policy_is_found(kind, type_, finding):
    statement = {
        "Effect": "Alow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": {TRUST: "sts:AssumeRole"}.get(kind, "kms:Decrypt"),
    }

    found = findings([planted(kind, statement, type_)])

    assert any(line.startswith(finding) for line in found), found


def planted(kind, statement, type_=""):
    content = {"Version": "2012-10-17", "Statement": [statement]}
    return Document("planted", kind, content, type_)
