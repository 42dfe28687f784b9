"""From what happens to what a rule's target gets."""

import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, fidelity, targets
from localaws import feed as feeds
from localaws.clock import MovedClock
from localaws.delivery import Delivery, RetryPolicy
from localaws.events import Events
from localaws.feed import ExecutionStatusChange, Feed, TaskStateChange
from localaws.server import Server
from localaws.targets import TargetError
from localaws.transformer import InputError, payload
from tests.local.samples import ACCOUNT, DETAIL, MACHINE, NOON, REGION, RUN
from tests.roles import open_policy, open_role

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
ANY_RUN = {"source": ["aws.states"]}


class Aws:
    """A bare server, the feed, and what delivers."""

    def __init__(self):
        self.feed = Feed()
        self.events = Events(self.feed, MovedClock(datetime.now(UTC), None, quiet=0))
        open_role(self.client("iam"), "events")

    def client(self, service):
        return clients.make_client(service, region=REGION, endpoint=targets.endpoint_of_server())

    def queue(self, name, **attributes):
        """Return URL and ARN of a new queue."""
        sqs = self.client("sqs")
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        policy = {"Policy": open_policy(arn, "sqs:SendMessage")}
        url = sqs.create_queue(QueueName=name, Attributes=policy | attributes)["QueueUrl"]
        return url, arn

    def rule(self, pattern, *targets, name="r", **more):
        events = self.client("events")
        if pattern is not None:
            more["EventPattern"] = json.dumps(pattern)
        events.put_rule(Name=name, **more)
        if targets:
            answer = events.put_targets(
                Rule=name, Targets=[{"Id": str(n), **t} for n, t in enumerate(targets)]
            )
            assert answer["FailedEntryCount"] == 0

    def run_ends(self, **changes):
        self.feed.publish(ExecutionStatusChange(NOON, ACCOUNT, REGION, DETAIL | changes))
        assert self.events.drain()

    def messages(self, url):
        assert self.events.drain()
        return (
            self.client("sqs")
            .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            .get("Messages", [])
        )

    def bodies(self, url):
        return [message["Body"] for message in self.messages(url)]


@pytest.fixture(scope="module")
def server():
    fidelity.apply_all()
    with Server():
        yield
        clients.forget()


@pytest.fixture
def aws(server):
    moto_api_backend.reset()
    before = feeds.current()
    made = Aws()
    feeds.use(made.feed)
    made.events.install()
    yield made
    made.events.close()
    feeds.use(before)


# What becomes an event


def test_a_run_that_ended_becomes_the_event_that_aws_sends(aws):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": arn})

    aws.run_ends()

    (body,) = aws.bodies(url)
    event = json.loads(body)
    assert uuid.UUID(event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "time": "2030-01-01T12:00:00Z",
        "region": REGION,
        "resources": [RUN],
        "detail": DETAIL,
    }
    assert list(json.loads(body))[:5] == ["version", "id", "detail-type", "source", "account"]


def test_a_task_that_changed_becomes_the_event_that_aws_sends(aws):
    url, arn = aws.queue("q")
    aws.rule({"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}, {"Arn": arn})
    task = {"taskArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/c/1", "lastStatus": "STOPPED"}

    aws.feed.publish(TaskStateChange(NOON, ACCOUNT, REGION, task))

    (event,) = map(json.loads, aws.bodies(url))
    assert event["resources"] == [task["taskArn"]]
    assert event["detail"] == task


def test_a_real_run_reaches_the_target_of_a_rule_with_each_status(aws):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": arn, "InputPath": "$.detail.status"})
    states = aws.client("stepfunctions")
    machine = states.create_state_machine(
        name="m",
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
    )["stateMachineArn"]

    states.start_execution(stateMachineArn=machine, name="one")

    got = []
    eventually(lambda: got.extend(aws.bodies(url)) or len(got) == 2)
    assert sorted(got) == ['"RUNNING"', '"SUCCEEDED"']


def eventually(holds):
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while not holds():
        assert datetime.now(UTC) < deadline, "it never came to hold"


# Which rules match


def test_only_a_pattern_that_matches_delivers(aws):
    url, arn = aws.queue("q")
    pattern = ANY_RUN | {
        "detail": {
            "status": ["FAILED"],
            "stateMachineArn": [{"prefix": MACHINE.removesuffix("report")}],
        }
    }
    aws.rule(pattern, {"Arn": arn, "InputPath": "$.detail.name"})

    aws.run_ends(name="other", stateMachineArn=MACHINE.replace("batch", "else"))
    aws.run_ends(name="fine", status="SUCCEEDED")
    aws.run_ends(name="match")

    assert aws.bodies(url) == ['"match"']


@pytest.mark.parametrize(
    ("pattern", "more"),
    [(ANY_RUN, {"State": "DISABLED"}), (None, {"ScheduleExpression": "rate(1 day)"})],
    ids=["disabled", "a schedule alone"],
)
def test_a_rule_that_is_off_or_has_no_pattern_matches_nothing(aws, pattern, more):
    url, arn = aws.queue("q")
    witness_url, witness = aws.queue("witness")
    aws.rule(pattern, {"Arn": arn}, name="silent", **more)
    aws.rule(ANY_RUN, {"Arn": witness}, name="witness")

    aws.run_ends()

    assert len(aws.bodies(witness_url)) == 1
    assert aws.bodies(url) == []


def test_events_stay_in_their_region(aws):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": arn, "InputPath": "$.region"})

    aws.feed.publish(ExecutionStatusChange(NOON, ACCOUNT, "us-east-1", DETAIL))
    aws.run_ends()

    assert aws.bodies(url) == [f'"{REGION}"']


def test_nothing_is_delivered_after_close(aws):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": arn})

    aws.events.close()
    aws.run_ends()

    assert aws.bodies(url) == []


# PutEvents


def put(aws, *entries):
    answer = aws.client("events").put_events(
        Entries=[{"DetailType": "t", "Detail": '{"n": 1}', **entry} for entry in entries]
    )
    assert aws.events.drain()
    return answer


def test_events_of_a_client_reach_the_same_targets(aws):
    url, arn = aws.queue("q")
    aws.rule({"source": ["mine"]}, {"Arn": arn})

    answer = put(aws, {"Source": "mine", "Time": NOON, "Resources": ["r"]})

    (event,) = map(json.loads, aws.bodies(url))
    assert answer["FailedEntryCount"] == 0
    assert event == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "t",
        "source": "mine",
        "account": ACCOUNT,
        "time": "2030-01-01T12:00:00Z",
        "region": REGION,
        "resources": ["r"],
        "detail": {"n": 1},
    }


def test_a_client_cannot_speak_for_aws(aws):
    url, arn = aws.queue("q")
    aws.rule({"source": [{"prefix": ""}]}, {"Arn": arn, "InputPath": "$.source"})

    answer = put(aws, {"Source": "aws.states"}, {"Source": "mine"})

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert "EventId" in answer["Entries"][1]
    assert aws.bodies(url) == ['"mine"']


def test_a_rule_passes_events_on_to_another_bus(aws):
    url, arn = aws.queue("q")
    events = aws.client("events")
    bus = events.create_event_bus(Name="other")["EventBusArn"]
    aws.rule(ANY_RUN, {"Arn": bus, "RoleArn": ROLE})
    events.put_rule(Name="there", EventBusName="other", EventPattern=json.dumps(ANY_RUN))
    events.put_targets(Rule="there", EventBusName="other", Targets=[{"Id": "1", "Arn": arn}])

    aws.run_ends()

    (event,) = map(json.loads, aws.bodies(url))
    assert event["source"] == "aws.states"


def test_an_archive_keeps_what_it_is_for(aws):
    events = aws.client("events")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus, EventPattern=json.dumps(ANY_RUN))

    aws.run_ends()

    assert events.describe_archive(ArchiveName="a")["EventCount"] == 1


# Targets


def test_a_topic_gets_the_event(aws):
    url, arn = aws.queue("q")
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    policy = open_policy(topic, "sns:Publish")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    aws.rule(ANY_RUN, {"Arn": topic, "InputPath": "$.detail.status"})

    aws.run_ends()

    assert aws.bodies(url) == ['"FAILED"']


def test_a_state_machine_is_started_with_the_event_as_input(aws):
    states = aws.client("stepfunctions")
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    machine = states.create_state_machine(
        name="m", roleArn=ROLE, definition=json.dumps(definition)
    )["stateMachineArn"]
    aws.rule({"source": ["mine"]}, {"Arn": machine, "RoleArn": ROLE, "Input": '{"commands":["a"]}'})

    put(aws, {"Source": "mine"}, {"Source": "mine"})

    runs = states.list_executions(stateMachineArn=machine)["executions"]
    assert len(runs) == 2
    assert all(uuid.UUID(run["name"]) for run in runs)
    run = states.describe_execution(executionArn=runs[0]["executionArn"])
    assert json.loads(run["input"]) == {"commands": ["a"]}


def test_a_log_group_gets_the_event(aws):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/g")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g"
    an_hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    said = {"InputPathsMap": {"s": "$.detail.status"}}
    said["InputTemplate"] = f'{{"timestamp": {an_hour_ago}, "message": "it <s>"}}'
    aws.rule(
        ANY_RUN,
        {"Arn": group, "InputPath": "$.detail.name"},
        {"Arn": f"{group}:*"} | {"InputTransformer": said},
    )

    aws.run_ends()

    found = logs.filter_log_events(logGroupName="/g")["events"]
    said_at = {event["message"]: event["timestamp"] for event in found}
    assert said_at.keys() == {'"abc"', "it FAILED"}
    assert said_at["it FAILED"] == an_hour_ago < said_at['"abc"']


def test_a_fifo_queue_gets_the_group_of_the_target(aws):
    url, arn = aws.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    target = {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail.name"}
    aws.rule(ANY_RUN, target)

    aws.run_ends()

    assert aws.bodies(url) == ['"abc"']


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"Arn": MACHINE}, "RoleArn is required"),
        ({"Arn": RULE, "Input": "no json"}, "JSON syntax error"),
        ({"Arn": RULE, "Input": "{}", "InputPath": "$.a"}, "Only one of"),
    ],
)
def test_targets_that_eventbridge_refuses_are_refused(aws, target, said):
    with pytest.raises(ClientError, match=said):
        aws.rule(ANY_RUN, target)

    assert aws.client("events").list_targets_by_rule(Rule="r")["Targets"] == []


@pytest.mark.parametrize("expression", ["cron(bad)", "rate(0 days)", "cron(0 1 * * * *)"])
def test_expressions_that_eventbridge_refuses_are_refused(aws, expression):
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        aws.rule(None, ScheduleExpression=expression)


# Deliveries that fail


def letters(aws, target):
    url, arn = aws.queue("dlq")
    aws.rule(ANY_RUN, target | {"DeadLetterConfig": {"Arn": arn}})
    aws.run_ends()
    return aws.messages(url)


def attributes(letter):
    return {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:nope"}, "NotFound"),
        ({"Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:nope", "RoleArn": ROLE}, "StateMachineDoesNotExist"),
        ({"Arn": "arn:aws:sns"}, "ValidationException"),
        ({"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/nope"}, "ResourceNotFoundException"),
        ({"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}, "UnsupportedTarget"),
        ({"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "InputPath": "$.detail.nope"}, "InvalidInput"),
    ],
)  # fmt: skip
def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue_at_once(aws, target, code):
    (letter,) = letters(aws, target)

    said = attributes(letter)
    assert json.loads(letter["Body"])["detail"] == DETAIL
    assert said.pop("ERROR_MESSAGE")
    assert said == {
        "RULE_ARN": RULE,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": code,
        "RETRY_ATTEMPTS": "0",
    }


def test_a_target_that_fails_keeps_no_other_from_its_event(aws):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:nope"}, {"Arn": arn})

    aws.run_ends()

    assert len(aws.bodies(url)) == 1


@pytest.fixture
def throttled(monkeypatch):
    """A target that answers with errors that pass."""
    calls = []

    def perform(request, *, endpoint):
        calls.append(request)
        if request.action == "publish":
            raise TargetError("ThrottlingException", "slow down", permanent=False)

    monkeypatch.setattr(targets, "perform", perform)
    return calls


def flaky(**policy):
    request = targets.Request("sns", "publish", REGION, {})
    return Delivery(
        lambda _attempt: request,
        RetryPolicy(**policy),
        NOON,
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:dlq",
        lambda _attempt: ("body", {"RULE_ARN": RULE}),
    )


def tried(delivery):
    """Attempt until it is over; return the seconds at which it was."""
    when, seconds = NOON, []
    while when is not None:
        seconds.append((when - NOON).total_seconds())
        when = delivery.attempt(when, endpoint="unused")
    return seconds


def test_an_error_that_passes_is_tried_again_with_growing_pauses(throttled):
    assert tried(flaky(retries=4)) == [0, 1, 3, 7, 15]

    letter = throttled[-1].parameters["MessageAttributes"]
    assert letter["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"
    assert letter["RETRY_ATTEMPTS"]["StringValue"] == "4"
    assert letter["ERROR_CODE"]["StringValue"] == "ThrottlingException"


def test_an_event_is_not_tried_for_longer_than_its_age(throttled):
    assert tried(flaky(age=timedelta(seconds=60))) == [0, 1, 3, 7, 15, 31]

    letter = throttled[-1].parameters["MessageAttributes"]
    assert letter["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"
    assert letter["RETRY_ATTEMPTS"]["StringValue"] == "5"


def test_pauses_stop_growing(throttled):
    seconds = tried(flaky())

    assert max(b - a for a, b in itertools.pairwise(seconds)) == 600


def test_the_default_policy_is_that_of_aws():
    assert RetryPolicy.of({}) == RetryPolicy(185, timedelta(days=1))
    assert RetryPolicy.of(
        {"RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}}
    ) == RetryPolicy(0, timedelta(seconds=60))


def test_a_rule_tries_again_after_an_error_that_passes(aws, monkeypatch):
    url, arn = aws.queue("q")
    aws.rule(ANY_RUN, {"Arn": arn, "InputPath": "$.detail.name"})
    perform, refusals = targets.perform, [1, 2]

    def flaky_perform(request, *, endpoint):
        if refusals:
            refusals.pop()
            raise TargetError("ThrottlingException", "slow down", permanent=False)
        perform(request, endpoint=endpoint)

    monkeypatch.setattr(targets, "perform", flaky_perform)
    aws.run_ends()

    got = []
    eventually(lambda: got.extend(aws.bodies(url)) or got)
    assert got == ['"abc"']


# Inputs

EVENT = {
    "version": "0",
    "detail-type": "T",
    "source": "mine",
    "detail": {
        "text": 'say "hi"',
        "plain": "fine",
        "number": 3,
        "yes": True,
        "none": None,
        "list": [{"a": 1}, {"a": "x"}],
        "dashed-key": "d",
        "with space": "s",
    },
}


def given(target):
    return payload(target, EVENT, rule_arn=RULE, ingested=NOON)


def filled(template, **paths):
    return given({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}})


def test_without_more_the_whole_event_is_the_input():
    assert json.loads(given({})) == EVENT


def test_a_constant_is_passed_as_it_is():
    assert given({"Input": '{ "a": 1 }'}) == '{ "a": 1 }'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.detail.plain", '"fine"'),
        ("$.detail.number", "3"),
        ("$.detail.none", "null"),
        ("$.detail.list[0]", '{"a":1}'),
        ("$.detail.list[1].a", '"x"'),
        ("$.detail.list[*].a", '[1,"x"]'),
        ("$.detail.dashed-key", '"d"'),
        ("$.detail['with space']", '"s"'),
        ("$.detail-type", '"T"'),
    ],
)
def test_a_part_of_the_event_is_passed_as_json(path, text):
    assert given({"InputPath": path}) == text


@pytest.mark.parametrize("path", ["$.detail.nope", "$.detail.list[9]", "$.detail.plain.x"])
def test_a_part_that_is_not_there_cannot_be_passed(path):
    with pytest.raises(InputError, match="nothing there"):
        given({"InputPath": path})


def test_a_path_that_is_none_is_refused():
    with pytest.raises(InputError, match="is not a step"):
        given({"InputPath": "$.detail[?(@.a)]"})


@pytest.mark.parametrize(
    ("path", "bare", "quoted"),
    [
        ("$.detail.plain", '"fine"', "<fine>"),
        ("$.detail.number", "3", "<3>"),
        ("$.detail.yes", "true", "<true>"),
        ("$.detail.none", "null", "<null>"),
        ("$.detail.list", '[{"a":1},{"a":"x"}]', "<[{a:1},{a:x}]>"),
        ("$.detail.nope", '""', "<>"),
    ],
)
def test_quotes_decide_how_a_value_is_put_into_a_template(path, bare, quoted):
    assert filled('{"v": <v>}', v=path) == f'{{"v": {bare}}}'
    assert json.loads(filled('{"v": "<<v>>"}', v=path)) == {"v": quoted}


def test_a_string_without_quotes_of_the_template_is_made_valid_json():
    assert json.loads(filled('{"v": <v>}', v="$.detail.text")) == {"v": 'say "hi"'}


def test_a_quote_in_a_value_breaks_the_template_as_on_aws():
    with pytest.raises(InputError, match="result is not JSON"):
        filled('{"v": "<v>"}', v="$.detail.text")


def test_a_text_template_stays_a_text():
    assert filled('"it was <v>"', v="$.detail.plain") == '"it was fine"'


def test_escaped_quotes_of_a_template_do_not_end_its_strings():
    template = r'{"v": "a \"<v>\" b", "w": <v>}'

    assert json.loads(filled(template, v="$.detail.plain")) == {"v": 'a "fine" b', "w": "fine"}


def test_names_in_angle_brackets_that_are_no_variables_stay_inside_strings():
    link = '{"v": "<https://example.com|logs> <v>"}'

    assert json.loads(filled(link, v="$.detail.plain")) == {"v": "<https://example.com|logs> fine"}


def test_an_unknown_variable_outside_strings_is_refused():
    with pytest.raises(InputError, match="<nope> is no variable"):
        filled('{"v": <nope>}')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aws.events.rule-arn", RULE),
        ("aws.events.rule-name", "r"),
        ("aws.events.event.ingestion-time", "2030-01-01T12:00:00Z"),
        ("aws.events.event.json", EVENT),
        ("aws.events.event", {k: v for k, v in EVENT.items() if k != "detail"}),
    ],
)
def test_reserved_variables_need_no_path(name, value):
    assert json.loads(filled(f'{{"v": <{name}>}}')) == {"v": value}
