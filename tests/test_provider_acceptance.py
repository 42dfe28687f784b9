"""What the program registers, held against what is published of the AWS provider and the API.

Proves names, required properties, scalar types, and every limit that a service model states.
It proves nothing of what no model states; docs/local-deployment.md lists that as unproven.
"""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pulumi_aws
import pytest
from pulumi import _types

from batch import stackfile
from localaws.deployment import deploy
from localaws.provision import chatbot
from tests import published
from tests.local.bare import bare_emulator

ROOT = Path(__file__).parents[1]
STACKS = ("local", "stg", "prod")

DOCUMENTS = {
    # Properties that must be JSON whatever they begin with.
    "assumeRolePolicy",
    "containerDefinitions",
    "dashboardBody",
    "definition",
    "eventPattern",
    "policy",
    "policyDocument",
}

RETENTION_DAYS = {
    # "retentionInDays" of PutRetentionPolicy: in its description, not in the model.
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
}

QUEUE_LIMITS = {
    # "Attributes" of CreateQueue: a map of text in the model, with the ranges in its description.
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}

TOPIC_ATTRIBUTES = {
    # "Attributes" of CreateTopic, likewise.
    *("DeliveryPolicy", "DisplayName", "Policy", "TracingConfig", "KmsMasterKeyId"),
    *("SignatureVersion", "FifoTopic", "ContentBasedDeduplication", "ArchivePolicy"),
}

UNREADABLE_PATTERNS: set[str] = set()
"""Patterns of the models that Python cannot read: unproven."""


@pytest.fixture(scope="module", params=STACKS)
def deployed(request):
    """A stack's deployment, and the API calls that it took."""
    region = stackfile.read(request.param, ROOT, secrets="omit").region
    with bare_emulator() as emulator:
        vpc = emulator.client("ec2", region=region).describe_vpcs()["Vpcs"][0]["VpcId"]
        emulator.calls.clear()
        # The account and the network are the emulator's; everything else is the stack's.
        own = {"batch-platform:accountId": emulator.account, "batch-platform:vpcId": vpc}
        configured = stackfile.read(request.param, ROOT).config
        config = {key: value for key, value in own.items() if key in configured}
        deployment = deploy(emulator, request.param, ROOT, config=config)
        yield deployment, list(emulator.calls)


def registrations(deployed):
    deployment, _ = deployed
    found = [r.registration for r in deployment.resources if r.registration.custom]
    assert len(found) > 20
    return found


def test_properties_are_the_providers(deployed):
    broken = [
        line
        for each in registrations(deployed)
        for line in published.broken_by_provider(
            published.args_class(each.type), each.inputs, each.where
        )
    ]

    assert broken == []


def test_calls_keep_to_the_models(deployed):
    _, calls = deployed
    session = botocore.session.get_session()
    broken = [
        line
        for service, operation, parameters in calls
        for line in published.broken_by_api(
            session.get_service_model(service).operation_model(operation).input_shape,
            parameters,
            f"{service}.{operation}",
        )
    ]

    assert {service for service, _, _ in calls} >= {"ecs", "stepfunctions", "iam", "events"}
    assert broken == []


def test_slack_configurations_keep_to_the_model(deployed):
    model = botocore.session.get_session().get_service_model("chatbot")
    shape = model.operation_model("CreateSlackChannelConfiguration").input_shape
    token = pulumi_aws.chatbot.SlackChannelConfiguration.pulumi_type
    found = [each for each in registrations(deployed) if each.type == token]

    assert len(found) == 2
    assert [
        line
        for each in found
        for line in published.broken_by_api(
            shape, chatbot.slack_request(each.inputs, {}), each.where
        )
    ] == []


def test_documents_are_json(deployed):
    broken = [
        line
        for each in registrations(deployed)
        for line in published.broken_json(each.inputs, each.where)
    ]
    documents = [
        json.loads(each.inputs[name])
        for each in registrations(deployed)
        for name in sorted(DOCUMENTS & each.inputs.keys())
    ]

    assert broken == []
    assert documents
    assert all(isinstance(document, dict | list) for document in documents)


def test_what_is_only_in_the_descriptions_holds_too(deployed):
    _, calls = deployed
    retention = [
        parameters["retentionInDays"]
        for _, operation, parameters in calls
        if operation == "PutRetentionPolicy"
    ]
    queues = [
        (name, int(value))
        for _, operation, parameters in calls
        if operation == "CreateQueue"
        for name, value in parameters.get("Attributes", {}).items()
        if name in QUEUE_LIMITS
    ]
    topics = {
        name
        for _, operation, parameters in calls
        if operation == "CreateTopic"
        for name in parameters.get("Attributes", {})
    }

    assert set(retention) <= RETENTION_DAYS
    assert [
        (name, value)
        for name, value in queues
        if not QUEUE_LIMITS[name][0] <= value <= QUEUE_LIMITS[name][1]
    ] == []
    assert topics <= TOPIC_ATTRIBUTES


def test_patterns_that_cannot_be_checked_are_listed(deployed):
    _, calls = deployed
    session = botocore.session.get_session()
    shapes = {
        (service, operation): session.get_service_model(service)
        .operation_model(operation)
        .input_shape
        for service, operation, _ in calls
    }

    unreadable = {pattern for shape in shapes.values() for pattern in published.unreadable(shape)}

    assert unreadable <= UNREADABLE_PATTERNS


@pytest.mark.parametrize("stack", STACKS)
def test_the_providers_own_configuration_has_known_names(stack):
    config = stackfile.read(stack, ROOT, secrets="omit").namespace("aws")
    known = set(_types.input_type_py_to_pulumi_names(pulumi_aws.ProviderArgs).values())

    assert config["region"]
    assert config.keys() - known == set()


def test_rejects_a_breach_of_the_provider():
    cls = published.args_class("aws:ecs/taskDefinition:TaskDefinition")
    inputs = {
        "family": 3,
        "colour": "red",
        "ephemeralStorage": {"size": 3},
        "volumes": [{"hostPath": "/"}],
        "requiresCompatibilities": "FARGATE",
        "tags": {"a": 1},
    }

    assert sorted(published.broken_by_provider(cls, inputs, "x")) == [
        "x.colour: unknown property",
        "x.containerDefinitions: required",
        "x.ephemeralStorage.size: unknown property",
        "x.ephemeralStorage.sizeInGib: required",
        "x.family: 3 is not str",
        "x.requiresCompatibilities: not a list",
        "x.tags.a: 1 is not str",
        "x.volumes[0].name: required",
    ]


def test_rejects_a_breach_of_a_model():
    model = botocore.session.get_session().get_service_model("scheduler")
    shape = model.operation_model("CreateSchedule").input_shape
    parameters = {
        "Name": "has space",
        "State": "MAYBE",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441},
        "Target": {"Arn": "", "RoleArn": "nonsense", "Colour": "red"},
        "StartDate": "2026-01-01",
    }

    assert sorted(
        line.partition(" does not match")[0]
        for line in published.broken_by_api(shape, parameters, "x")
    ) == [
        "x.FlexibleTimeWindow.MaximumWindowInMinutes: 1441 is over 1440",
        "x.Name: 'has space'",
        "x.ScheduleExpression: required",
        "x.StartDate: '2026-01-01' is not timestamp",
        "x.State: 'MAYBE' is not one of ENABLED, DISABLED",
        "x.Target.Arn: 0 is under 1",
        "x.Target.Colour: unknown parameter",
        "x.Target.RoleArn: 'nonsense'",
    ]
