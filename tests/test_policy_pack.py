"""What a policy pack asks holds for every resource of every stack, and each check can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pulumi_aws as aws
import pytest

from tests import policy_pack
from tests.evaluated import KEY, PASSWORD, STACKS, Evaluated, evaluated
from tests.recording import Registered, token

PROGRAMS = (*STACKS, "rich")

_LOG_DELIVERY = (
    "logs:CreateLogDelivery, logs:DeleteLogDelivery, logs:DescribeLogGroups, "
    "logs:DescribeResourcePolicies, logs:GetLogDelivery, logs:ListLogDeliveries, "
    "logs:PutResourcePolicy, logs:UpdateLogDelivery"
)

CHECKS: dict[str, Callable[[Evaluated], Iterator[str]]] = {
    "policies elsewhere": lambda e: policy_pack.policies_elsewhere(e.resources),
    "broad actions": lambda e: policy_pack.broad_actions(policy_pack.documents_of(e)),
    "broad resources": lambda e: policy_pack.broad_resources(policy_pack.documents_of(e)),
    "unbound trusts": lambda e: policy_pack.unbound_trusts(policy_pack.documents_of(e)),
    "open principals": lambda e: policy_pack.open_principals(policy_pack.documents_of(e)),
    "unencrypted": lambda e: policy_pack.unencrypted(e.resources, key=e.key),
    "kept for ever": lambda e: policy_pack.kept_for_ever(e.resources),
    "lost with a mistake": lambda e: policy_pack.lost_with_a_mistake(e.resources),
    "untagged": lambda e: policy_pack.untagged(
        e.resources, default=e.default_tags, wanted={"managed-by"}
    ),
    "untagged machines": lambda e: policy_pack.untagged(
        [each for each in of(e, aws.sfn.StateMachine) if "_" not in each.inputs["name"]],
        default={},
        wanted={"batch:platform", "batch:job", "batch:project"},
    ),
    "untagged machines of the platform": lambda e: policy_pack.untagged(
        of(e, aws.sfn.StateMachine), default={}, wanted={"batch:platform", "batch:project"}
    ),
    "plain secrets": lambda e: policy_pack.plain_secrets(e.resources, [PASSWORD]),
    "named like secrets": lambda e: policy_pack.named_like_secrets(e.resources),
    "open ports": lambda e: policy_pack.open_ports(e.resources),
    "unlogged": lambda e: policy_pack.unlogged(e.resources),
    "stray schedules": lambda e: policy_pack.stray_schedules(e.resources, group=e.prefix),
}

KNOWN = {
    "broad actions": {
        # KMS's own first statement: it leaves the key to the account's policies.
        "key of the customer: kms:*",
    },
    "broad resources": {
        # In a key's policy "*" is that key.
        "key of the customer: kms:*",
        "key of the customer: kms:Decrypt, kms:GenerateDataKey*",
        # A token is for a registry: the action supports no resource.
        "identity batch-execution: ecr:GetAuthorizationToken",
        "identity sized-export-execution: ecr:GetAuthorizationToken",
        # The API of vended logs supports neither resources nor conditions.
        *(f"identity batch-{who}: {_LOG_DELIVERY}" for who in ("machine", "recorder", "sweep")),
        # Lists and questions that support neither.
        "policy of a viewer: scheduler:ListSchedules, states:ListStateMachines, tag:GetResources",
        "policy of a runner: scheduler:ListSchedules, states:ListStateMachines",
        "policy of a doctor: chatbot:DescribeSlackChannelConfigurations, "
        "cloudwatch:GetMetricStatistics, ec2:DescribeNetworkInterfaces, ec2:DescribeRouteTables, "
        "ec2:DescribeSecurityGroups, ec2:DescribeSubnets, ec2:DescribeVpcEndpoints, "
        "ecs:DescribeTaskDefinition, ecs:ListTaskDefinitionFamilies, events:ListRuleNamesByTarget, "
        "logs:DescribeLogGroups, servicequotas:GetServiceQuota, ssm:DescribeParameters",
        "policy of a deployer: ecs:DeregisterTaskDefinition, ecs:DescribeTaskDefinition, "
        "states:ValidateStateMachineDefinition",
        "policy of an admin: chatbot:CreateSlackChannelConfiguration, "
        "chatbot:DescribeSlackChannelConfigurations, chatbot:ListTagsForResource, "
        "ec2:DescribeNetworkInterfaces, ec2:DescribeRouteTables, ec2:DescribeSecurityGroup*, "
        "ec2:DescribeSubnets, ec2:DescribeVpcs, "
        "ecs:DeregisterTaskDefinition, ecs:DescribeTaskDefinition, logs:DescribeLogGroups, "
        "ssm:DescribeParameters, states:ValidateStateMachineDefinition",
    },
    "open principals": {
        # EventBridge supports no condition on the source in a key's policy.
        "key of the customer: events.amazonaws.com for whomever",
    },
}
"""What stays, and why. A line that no stack has any more fails."""


def of(program: Evaluated, cls: type) -> list[Registered]:
    return [each for each in program.resources if each.type == token(cls)]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_stack_passes_but_for_what_is_known(name):
    found = {line for program in PROGRAMS for line in CHECKS[name](evaluated(program))}

    assert found == KNOWN.get(name, set())


def test_the_rich_program_has_what_each_check_looks_at():
    rich = evaluated("rich")
    containers = [each for each in of(rich, aws.ecs.TaskDefinition) if each.inputs.get("volumes")]
    types = {each.type for program in PROGRAMS for each in evaluated(program).resources}

    assert len(policy_pack.documents_of(rich)) > 20
    assert containers
    assert {
        token(cls)
        for cls in (
            aws.chatbot.SlackChannelConfiguration,
            aws.ec2.SecurityGroup,
            aws.scheduler.Schedule,
            aws.sns.TopicSubscription,
            aws.ssm.Parameter,
        )
    } <= types


def test_the_planted_secret_is_there_and_marked():
    holding = {
        (each.name, tuple(sorted(each.secret)))
        for each in evaluated("rich").resources
        if PASSWORD in json.dumps(each.inputs)
    }

    assert PASSWORD not in json.dumps(evaluated("rich").outputs)
    assert holding == {("migrate", ("triggers",)), ("leaky", ("definition",))}


def test_the_roles_of_a_platform_with_a_boundary_all_have_it():
    roles = of(evaluated("rich"), aws.iam.Role)

    assert {role.inputs.get("permissionsBoundary") for role in roles} == {
        "arn:aws:iam::123456789012:policy/boundary"
    }
    assert {role.inputs["path"] for role in roles} == {
        "/batch/batch-test/",
        "/batch/batch-test/jobs/",
    }


# Each check fires: the rich program with one thing wrong.

ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}


def planted(cls: type, name: str, change: Callable[[dict[str, Any]], Any], **fields: Any):
    """Return the rich program, in which ``change`` has been made to the inputs of a resource."""
    rich = evaluated("rich")
    changed, found = [], False
    for each in rich.resources:
        if each.type == token(cls) and each.name == name:
            inputs = json.loads(json.dumps(each.inputs))
            change(inputs)
            each, found = replace(each, inputs=inputs, **fields), True
        changed.append(each)
    assert found, name
    return replace(rich, resources=tuple(changed))


def with_statement(cls: type, name: str, property_: str, **statement: Any):
    """Return the rich program, in which a policy has a further statement."""

    def change(inputs: dict[str, Any]) -> None:
        document = json.loads(inputs[property_])
        document["Statement"].append(statement)
        inputs[property_] = json.dumps(document)

    return planted(cls, name, change)


def without_condition(inputs: dict[str, Any], key: str) -> None:
    document = json.loads(inputs["assumeRolePolicy"])
    del document["Statement"][0]["Condition"][key]
    inputs["assumeRolePolicy"] = json.dumps(document)


def of_container(**change: Any) -> Callable[[dict[str, Any]], None]:
    def changed(inputs: dict[str, Any]) -> None:
        [container] = json.loads(inputs["containerDefinitions"])
        inputs["containerDefinitions"] = json.dumps([{**container, **change}])

    return changed


def added(cls: type, **inputs: Any) -> Evaluated:
    rich = evaluated("rich")
    extra = Registered(token(cls), "planted", inputs, None, protect=False, depends_on=frozenset())
    return replace(rich, resources=(*rich.resources, extra))


ROLE_POLICY, ROLE = (aws.iam.RolePolicy, "batch-machine", "policy"), (aws.iam.Role, "batch-machine")
VIOLATIONS = {
    "policies elsewhere": [
        (
            lambda: added(aws.ecr.RepositoryPolicy, policy=json.dumps({"Statement": []})),
            "RepositoryPolicy planted.policy: a policy",
        ),
        (
            lambda: planted(*ROLE, lambda i: i.update(inlinePolicies=[{"policy": '{"Statement":[]}'}])),
            "Role batch-machine.inlinePolicies: a policy",
        ),
    ],
    "broad actions": [
        (
            lambda: with_statement(*ROLE_POLICY, **{**ALLOW, "Action": "*"}),
            "identity batch-machine: *",
        ),
        (
            lambda: with_statement(*ROLE_POLICY, **{**ALLOW, "Action": ["s3:*"]}),
            "identity batch-machine: s3:*",
        ),
        (
            lambda: with_statement(*ROLE_POLICY, Effect="Allow", NotAction="iam:*", Resource="*"),
            "identity batch-machine: NotAction",
        ),
    ],
    "broad resources": [
        (lambda: with_statement(*ROLE_POLICY, **ALLOW), "identity batch-machine: s3:GetObject"),
    ],
    "unbound trusts": [
        (
            lambda: planted(*ROLE, lambda i: without_condition(i, "StringEquals")),
            "trust batch-machine: no aws:SourceAccount",
        ),
        (
            lambda: planted(*ROLE, lambda i: without_condition(i, "ArnLike")),
            "trust batch-machine: no aws:SourceArn of 123456789012",
        ),
        (
            lambda: with_statement(
                aws.iam.Role,
                "batch-machine",
                "assumeRolePolicy",
                Effect="Allow",
                Principal={"AWS": "arn:aws:iam::999999999999:root"},
                Action="sts:AssumeRole",
            ),
            "trust batch-machine: trusts something else than a service",
        ),
    ],
    "open principals": [
        (
            lambda: with_statement(
                aws.sns.TopicPolicy, "batch-failure", "policy", **ALLOW, Principal="*"
            ),
            "resource batch-failure: anybody",
        ),
        (
            lambda: with_statement(
                aws.sqs.QueuePolicy,
                "batch-messages",
                "policy",
                **ALLOW,
                Principal={"Service": "events.amazonaws.com"},
            ),
            "resource batch-messages: events.amazonaws.com for whomever",
        ),
    ],
    "unencrypted": [
        (
            lambda: planted(
                aws.dynamodb.Table, "batch-control", lambda i: i.pop("serverSideEncryption")
            ),
            f"Table batch-control: not encrypted with {KEY}",
        ),
        (
            lambda: planted(aws.sqs.Queue, "batch-starts", lambda i: i.pop("kmsMasterKeyId")),
            "Queue batch-starts: not encrypted as it should be",
        ),
        (
            lambda: planted(aws.sns.Topic, "batch-failure", lambda i: i.pop("kmsMasterKeyId")),
            f"Topic batch-failure: not encrypted with {KEY}",
        ),
        (
            lambda: planted(aws.cloudwatch.LogGroup, "batch-tasks", lambda i: i.pop("kmsKeyId")),
            f"LogGroup batch-tasks: not encrypted with {KEY}",
        ),
        (
            lambda: added(aws.ssm.Parameter, type="String", value="x"),
            "Parameter planted: not a SecureString",
        ),
        (
            lambda: planted(
                aws.ecs.TaskDefinition,
                "import",
                lambda i: i["volumes"][0]["efsVolumeConfiguration"].update(
                    transitEncryption="DISABLED"
                ),
            ),
            "TaskDefinition import: data is not encrypted on its way",
        ),
    ],
    "kept for ever": [
        (
            lambda: planted(
                aws.cloudwatch.LogGroup, "batch-machines", lambda i: i.pop("retentionInDays")
            ),
            "LogGroup batch-machines: no retentionInDays",
        ),
    ],
    "untagged": [
        (lambda: replace(evaluated("rich"), default_tags={}), "Cluster batch: no managed-by"),
    ],
    "untagged machines": [
        (
            lambda: planted(
                aws.sfn.StateMachine, "import", lambda i: i["tags"].pop("batch:job")
            ),
            "StateMachine import: no batch:job",
        ),
    ],
    "untagged machines of the platform": [
        (
            lambda: planted(
                aws.sfn.StateMachine, "batch-sweep", lambda i: i["tags"].pop("batch:platform")
            ),
            "StateMachine batch-sweep: no batch:platform",
        ),
    ],
    "lost with a mistake": [
        (
            lambda: planted(
                aws.dynamodb.Table,
                "batch-control",
                lambda i: i["pointInTimeRecovery"].update(enabled=False),
            ),
            "Table batch-control: no point-in-time recovery",
        ),
    ],
    "plain secrets": [
        (
            lambda: planted(aws.sfn.StateMachine, "leaky", lambda i: None, secret=frozenset()),
            "StateMachine leaky.definition: a secret in plain text",
        ),
        (
            lambda: planted(
                aws.ecs.TaskDefinition,
                "import",
                of_container(environment=[{"name": "ID", "value": "AKIA" + "A" * 16}]),
            ),
            "TaskDefinition import.containerDefinitions: a secret in plain text",
        ),
    ],
    "named like secrets": [
        (
            lambda: planted(
                aws.ecs.TaskDefinition,
                "import",
                of_container(environment=[{"name": "DB_PASSWORD", "value": "x"}]),
            ),
            "TaskDefinition import: DB_PASSWORD",
        ),
        (
            lambda: planted(
                aws.sfn.StateMachine,
                "leaky",
                lambda i: i.update(definition=i["definition"].replace('"MODE"', '"API_KEY"')),
            ),
            "StateMachine leaky: API_KEY",
        ),
    ],
    "open ports": [
        (
            lambda: added(aws.vpc.SecurityGroupIngressRule, cidrIpv4="0.0.0.0/0"),
            "SecurityGroupIngressRule planted: lets in",
        ),
        (
            lambda: planted(
                aws.ec2.SecurityGroup, "batch-tasks", lambda i: i.update(ingress=[{"fromPort": 22}])
            ),
            "SecurityGroup batch-tasks: lets in",
        ),
    ],
    "unlogged": [
        (
            lambda: planted(
                aws.sfn.StateMachine, "leaky", lambda i: i.pop("loggingConfiguration")
            ),
            "StateMachine leaky: does not log everything",
        ),
        (
            lambda: planted(
                aws.sfn.StateMachine,
                "leaky",
                lambda i: i["loggingConfiguration"].update(includeExecutionData=True),
            ),
            "StateMachine leaky: logs inputs",
        ),
        (
            lambda: planted(
                aws.ecs.TaskDefinition, "import", of_container(logConfiguration=None)
            ),
            "TaskDefinition import: app does not log",
        ),
        (
            lambda: planted(aws.ecs.TaskDefinition, "import", of_container(privileged=True)),
            "TaskDefinition import: app is privileged",
        ),
    ],
    "stray schedules": [
        (
            lambda: planted(
                aws.scheduler.Schedule, "import.late", lambda i: i.update(groupName="default")
            ),
            "Schedule import.late: not in group batch-test",
        ),
        (
            lambda: planted(
                aws.scheduler.Schedule,
                "import.late",
                lambda i: i["target"].pop("deadLetterConfig"),
            ),
            "Schedule import.late: no dead-letter queue",
        ),
    ],
}  # fmt: skip


def test_every_check_has_a_violation():
    assert VIOLATIONS.keys() == CHECKS.keys()


@pytest.mark.parametrize(
    ("name", "program", "line"),
    [(name, *violation) for name, violations in VIOLATIONS.items() for violation in violations],
)
def test_a_check_finds_what_is_wrong(name, program, line):
    before = set(CHECKS[name](evaluated("rich")))

    found = set(CHECKS[name](program()))

    assert line in found - before


def test_a_queue_without_a_key_of_ones_own_has_sqs_s():
    def change(inputs: dict[str, Any]) -> None:
        del inputs["kmsMasterKeyId"]
        inputs["sqsManagedSseEnabled"] = False

    queues = planted(aws.sqs.Queue, "batch-starts", change).resources
    without = [
        each for each in queues if (each.type, each.name) == (token(aws.sqs.Queue), "batch-starts")
    ]

    assert list(policy_pack.unencrypted(without)) == [
        "Queue batch-starts: not encrypted as it should be"
    ]


@pytest.mark.parametrize(
    ("cls", "taggable"),
    [
        (aws.sfn.StateMachine, True),
        (aws.iam.Role, True),
        (aws.scheduler.ScheduleGroup, True),
        (aws.scheduler.Schedule, False),
        (aws.iam.RolePolicy, False),
    ],
)
def test_the_provider_says_what_can_have_tags(cls, taggable):
    assert policy_pack.is_taggable(token(cls)) is taggable
