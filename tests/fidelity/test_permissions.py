"""Roles count: what a state machine calls, and what is made with a role."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.fidelity.playing import ACCOUNT, REGION, ROLE, one_state
from tests.roles import open_role

PASS = one_state({"Type": "Pass"})
LIST = one_state({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ecs:listClusters"})


def role(aws, name, *statements, trusted="states.amazonaws.com", condition=None):
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": trusted},
        "Action": "sts:AssumeRole",
        "Condition": condition or {},
    }
    iam = aws.client("iam")
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return made["Role"]["Arn"]


def allow(*actions, resource="*", effect="Allow"):
    return {"Effect": effect, "Action": list(actions), "Resource": resource}


def refused(aws, **changed):
    arguments = {"name": "m", "roleArn": ROLE, "definition": json.dumps(PASS)} | changed
    with pytest.raises(ClientError) as told:
        aws.client("stepfunctions").create_state_machine(**arguments)
    return told.value.response["Error"]


def end_with(aws, definition, role_arn):
    machine = aws.client("stepfunctions").create_state_machine(
        name="m", roleArn=role_arn, definition=json.dumps(definition)
    )["stateMachineArn"]
    run = aws.client("stepfunctions").start_execution(stateMachineArn=machine, name="one")
    return aws.end_of(run["executionArn"])


def test_a_call_that_the_role_does_not_allow_is_refused(aws, without):
    made = role(aws, "little", allow("ecs:ListTasks"))

    run = end_with(aws, LIST, made)

    assert run["status"] == "FAILED"
    assert run["error"] == "Ecs.AccessDeniedException"
    assert run["cause"].startswith(
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/little/one is not authorized to perform: "
        "ecs:ListClusters on resource: * "
        "because no identity-based policy allows the ecs:ListClusters action"
    )
    with without("permissions"):
        aws.client("stepfunctions").delete_state_machine(
            stateMachineArn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
        )
        assert end_with(aws, LIST, made)["status"] == "SUCCEEDED"


def test_a_denial_wins(aws):
    made = role(aws, "no", allow("ecs:*"), allow("ecs:List*", effect="Deny"))

    assert "with an explicit deny in an identity-based policy" in end_with(aws, LIST, made)["cause"]


def test_an_attached_policy_counts_and_a_boundary_limits(aws):
    iam = aws.client("iam")
    made = role(aws, "managed")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]})
    policy = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="managed", PolicyArn=policy)
    assert end_with(aws, LIST, made)["status"] == "SUCCEEDED"

    other = json.dumps({"Version": "2012-10-17", "Statement": [allow("sns:Publish")]})
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=other)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="managed", PermissionsBoundary=boundary)
    machine = aws.machine(LIST, name="bounded")
    aws.client("stepfunctions").update_state_machine(stateMachineArn=machine, roleArn=made)
    run = aws.client("stepfunctions").start_execution(stateMachineArn=machine)

    cause = aws.end_of(run["executionArn"])["cause"]
    assert "no permissions boundary allows the ecs:ListClusters action" in cause


@pytest.mark.parametrize(
    ("trusted", "condition"),
    [
        ("ecs-tasks.amazonaws.com", {}),
        ("states.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        (
            "states.amazonaws.com",
            {"ArnLike": {"aws:SourceArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:n*"}},
        ),
    ],
    ids=["another service", "another account", "another machine"],
)
def test_a_machine_takes_no_role_that_does_not_trust_it(aws, without, trusted, condition):
    made = role(aws, "closed", trusted=trusted, condition=condition)

    error = refused(aws, roleArn=made)

    assert error["Code"] == "AccessDeniedException"
    assert "states.amazonaws.com, nor the regional one is authorized to assume" in error["Message"]
    with without("role_checks"):
        assert aws.client("stepfunctions").create_state_machine(
            name="m", roleArn=made, definition=json.dumps(PASS)
        )


def test_a_machine_takes_no_role_that_is_not_there(aws):
    error = refused(aws, roleArn=f"{ROLE}-nobody")

    assert error["Code"] == "AccessDeniedException"


def test_logging_needs_a_role_that_may_deliver_logs(aws):
    destination = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"
    logging = {
        "level": "ALL",
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": destination}}],
    }

    error = refused(aws, roleArn=role(aws, "silent"), loggingConfiguration=logging)

    assert error["Code"] == "AccessDeniedException"
    assert "not authorized to access the Log Destination" in error["Message"]


def test_waiting_for_a_task_needs_a_role_that_may_make_the_managed_rule(aws):
    aws.task_definition()

    error = refused(
        aws,
        roleArn=role(aws, "deaf", allow("ecs:*")),
        definition=json.dumps(one_state(aws.task_state())),
    )

    assert error["Code"] == "AccessDeniedException"
    assert "is not authorized to create managed-rule" in error["Message"]


def test_a_schedule_takes_no_role_that_does_not_trust_scheduler(aws, without):
    closed = role(aws, "closed")
    machine = aws.machine(PASS)

    def create(name):
        aws.client("scheduler").create_schedule(
            Name=name,
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": machine, "RoleArn": closed},
        )

    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the"):
        create("s")
    with without("role_checks"):
        create("s")


def test_a_log_group_takes_no_key_that_logs_may_not_use(aws, without):
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]

    def create(name):
        aws.client("logs").create_log_group(logGroupName=name, kmsKeyId=key)

    with pytest.raises(ClientError, match="is not allowed to be used with Arn"):
        create("g")
    with without("log_group_keys"):
        create("g")


def test_a_task_that_the_role_may_not_pass_its_roles_to_is_not_started(aws):
    passed = open_role(aws.client("iam"), "passed")
    aws.task_definition(taskRoleArn=passed)
    made = role(aws, "runner", allow("ecs:*", "events:*"))

    run = end_with(aws, one_state(aws.task_state()), made)

    assert run["error"] == "ECS.AccessDeniedException"
    assert f"iam:PassRole on resource: {passed}" in run["cause"]
    assert aws.tasks() == []


# What a call asks for


def sdk(action, **arguments):
    return one_state(
        {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": f"arn:aws:states:::aws-sdk:{action}",
            "Arguments": arguments,
        }
    )


def run_as(aws, definition, role_arn):
    """Run a machine with the name of its role."""
    made = aws.client("stepfunctions").create_state_machine(
        name=role_arn.rpartition("/")[2], roleArn=role_arn, definition=json.dumps(definition)
    )["stateMachineArn"]
    run = aws.client("stepfunctions").start_execution(stateMachineArn=made)
    return aws.end_of(run["executionArn"])


def make_table(aws, **more):
    """Return the ARN of a table with an item and an index."""
    client = aws.client("dynamodb")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    made = client.create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=key,
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {"IndexName": "all", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
        ],
        **more,
    )
    client.put_item(TableName="t", Item={"pk": {"S": "jobs"}})
    return made["TableDescription"]["TableArn"]


KEY = {"TableName": "t", "Key": {"pk": {"S": "jobs"}}}
THERE = {"ConditionExpression": "attribute_exists(pk)"}
QUERY = {
    "TableName": "t",
    "IndexName": "all",
    "KeyConditionExpression": "pk = :jobs",
    "ExpressionAttributeValues": {":jobs": {"S": "jobs"}},
}
WRITES = [
    {"ConditionCheck": KEY | THERE},
    {"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}}}},
    {"Delete": {"TableName": "t", "Key": {"pk": {"S": "b"}}}},
]


@pytest.mark.parametrize(
    ("definition", "actions", "place"),
    [
        (sdk("dynamodb:getItem", **KEY), ["GetItem"], ""),
        (sdk("dynamodb:query", **QUERY), ["Query"], "/index/all"),
        (
            sdk("dynamodb:batchGetItem", RequestItems={"t": {"Keys": [KEY["Key"]]}}),
            ["BatchGetItem"],
            "",
        ),
        (sdk("dynamodb:transactGetItems", TransactItems=[{"Get": KEY}]), ["GetItem"], ""),
        (
            sdk("dynamodb:transactWriteItems", TransactItems=WRITES),
            ["ConditionCheckItem", "PutItem", "DeleteItem"],
            "",
        ),
    ],
    ids=["get", "query", "batch", "transact-get", "transact-write"],
)
def test_a_call_of_a_table_needs_each_action_there(aws, definition, actions, place):
    table = make_table(aws) + place
    asked = [f"dynamodb:{action}" for action in actions]

    enough = run_as(aws, definition, role(aws, "enough", allow(*asked, resource=table)))
    elsewhere = role(aws, "elsewhere", allow(*asked, resource=f"{table}x"))

    assert enough["status"] == "SUCCEEDED", enough
    assert run_as(aws, definition, elsewhere)["error"] == "DynamoDb.DynamoDbException"
    for number, missing in enumerate(asked):
        rest = [each for each in asked if each != missing] or ["sns:Publish"]
        made = role(aws, f"without-{number}", allow(*rest, resource=table))
        cause = run_as(aws, definition, made)["cause"]
        assert f"is not authorized to perform: {missing} on resource: {table} " in cause


def test_one_partition_of_a_table_can_be_all_that_is_allowed(aws):
    within = allow("dynamodb:GetItem", resource=make_table(aws)) | {
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["jobs"]}}
    }
    other = sdk("dynamodb:getItem", TableName="t", Key={"pk": {"S": "pauses"}})

    own = run_as(aws, sdk("dynamodb:getItem", **KEY), role(aws, "own", within))
    refused = run_as(aws, other, role(aws, "other", within))

    assert own["status"] == "SUCCEEDED"
    assert refused["error"] == "DynamoDb.DynamoDbException"


def test_an_encrypted_table_needs_its_key(aws):
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    table = make_table(
        aws, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )
    get = allow("dynamodb:GetItem", resource=table)
    use = allow("kms:Decrypt", resource=key) | {
        "Condition": {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}
    }

    refused = run_as(aws, sdk("dynamodb:getItem", **KEY), role(aws, "plain", get))
    allowed = run_as(aws, sdk("dynamodb:getItem", **KEY), role(aws, "with-key", get, use))

    assert f"kms:Decrypt on resource: {key} " in refused["cause"]
    assert allowed["status"] == "SUCCEEDED"


def test_a_table_with_aws_own_key_needs_no_more(aws):
    table = make_table(aws, SSESpecification={"Enabled": True})
    made = role(aws, "plain", allow("dynamodb:GetItem", resource=table))

    assert run_as(aws, sdk("dynamodb:getItem", **KEY), made)["status"] == "SUCCEEDED"


def test_tasks_are_listed_in_the_cluster_that_is_allowed(aws):
    aws.task_definition()
    aws.client("ecs").create_cluster(clusterName="other")
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"
    statement = allow("ecs:ListTasks") | {"Condition": {"ArnEquals": {"ecs:cluster": cluster}}}

    own = run_as(aws, sdk("ecs:listTasks", Cluster="c"), role(aws, "own", statement))
    other = run_as(aws, sdk("ecs:listTasks", Cluster="other"), role(aws, "other", statement))

    assert own["status"] == "SUCCEEDED"
    assert other["error"] == "Ecs.AccessDeniedException"
