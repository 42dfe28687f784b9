"""What the text of a policy says of a request."""

from __future__ import annotations

import json

import pytest

from localaws.access.conditions import UnsupportedPolicy
from localaws.access.policy import Answer, Principal, Request, answer

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/batch-stg/abc"
ASKED = Request("ecs:StopTask", ARN, {"ecs:cluster": "arn:aws:ecs:eu-west-1:1:cluster/c"})


def said(*statements, request=ASKED, principal=None):
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return answer(document, request, principal=principal)


def statement(**changed):
    base = {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": ARN} | changed
    return {element: value for element, value in base.items() if value is not None}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Answer.ALLOWED),
        ({"Action": ["ecs:RunTask", "ECS:stoptask"]}, Answer.ALLOWED),
        ({"Action": "ecs:Stop*"}, Answer.ALLOWED),
        ({"Action": "*"}, Answer.ALLOWED),
        ({"Action": "ecs:StopTas?"}, Answer.ALLOWED),
        ({"Action": "ecs:StopTaskx"}, Answer.NOTHING),
        ({"Action": "ecs:RunTask"}, Answer.NOTHING),
        ({"Action": None, "NotAction": "ecs:RunTask"}, Answer.ALLOWED),
        ({"Action": None, "NotAction": "ecs:*"}, Answer.NOTHING),
        ({"Resource": "*"}, Answer.ALLOWED),
        ({"Resource": "arn:aws:ecs:*:*:task/batch-stg/*"}, Answer.ALLOWED),
        ({"Resource": ARN.upper()}, Answer.NOTHING),
        ({"Resource": ARN + "x"}, Answer.NOTHING),
        ({"Resource": None, "NotResource": "arn:aws:s3:::*"}, Answer.ALLOWED),
        ({"Resource": None, "NotResource": "arn:aws:ecs:*"}, Answer.NOTHING),
        ({"Effect": "Deny"}, Answer.DENIED),
    ],
)
def test_a_statement_is_about_an_action_on_a_resource(changed, expected):
    assert said(statement(**changed)) == expected


def test_a_denial_wins_wherever_it_stands():
    deny = statement(Effect="Deny")

    assert said(statement(), deny) == said(deny, statement()) == Answer.DENIED


GIVEN = {
    "ecs:cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/batch-stg",
    "aws:SourceAccount": "123456789012",
    "aws:SecureTransport": "true",
    "aws:TagKeys": ("batch:job", "batch:owner"),
    "kms:EncryptionContext:SecretARN": "arn:s:1",
}


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "met"),
    [
        ("StringEquals", "aws:sourceaccount", "123456789012", True),
        ("StringEquals", "aws:SourceAccount", ["1", "123456789012"], True),
        ("StringEquals", "aws:SourceAccount", "12345678901?", False),
        ("StringEquals", "aws:SourceArn", "x", False),
        ("StringEqualsIfExists", "aws:SourceArn", "x", True),
        ("StringNotEquals", "aws:SourceAccount", ["1", "123456789012"], False),
        ("StringNotEquals", "aws:SourceAccount", ["1", "2"], True),
        ("StringNotEquals", "aws:SourceArn", "x", True),
        ("StringLike", "aws:SourceAccount", "12345678901?", True),
        ("StringLike", "kms:EncryptionContext:SecretARN", "arn:s:*", True),
        ("StringEqualsIgnoreCase", "kms:EncryptionContext:SecretARN", "ARN:S:1", True),
        ("ArnEquals", "ecs:cluster", "arn:aws:ecs:eu-west-1:123456789012:cluster/*", True),
        ("ArnLike", "ecs:cluster", "arn:aws:ecs:*:123456789012:cluster/batch-???", True),
        ("ArnLike", "ecs:cluster", "arn:aws:ecs:*:cluster/batch-stg", False),
        ("ArnLike", "ecs:cluster", "*", False),
        ("ArnNotLike", "ecs:cluster", "arn:aws:ecs:*:*:cluster/batch-prod", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Null", "aws:SourceArn", "true", True),
        ("Null", "aws:SourceAccount", "true", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["batch:job", "batch:owner"], True),
        ("ForAllValues:StringLike", "aws:TagKeys", "batch:o*", False),
        ("ForAllValues:StringEquals", "aws:SourceArn", "x", True),
        ("ForAnyValue:StringLike", "aws:TagKeys", "batch:o*", True),
        ("ForAnyValue:StringEquals", "aws:SourceArn", "x", False),
    ],
)
def test_a_condition_compares_what_the_request_has(operator, key, wanted, met):
    request = Request("ecs:StopTask", ARN, GIVEN)

    answered = said(statement(Condition={operator: {key: wanted}}), request=request)

    assert answered == (Answer.ALLOWED if met else Answer.NOTHING)


def test_all_conditions_must_be_met():
    both = {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "Bool": {"aws:SecureTransport": "false"},
    }
    request = Request("ecs:StopTask", ARN, GIVEN)

    assert said(statement(Condition=both), request=request) == Answer.NOTHING


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"Condition": {"IpAddress": {"aws:SourceArn": "10.0.0.0/8"}}}, "IpAddress"),
        ({"Condition": {"ForEach:StringEquals": {"aws:SourceArn": "x"}}}, "ForEach"),
        ({"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}}, "aws:sourceip"),
        ({"Resource": "arn:aws:s3:::${aws:PrincipalTag/team}"}, "PrincipalTag"),
        ({"NotPrincipal": {"AWS": "*"}}, "NotPrincipal"),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_what_is_not_known_is_an_error(changed, named, effect):
    with pytest.raises(UnsupportedPolicy, match=named):
        said(statement(Effect=effect, **changed))


EVENTS = Principal(service="events.amazonaws.com")
ROLE = Principal(role_arn="arn:aws:iam::123456789012:role/r")


@pytest.mark.parametrize(
    ("principal", "who", "named"),
    [
        ({"Service": "events.amazonaws.com"}, EVENTS, True),
        ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, EVENTS, True),
        ({"Service": "events.amazonaws.com"}, ROLE, False),
        ({"AWS": "arn:aws:iam::123456789012:role/r"}, ROLE, True),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, ROLE, False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, ROLE, False),
        ({"AWS": "*"}, ROLE, True),
        ({"AWS": "*"}, EVENTS, False),
        ("*", EVENTS, True),
        (None, None, True),
    ],
)
def test_a_resources_policy_is_about_a_principal(principal, who, named):
    answered = said(statement(Principal=principal), principal=who)

    assert answered == (Answer.ALLOWED if named else Answer.NOTHING)


def test_one_statement_needs_no_list():
    assert answer(json.dumps({"Statement": statement()}), ASKED) == Answer.ALLOWED
