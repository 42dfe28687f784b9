"""``batchctl ls`` of a platform with many jobs, in the emulator: how many calls, and how long."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from batch import control
from batch.contract import Platform, Tag, schedule_input
from batch.documents.statements import policy
from batchctl import ls
from batchctl.aws import Aws
from batchctl.target import Target
from bench.report import Row
from localaws.emulator import Emulator

PLATFORM = Platform("batch", "bench", "123456789012", "us-east-1")


def measured(count: int, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Measure ``ls`` of ``count`` jobs."""
    say(f"batchctl ls of {count} jobs")
    with Emulator(executor="process", fires=False) as emulator:
        _make(emulator, count)
        target = Target(
            PLATFORM.name, PLATFORM.stack, PLATFORM.region,
            endpoint=emulator.endpoint, credentials=("test", "test"),
        )  # fmt: skip
        took, calls = [], Counter[str]()
        for _ in range(rounds):
            calls = Counter()
            took.append(_listed(target, calls))
    told = ", ".join(f"{number} {call}" for call, number in sorted(calls.items()))
    return [
        Row(f"batchctl ls, {count} jobs", seconds=took, remark=f"{calls.total()} calls: {told}")
    ]


def _listed(target: Target, calls: Counter[str]) -> float:
    """Return how long one listing took; count its calls."""
    plain = Aws._client

    def counting(self: Aws, service: Any) -> Any:
        client = plain(self, service)
        client.meta.events.register(
            "before-send", lambda request, **_: calls.update([_operation(request)])
        )
        return client

    assert ls.ls.callback is not None  # noqa: S101 - it is a command
    began = time.perf_counter()
    with mock.patch.object(Aws, "_client", counting), contextlib.redirect_stdout(io.StringIO()):
        ls.ls.callback.__wrapped__(patterns=(), owner=None, states=(), target=target, as_json=True)
    return time.perf_counter() - began


def _operation(request: Any) -> str:
    target = request.headers.get("X-Amz-Target", b"")
    name = target.decode() if isinstance(target, bytes) else target
    if name:
        return str(name).rpartition(".")[2]
    path = request.url.partition("/schedules")[2]
    if request.url.count("/schedules"):
        return "GetSchedule" if path.startswith("/") else "ListSchedules"
    return "GetCallerIdentity"


def _make(emulator: Emulator, count: int) -> None:
    states, schedules = emulator.client("stepfunctions"), emulator.client("scheduler")
    tables = emulator.client("dynamodb")
    _make_table(tables)
    schedules.create_schedule_group(Name=PLATFORM.schedule_group)
    trust = policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["scheduler.amazonaws.com", "states.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ]
    )
    role = emulator.client("iam").create_role(
        RoleName="any", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    for number in range(count):
        job = f"job-{number:04}"
        machine = PLATFORM.state_machine(job)
        tags = {Tag.PLATFORM: PLATFORM.prefix, Tag.JOB: job, Tag.OWNER: "bench"}
        states.create_state_machine(
            name=machine, definition=definition, roleArn=role,
            tags=[{"key": key.value, "value": value} for key, value in tags.items()],
        )  # fmt: skip
        schedules.create_schedule(
            Name=job, GroupName=PLATFORM.schedule_group, ScheduleExpression="cron(0 3 * * ? *)",
            ScheduleExpressionTimezone="Asia/Tokyo", FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": PLATFORM.state_machine_arn(job), "RoleArn": role,
                "Input": json.dumps(schedule_input()),
            },
        )  # fmt: skip


def _make_table(tables: Any) -> None:
    keys = (control.PARTITION_KEY, control.SORT_KEY)
    names = {*keys, *(key for index in control.INDEXES.values() for key in index)}
    tables.create_table(
        TableName=PLATFORM.control_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": "S"} for one in sorted(names)
        ],
        KeySchema=_keys(keys),
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": _keys(of), "Projection": {"ProjectionType": "ALL"}}
            for name, of in control.INDEXES.items()
        ],
    )


def _keys(names: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
    ]
