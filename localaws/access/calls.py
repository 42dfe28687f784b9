"""Which actions a call of the AWS API asks for, on which resources, with which condition keys.

After the "Service Authorization Reference". A call that is not described here asks for the
action of its own name on ``*``, without any key of its own: a permission narrowed to a resource
does not cover it, and is so found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from localaws.access import documents
from localaws.access.policy import Request

PARTITION: Final = "aws"


@dataclass(frozen=True)
class Call:
    """A call of the AWS API: parameters by the names that botocore has for them."""

    service: str
    operation: str
    account: str
    region: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN in the place where the call is made."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    def __getitem__(self, name: str) -> str:
        return str(self.parameters.get(name) or "")


_ACTIONS: Final = {"stepfunctions": "states", "eventbridge": "events"}
"""What the actions of services begin with that botocore calls otherwise."""

_KEY_USE: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def requests(call: Call) -> Iterator[Request]:
    """Yield what ``call`` asks for; all of it must be allowed."""
    described = _DESCRIBED.get((call.service, call.operation))
    if described is None:
        yield Request(f"{_ACTIONS.get(call.service, call.service)}:{call.operation}", "*")
        return
    yield from described(call)


def _cluster(call: Call) -> str:
    name = call["cluster"] or "default"
    return name if name.startswith("arn:") else call.arn("ecs", f"cluster/{name}")


def _run_task(call: Call) -> Iterator[Request]:
    wanted, cluster = call["taskDefinition"], _cluster(call)
    ecs = documents.backend("ecs", call.account, call.region)
    definition: Any = None
    try:
        definition = ecs.describe_task_definition(wanted)
    except Exception:  # noqa: BLE001 - that it is not there is for RunTask to say
        arn = wanted if wanted.startswith("arn:") else call.arn("ecs", f"task-definition/{wanted}")
    else:
        arn = definition.arn
    yield Request("ecs:RunTask", arn, {"ecs:cluster": cluster})
    tags = call.parameters.get("tags")
    if tags:
        yield Request(
            "ecs:TagResource",
            # The task has no id yet.
            call.arn("ecs", f"task/{cluster.rpartition('/')[2]}/*"),
            {
                "ecs:CreateAction": "RunTask",
                "ecs:cluster": cluster,
                "aws:TagKeys": tuple(tag["key"] for tag in tags),
                **{f"aws:RequestTag/{tag['key']}": tag["value"] for tag in tags},
            },
        )
    overrides = call.parameters.get("overrides") or {}
    for theirs, name in (
        ("task_role_arn", "taskRoleArn"),
        ("execution_role_arn", "executionRoleArn"),
    ):
        if role := overrides.get(name) or getattr(definition, theirs, None):
            yield Request("iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})


def _tasks(call: Call) -> Iterator[Request]:
    cluster = _cluster(call)
    for task in call.parameters.get("tasks") or [call["task"]]:
        arn = task
        if not task.startswith("arn:"):
            arn = call.arn("ecs", f"task/{cluster.rpartition('/')[2]}/{task}")
        yield Request(f"ecs:{call.operation}", arn, {"ecs:cluster": cluster})


def _list_tasks(call: Call) -> Iterator[Request]:
    # Its resources are container instances, which tasks of Fargate have none of.
    yield Request("ecs:ListTasks", "*", {"ecs:cluster": _cluster(call)})


def _on(action: str, parameter: str) -> Callable[[Call], Iterator[Request]]:
    """Describe a call of one resource that a parameter names by its ARN."""

    def described(call: Call) -> Iterator[Request]:
        yield Request(action, call[parameter])

    return described


def _publish(call: Call) -> Iterator[Request]:
    arn = call["TopicArn"]
    yield Request("sns:Publish", arn)
    if (topic := documents.topic(arn)) and topic.key:
        yield from _encrypted(call, "sns", topic.key, {"aws:sns:topicArn": arn}, _KEY_USE)


def _send(call: Call) -> Iterator[Request]:
    account, _, name = call["QueueUrl"].rpartition("/")
    arn = f"arn:{PARTITION}:sqs:{call.region}:{account.rpartition('/')[2]}:{name}"
    yield Request("sqs:SendMessage", arn)
    if (queue := documents.queue(arn)) and queue.key:
        yield from _encrypted(call, "sqs", queue.key, {"aws:sqs:arn": arn}, _KEY_USE)


def _encrypted(
    call: Call, service: str, key: str, encryption: Mapping[str, str], actions: tuple[str, ...]
) -> Iterator[Request]:
    """Yield the use of a key on behalf of the caller, through the service that holds the data."""
    arn, _ = documents.key(key, account=call.account, region=call.region)
    context = {
        "kms:ViaService": f"{service}.{call.region}.amazonaws.com",
        "kms:CallerAccount": call.account,
        **{f"kms:EncryptionContext:{name}": value for name, value in encryption.items()},
    }
    for action in actions:
        yield Request(action, arn, context)


def _parameters(call: Call) -> Iterator[Request]:
    ssm = documents.backend("ssm", call.account, call.region)
    for name in call.parameters.get("Names") or []:
        arn = name
        if not name.startswith("arn:"):
            arn = call.arn("ssm", f"parameter/{name.lstrip('/')}")
        yield Request("ssm:GetParameters", arn)
        found = ssm.get_parameters([name]).get(name)
        if found is not None and found.parameter_type == "SecureString":
            encryption = {"PARAMETER_ARN": arn}
            yield from _encrypted(call, "ssm", found.keyid, encryption, ("kms:Decrypt",))


def _secret(call: Call) -> Iterator[Request]:
    wanted = call["SecretId"]
    secrets = documents.backend("secretsmanager", call.account, call.region).secrets
    found = next(
        (s for s in tuple(secrets.values()) if wanted in (s.name, s.arn, s.arn[:-7])), None
    )
    arn = found.arn if found else wanted
    if not arn.startswith("arn:"):
        arn = call.arn("secretsmanager", f"secret:{arn}")
    yield Request("secretsmanager:GetSecretValue", arn)
    if found and found.kms_key_id:
        encryption = {"SecretARN": arn}
        yield from _encrypted(
            call, "secretsmanager", found.kms_key_id, encryption, ("kms:Decrypt",)
        )


def _log_stream(call: Call) -> Iterator[Request]:
    stream = f"log-group:{call['logGroupName']}:log-stream:{call['logStreamName']}"
    yield Request(f"logs:{call.operation}", call.arn("logs", stream))


def _put_events(call: Call) -> Iterator[Request]:
    for entry in call.parameters.get("Entries") or []:
        bus = entry.get("EventBusName") or "default"
        arn = bus if bus.startswith("arn:") else call.arn("events", f"event-bus/{bus}")
        yield Request("events:PutEvents", arn)


def _metrics(call: Call) -> Iterator[Request]:
    namespace = {"cloudwatch:namespace": call["Namespace"]}
    yield Request("cloudwatch:PutMetricData", "*", namespace)


def _item(call: Call) -> Iterator[Request]:
    index = f"/index/{call['IndexName']}" if call["IndexName"] else ""
    keys = [call.parameters.get("Key") or call.parameters.get("Item") or {}]
    yield from _in_table(call, call.operation, call["TableName"], keys, index=index)


def _items(call: Call) -> Iterator[Request]:
    for table, wanted in (call.parameters.get("RequestItems") or {}).items():
        if isinstance(wanted, list):
            changes = [change for each in wanted for change in each.values()]
            keys = [change.get("Key") or change.get("Item") or {} for change in changes]
        else:
            keys = wanted.get("Keys") or []
        yield from _in_table(call, call.operation, table, keys)


def _transaction(call: Call) -> Iterator[Request]:
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
    for item in call.parameters.get("TransactItems") or []:
        for kind, of in item.items():
            action = actions.get(kind, "ConditionCheckItem")
            key = of.get("Key") or of.get("Item") or {}
            yield from _in_table(call, action, of["TableName"], [key])


def _in_table(
    call: Call, action: str, table: str, keys: Iterable[Mapping[str, Any]], *, index: str = ""
) -> Iterator[Request]:
    """Yield what is asked of a table or of one of its indexes, and of the table's key."""
    arn = table if table.startswith("arn:") else call.arn("dynamodb", f"table/{table}")
    name = arn.rpartition("/")[2]
    found = documents.backend("dynamodb", call.account, call.region).tables.get(name)
    leading = [key[found.hash_key_attr] for key in keys if found and found.hash_key_attr in key]
    values = tuple(str(text) for value in leading for text in value.values())
    yield Request(
        f"dynamodb:{action}", arn + index, {"dynamodb:LeadingKeys": values} if values else {}
    )
    if key_arn := (getattr(found, "sse_specification", None) or {}).get("KMSMasterKeyId"):
        encryption = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": call.account}
        yield from _encrypted(call, "dynamodb", key_arn, encryption, ("kms:Decrypt",))


_DESCRIBED: Final[dict[tuple[str, str], Callable[[Call], Iterator[Request]]]] = {
    ("ecs", "RunTask"): _run_task,
    ("ecs", "ListTasks"): _list_tasks,
    ("ecs", "StopTask"): _tasks,
    ("ecs", "DescribeTasks"): _tasks,
    ("stepfunctions", "StartExecution"): _on("states:StartExecution", "stateMachineArn"),
    ("stepfunctions", "ListExecutions"): _on("states:ListExecutions", "stateMachineArn"),
    ("stepfunctions", "StopExecution"): _on("states:StopExecution", "executionArn"),
    ("stepfunctions", "DescribeExecution"): _on("states:DescribeExecution", "executionArn"),
    ("stepfunctions", "GetExecutionHistory"): _on("states:GetExecutionHistory", "executionArn"),
    ("sns", "Publish"): _publish,
    ("sqs", "SendMessage"): _send,
    ("ssm", "GetParameters"): _parameters,
    ("secretsmanager", "GetSecretValue"): _secret,
    ("logs", "CreateLogStream"): _log_stream,
    ("logs", "GetLogEvents"): _log_stream,
    ("logs", "PutLogEvents"): _log_stream,
    ("events", "PutEvents"): _put_events,
    ("cloudwatch", "PutMetricData"): _metrics,
    **{
        ("dynamodb", name): _item
        for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
    },
    ("dynamodb", "BatchGetItem"): _items,
    ("dynamodb", "BatchWriteItem"): _items,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("dynamodb", "TransactGetItems"): _transaction,
}
