"""The APIs of EventBridge Scheduler and of CloudWatch Logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from localaws.fidelity import scheduler_api
from tests.fidelity.playing import ACCOUNT, REGION, ROLE

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
SCHEDULE = {
    "Name": "s",
    "ScheduleExpression": "rate(1 hour)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": MACHINE, "RoleArn": ROLE},
}


@pytest.fixture(autouse=True)
def noon():
    scheduler_api.use_clock(lambda: NOW)
    yield
    scheduler_api.use_clock(None)


@pytest.fixture
def scheduler(aws):
    return aws.client("scheduler")


WRONG = [
    ({"ScheduleExpression": "cron(0 3 * * *)"}, "cron"),
    ({"ScheduleExpression": "cron(0 3 * * 1 *)"}, "Invalid Schedule Expression"),
    ({"ScheduleExpression": "rate(0 days)"}, "rate"),
    ({"ScheduleExpression": "nonsense"}, "Invalid Schedule Expression"),
    ({"ScheduleExpressionTimezone": "Mars/Base"}, "Mars/Base"),
    ({"ScheduleExpression": "at(2026-11-24T11:59:59)"}, "in the past"),
    (
        {
            "ScheduleExpression": "at(2026-11-24T20:59:00)",
            "ScheduleExpressionTimezone": "Asia/Tokyo",
        },
        "in the past",
    ),
    ({"EndDate": NOW - timedelta(seconds=1)}, "in the past"),
    ({"StartDate": NOW - timedelta(minutes=6)}, "5 minutes ago"),
    ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
    ({"Target": SCHEDULE["Target"] | {"Input": "{"}}, "valid JSON"),
]


@pytest.mark.parametrize(("wrong", "why"), WRONG)
def test_a_schedule_that_cannot_be_is_refused(scheduler, without, wrong, why):
    with pytest.raises(scheduler.exceptions.ValidationException, match=why):
        scheduler.create_schedule(**SCHEDULE | wrong)
    scheduler.create_schedule(**SCHEDULE)
    with pytest.raises(scheduler.exceptions.ValidationException, match=why):
        scheduler.update_schedule(**SCHEDULE | wrong)
    with without("scheduler_api"):
        scheduler.update_schedule(**SCHEDULE | wrong)


@pytest.mark.parametrize(
    "right",
    [
        {
            "ScheduleExpression": "at(2026-11-24T21:01:00)",
            "ScheduleExpressionTimezone": "Asia/Tokyo",
        },
        {"StartDate": NOW - timedelta(minutes=4)},
        {"StartDate": NOW, "EndDate": NOW + timedelta(days=1)},
        {"ScheduleExpression": "cron(0 3 ? * MON#1 *)", "ScheduleExpressionTimezone": "UTC"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}},
    ],
)
def test_a_schedule_that_can_be_is_taken(scheduler, right):
    scheduler.create_schedule(**SCHEDULE | right)

    assert scheduler.get_schedule(Name="s")["State"] == "ENABLED"


def test_an_unknown_group_is_not_found(scheduler, without):
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.create_schedule(**SCHEDULE, GroupName="nope")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.delete_schedule_group(Name="nope")
    with without("scheduler_api"), pytest.raises(ClientError, match="500"):
        scheduler.create_schedule(**SCHEDULE, GroupName="nope")


def test_a_group_is_made_once(scheduler, without):
    scheduler.create_schedule_group(Name="g")

    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule_group(Name="g")
    with without("scheduler_api"):
        scheduler.create_schedule_group(Name="g")


def test_an_update_sets_every_field(scheduler, without):
    once = SCHEDULE | {"ScheduleExpression": "at(2027-01-01T00:00:00)"}
    scheduler.create_schedule(**once, State="DISABLED", ActionAfterCompletion="DELETE")

    def update() -> tuple[str | None, str | None]:
        scheduler.update_schedule(**once)
        schedule = scheduler.get_schedule(Name="s")
        return schedule.get("State"), schedule.get("ActionAfterCompletion")

    with without("scheduler_api"):
        assert update() == (None, "DELETE")
    assert update() == ("ENABLED", "NONE")


def test_logs_are_kept_for_a_time_that_cloudwatch_offers(aws, without):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/g")

    logs.put_retention_policy(logGroupName="/g", retentionInDays=30)

    with pytest.raises(logs.exceptions.InvalidParameterException, match="retentionInDays"):
        logs.put_retention_policy(logGroupName="/g", retentionInDays=31)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    with without("log_retention"):
        logs.put_retention_policy(logGroupName="/g", retentionInDays=31)
