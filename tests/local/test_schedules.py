"""When schedules fire, and what their targets get. Time is moved by hand."""

import itertools
import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, fidelity, targets
from localaws.clock import Clock, MovedClock
from localaws.feed import Feed, ScheduleFired
from localaws.fidelity import scheduler_api
from localaws.schedules import Schedules
from localaws.server import Server
from tests.local.samples import ACCOUNT, NOON, REGION
from tests.roles import open_policy, open_role

ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
OFF = {"Mode": "OFF"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class HandClock(Clock):
    """Shows the time that it is set to."""

    def __init__(self, shown):
        self.shown = shown
        self._waiting = []
        self._moved = threading.Condition()

    def now(self):
        return self.shown

    def wait_until(self, when, cancelled):
        with self._moved:
            self._waiting.append(cancelled)
            try:
                while not cancelled.is_set():
                    if self.shown >= when:
                        return True
                    self._moved.wait(0.01)
                return False
            finally:
                self._waiting.remove(cancelled)

    def is_waited_on(self):
        with self._moved:
            return any(not cancelled.is_set() for cancelled in self._waiting)

    def set(self, shown):
        with self._moved:
            self.shown = shown
            self._moved.notify_all()


def eventually(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.005)


class Aws:
    """A bare server, a clock to move, and what fires."""

    def __init__(self, endpoint):
        self.feed = Feed()
        self.fired = []
        self.feed.subscribe(self._note)
        self.clock = HandClock(NOON)
        scheduler_api.use_clock(self.clock.now)
        self.schedules = Schedules(self.feed, self.clock, endpoint=endpoint)
        self.scheduler = self.client("scheduler")
        self.sqs = self.client("sqs")
        self.queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        policy = {"Policy": open_policy(self.queue, "sqs:SendMessage")}
        self.url = self.sqs.create_queue(QueueName="q", Attributes=policy)["QueueUrl"]
        open_role(self.client("iam"), "scheduler")
        self.schedules.start()
        # So that there is always a time to wait for, and an end to wait for what does not fire.
        self.create("witness", "at(2035-01-01T00:00:00)", text="witness")

    def client(self, service):
        return clients.make_client(service, region=REGION, endpoint=targets.endpoint_of_server())

    def _note(self, happening):
        if isinstance(happening, ScheduleFired) and "witness" not in happening.schedule_arn:
            self.fired.append(happening)

    def create(self, name, expression, *, target=None, text=None, **more):
        target = {"Arn": self.queue, "RoleArn": ROLE} | (target or {})
        if text is not None:
            target["Input"] = text
        return self.scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            Target=target,
            FlexibleTimeWindow=more.pop("FlexibleTimeWindow", OFF),
            **more,
        )["ScheduleArn"]

    def update(self, name, expression, **more):
        self.scheduler.update_schedule(
            Name=name,
            ScheduleExpression=expression,
            Target={"Arn": self.queue, "RoleArn": ROLE, "Input": name},
            FlexibleTimeWindow=OFF,
            **more,
        )

    def move_to(self, when):
        """Let it be ``when`` and wait until all that was due then has fired."""
        eventually(self.clock.is_waited_on)
        self.clock.set(when)
        eventually(lambda: self.clock.is_waited_on() and self.schedules._next_due() > when)

    def step_to(self, when, step=MINUTE):
        while self.clock.now() < when:
            self.move_to(min(self.clock.now() + step, when))

    def messages(self, url=None):
        return self.sqs.receive_message(
            QueueUrl=url or self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])

    def bodies(self):
        return [message["Body"] for message in self.messages()]

    def scheduled(self):
        return [fired.scheduled_time for fired in self.fired]

    def machine(self):
        return self.client("stepfunctions").create_state_machine(
            name="m",
            roleArn=ROLE,
            definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
        )["stateMachineArn"]

    def inputs(self, machine):
        states = self.client("stepfunctions")
        runs = states.list_executions(stateMachineArn=machine)["executions"]
        assert all(uuid.UUID(run["name"]) for run in runs)
        return [
            json.loads(states.describe_execution(executionArn=run["executionArn"])["input"])
            for run in runs
        ]


@pytest.fixture(scope="module")
def server():
    fidelity.apply_all()
    with Server() as serving:
        yield serving
        clients.forget()


@pytest.fixture
def aws(server):
    moto_api_backend.reset()
    made = Aws(server.endpoint)
    yield made
    made.schedules.close()
    scheduler_api.use_clock(None)


# When


def test_a_cron_fires_at_its_time_in_its_zone(aws):
    arn = aws.create(
        "s", "cron(0 3 * * ? *)", ScheduleExpressionTimezone="Asia/Tokyo", text="hello"
    )

    aws.move_to(NOON + 6 * HOUR - timedelta(seconds=1))
    assert aws.fired == []
    aws.move_to(NOON + 6 * HOUR)

    (fired,) = aws.fired
    assert fired.schedule_arn == arn
    assert fired.scheduled_time.isoformat() == "2030-01-01T18:00:00+00:00"
    assert (fired.target_arn, fired.error) == (aws.queue, None)
    assert aws.bodies() == ["hello"]


def test_a_due_time_fires_once(aws):
    aws.create("s", "cron(0 13 * * ? *)")

    aws.step_to(NOON + 2 * HOUR, 20 * MINUTE)

    assert aws.scheduled() == [NOON + HOUR]
    assert len(aws.bodies()) == 1


def test_an_at_fires_in_its_zone(aws):
    aws.create("s", "at(2030-01-01T08:02:00)", ScheduleExpressionTimezone="America/New_York")

    aws.step_to(NOON + 2 * HOUR, HOUR + MINUTE)

    assert aws.scheduled() == [NOON + HOUR + 2 * MINUTE]


def test_a_rate_counts_from_its_creation_and_begins_at_once(aws):
    aws.clock.set(NOON + 7 * MINUTE)
    aws.create("s", "rate(10 minutes)")

    aws.step_to(NOON + 30 * MINUTE)

    assert aws.scheduled() == [NOON + n * MINUTE for n in (7, 17, 27)]


def test_a_rate_counts_from_its_start_date(aws):
    aws.create("s", "rate(1 hour)", StartDate=NOON + 5 * MINUTE)

    aws.step_to(NOON + 2 * HOUR, 5 * MINUTE)

    assert aws.scheduled() == [NOON + 5 * MINUTE, NOON + HOUR + 5 * MINUTE]


def test_nothing_fires_before_the_start_date_or_after_the_end_date(aws):
    aws.create(
        "s", "cron(0 * * * ? *)", StartDate=NOON + 90 * MINUTE, EndDate=NOON + 3 * HOUR + MINUTE
    )

    aws.step_to(NOON + 6 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + 2 * HOUR, NOON + 3 * HOUR]


def test_a_disabled_schedule_does_not_fire_and_does_not_catch_up(aws):
    aws.create("s", "cron(0 * * * ? *)", State="DISABLED")
    aws.step_to(NOON + 150 * MINUTE, 30 * MINUTE)
    assert aws.fired == []

    aws.update("s", "cron(0 * * * ? *)", State="ENABLED")
    aws.step_to(NOON + 3 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + 3 * HOUR]


def test_schedules_of_every_group_and_region_fire(aws):
    aws.scheduler.create_schedule_group(Name="batch-stg")
    first = aws.create("s", "at(2030-01-01T13:00:00)", GroupName="batch-stg")
    elsewhere = clients.make_client(
        "scheduler", region="ap-northeast-1", endpoint=targets.endpoint_of_server()
    )
    second = elsewhere.create_schedule(
        Name="s",
        ScheduleExpression="at(2030-01-01T13:00:00)",
        Target={"Arn": aws.queue, "RoleArn": ROLE},
        FlexibleTimeWindow=OFF,
    )["ScheduleArn"]

    aws.move_to(NOON + HOUR)

    assert {fired.schedule_arn for fired in aws.fired} == {first, second}
    assert ":schedule/batch-stg/s" in first


def test_a_flexible_window_fires_at_its_beginning(aws):
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}
    aws.create("s", "at(2030-01-01T13:00:00)", FlexibleTimeWindow=window)

    aws.move_to(NOON + HOUR)

    assert aws.scheduled() == [NOON + HOUR]


def test_an_updated_schedule_fires_at_its_new_time_only(aws):
    aws.create("s", "at(2030-01-01T13:00:00)")
    aws.update("s", "at(2030-01-01T14:00:00)")

    aws.step_to(NOON + 3 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + 2 * HOUR]


def test_a_deleted_schedule_does_not_fire(aws):
    aws.create("s", "at(2030-01-01T13:00:00)")
    aws.scheduler.delete_schedule(Name="s")
    aws.create("other", "at(2030-01-01T13:00:00)")

    aws.move_to(NOON + HOUR)

    assert [fired.schedule_arn.rsplit("/", 1)[-1] for fired in aws.fired] == ["other"]


def test_a_schedule_made_anew_under_its_name_is_another(aws):
    aws.create("s", "rate(1 hour)")
    aws.move_to(NOON)
    aws.scheduler.delete_schedule(Name="s")
    aws.move_to(NOON + 30 * MINUTE)
    aws.create("s", "rate(1 hour)")

    aws.step_to(NOON + 2 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON, NOON + 30 * MINUTE, NOON + 90 * MINUTE]


def test_what_was_due_before_the_start_is_not_fired(aws, server):
    aws.create("s", "cron(0 * * * ? *)")
    aws.schedules.close()
    aws.clock.set(NOON + 150 * MINUTE)

    aws.schedules = Schedules(aws.feed, aws.clock, endpoint=server.endpoint)
    aws.schedules.start()
    aws.step_to(NOON + 3 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + 3 * HOUR]


def test_nothing_fires_after_close_and_closing_twice_is_fine(aws):
    aws.create("s", "at(2030-01-01T13:00:00)")
    aws.move_to(NOON + MINUTE)

    aws.schedules.close()
    aws.schedules.close()
    aws.clock.set(NOON + HOUR)

    assert not any(t.name == "localaws-schedules" for t in threading.enumerate())
    assert aws.fired == []


# Missed


def test_of_the_times_missed_in_a_sleep_only_the_last_fires(aws):
    aws.create("s", "cron(*/10 * * * ? *)")

    aws.move_to(NOON + 8 * HOUR + 5 * MINUTE)

    assert aws.scheduled() == [NOON + 8 * HOUR]


def test_times_that_are_only_a_little_late_all_fire(aws):
    aws.clock.late = HOUR
    aws.create("s", "cron(*/10 * * * ? *)")

    aws.move_to(NOON + 35 * MINUTE)

    assert aws.scheduled() == [NOON + n * MINUTE for n in (10, 20, 30)]


def test_a_time_missed_by_more_than_the_maximum_age_goes_to_the_dead_letter_queue(aws):
    url = aws.sqs.create_queue(QueueName="dlq")["QueueUrl"]
    aws.create(
        "s",
        "at(2030-01-01T13:00:00)",
        text="late",
        target={
            "RetryPolicy": {"MaximumEventAgeInSeconds": 300},
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dlq"},
        },
    )

    aws.move_to(NOON + 2 * HOUR)

    assert aws.bodies() == []
    (letter,) = aws.messages(url)
    assert letter["Body"] == "late"
    said = letter["MessageAttributes"]
    assert said["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"
    assert "older than its maximum age" in aws.fired[0].error


# What


def test_keywords_of_the_input_are_replaced(aws):
    keywords = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    text = json.dumps({word: f"<aws.scheduler.{word}>" for word in keywords} | {"kept": "<a>"})
    arn = aws.create("s", "at(2030-01-01T13:00:00)", text=text)

    aws.move_to(NOON + HOUR)

    (got,) = map(json.loads, aws.bodies())
    assert len(got.pop("execution-id")) == 16
    assert got == {
        "schedule-arn": arn,
        "scheduled-time": "2030-01-01T13:00:00Z",
        "attempt-number": "1",
        "kept": "<a>",
    }


def test_a_state_machine_is_started_with_the_input(aws):
    machine = aws.machine()
    text = '{"scheduledTime": "<aws.scheduler.scheduled-time>", "trigger": "schedule"}'
    aws.create("s", "cron(0 * * * ? *)", target={"Arn": machine}, text=text)

    aws.step_to(NOON + 2 * HOUR, HOUR)

    assert sorted(run["scheduledTime"] for run in aws.inputs(machine)) == [
        "2030-01-01T13:00:00Z",
        "2030-01-01T14:00:00Z",
    ]
    assert [fired.error for fired in aws.fired] == [None, None]


def test_without_an_input_the_target_gets_a_notification(aws):
    arn = aws.create("s", "at(2030-01-01T13:00:00)")

    aws.move_to(NOON + HOUR)

    (got,) = map(json.loads, aws.bodies())
    assert uuid.UUID(got.pop("id"))
    assert got == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": "2030-01-01T13:00:00Z",
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }


def test_universal_targets_call_the_api(aws):
    machine = aws.machine()
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=aws.queue)
    calls = {
        "sfn:startExecution": {"StateMachineArn": machine, "Name": str(uuid.UUID(int=7)), "Input": '{"a":1}'},
        "sqs:sendMessage": {"QueueUrl": aws.url, "MessageBody": "sent"},
        "sns:publish": {"TopicArn": topic, "Message": "published"},
    }  # fmt: skip
    for number, (action, parameters) in enumerate(calls.items()):
        aws.create(
            f"s{number}",
            "at(2030-01-01T13:00:00)",
            target={"Arn": f"arn:aws:scheduler:::aws-sdk:{action}"},
            text=json.dumps(parameters),
        )

    aws.move_to(NOON + HOUR)

    assert [fired.error for fired in aws.fired] == [None, None, None]
    assert aws.inputs(machine) == [{"a": 1}]
    bodies = aws.bodies()
    assert "sent" in bodies
    assert any('"published"' in body for body in bodies)


def test_a_schedule_is_deleted_after_its_last_time_if_it_asks_for_that(aws):
    aws.create("once", "at(2030-01-01T13:00:00)", ActionAfterCompletion="DELETE")
    aws.create("kept", "at(2030-01-01T13:00:00)", ActionAfterCompletion="NONE")
    aws.create(
        "until",
        "cron(0 * * * ? *)",
        EndDate=NOON + 2 * HOUR + MINUTE,
        ActionAfterCompletion="DELETE",
    )

    def names():
        return {s["Name"] for s in aws.scheduler.list_schedules()["Schedules"]} - {"witness"}

    aws.move_to(NOON + HOUR)
    assert names() == {"kept", "until"}
    aws.move_to(NOON + 2 * HOUR)
    assert names() == {"kept"}


# Failures


def broken(aws, **policy):
    return aws.create(
        "s",
        "at(2030-01-01T13:00:00)",
        text='{"n": "<aws.scheduler.attempt-number>"}',
        ActionAfterCompletion="DELETE",
        target={
            "Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
            "RetryPolicy": policy,
            "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dlq"},
        },
    )


def test_a_start_that_fails_is_tried_again_until_it_works(aws):
    broken(aws, MaximumRetryAttempts=3)
    aws.move_to(NOON + HOUR)
    assert "StateMachineDoesNotExist" in aws.fired[0].error
    assert len(aws.scheduler.list_schedules()["Schedules"]) == 2

    machine = aws.machine()
    aws.move_to(NOON + HOUR + timedelta(seconds=1))

    assert aws.inputs(machine) == [{"n": "2"}]
    assert [fired.error is None for fired in aws.fired] == [False, True]
    assert {fired.scheduled_time for fired in aws.fired} == {NOON + HOUR}
    assert len(aws.scheduler.list_schedules()["Schedules"]) == 1


def test_a_start_that_keeps_failing_ends_in_the_dead_letter_queue(aws):
    url = aws.sqs.create_queue(QueueName="dlq")["QueueUrl"]
    arn = broken(aws, MaximumRetryAttempts=1)
    aws.move_to(NOON + HOUR)
    assert aws.messages(url) == []

    aws.move_to(NOON + HOUR + timedelta(seconds=1))

    (letter,) = aws.messages(url)
    target = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
    assert json.loads(letter["Body"]) == {"StateMachineArn": target, "Input": '{"n": "2"}'}
    said = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert len(said.pop("EXECUTION_ID")) == 16
    assert target in said.pop("ERROR_MESSAGE")
    assert said == {
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": target,
        "SCHEDULED_TIME": "2030-01-01T13:00:00Z",
        "IS_PAYLOAD_TRUNCATED": "false",
        "ERROR_CODE": "StateMachineDoesNotExist",
        "RETRY_ATTEMPTS": "1",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }
    assert [s["Name"] for s in aws.scheduler.list_schedules()["Schedules"]] == ["witness"]


# Rules


def rule(aws, expression, **more):
    events = aws.client("events")
    arn = events.put_rule(Name="r", ScheduleExpression=expression, **more)["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": aws.queue}])
    return arn


def test_the_schedule_of_a_rule_fires_in_utc(aws):
    arn = rule(aws, "cron(0 13 * * ? *)")

    aws.step_to(NOON + 2 * HOUR, HOUR)

    (fired,) = aws.fired
    assert (fired.schedule_arn, fired.scheduled_time) == (arn, NOON + HOUR)
    (event,) = map(json.loads, aws.bodies())
    assert uuid.UUID(event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2030-01-01T13:00:00Z",
        "region": REGION,
        "resources": [arn],
        "detail": {},
    }


def test_the_rate_of_a_rule_begins_after_its_first_period(aws):
    rule(aws, "rate(1 hour)")
    aws.move_to(NOON + 30 * MINUTE)
    # The same once more is no change.
    rule(aws, "rate(1 hour)")

    aws.step_to(NOON + 2 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + HOUR, NOON + 2 * HOUR]


def test_a_disabled_rule_does_not_fire(aws):
    rule(aws, "rate(1 hour)", State="DISABLED")
    aws.step_to(NOON + 90 * MINUTE, 30 * MINUTE)
    assert aws.fired == []

    aws.client("events").enable_rule(Name="r")
    aws.step_to(NOON + 3 * HOUR, 30 * MINUTE)

    assert aws.scheduled() == [NOON + 2 * HOUR, NOON + 3 * HOUR]


# With a clock that jumps


def test_a_week_of_nights_is_over_at_once_with_a_clock_that_jumps(aws, server):
    aws.schedules.close()
    start = datetime.now(UTC)
    aws.schedules = Schedules(aws.feed, MovedClock(start, None, quiet=0), endpoint=server.endpoint)
    aws.schedules.start()
    machine = aws.machine()
    aws.create("s", "cron(0 3 * * ? *)", target={"Arn": machine}, text="{}")

    eventually(lambda: len(aws.fired) >= 7)
    aws.schedules.close()

    nights = aws.scheduled()
    assert {(b - a) for a, b in itertools.pairwise(nights)} == {DAY}
    assert len(aws.inputs(machine)) == len(nights)
