"""What a channel shows of what a topic is told, and what Amazon Q would drop."""

import json

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws import clients, notifications, targets
from localaws.events import Events
from localaws.feed import ExecutionStatusChange, Feed, SlackMessage
from localaws.notifications import Dropped, Notification
from localaws.server import Server
from localaws.slack import Slack
from tests.local.samples import ACCOUNT, DETAIL, NOON, REGION
from tests.roles import open_policy

CUSTOM = {
    "version": "1.0",
    "source": "custom",
    "content": {
        "textType": "client-markdown",
        "title": "report failed",
        "description": "exit code 3",
        "nextSteps": ["read the log", "run it again"],
    },
    "metadata": {"threadId": "report"},
}


class Channels:
    """A topic with a channel, one without, and what the channels showed."""

    def __init__(self):
        self.feed = Feed()
        self.shown = []
        self.feed.subscribe(self.note)
        self.slack = Slack(self.feed)
        self.sns = clients.make_client("sns", region=REGION, endpoint=targets.endpoint_of_server())
        self.topic = self.sns.create_topic(Name="failure")["TopicArn"]
        self.silent = self.sns.create_topic(Name="other")["TopicArn"]
        self.slack.configure(
            name="failures", team_id="T1", channel_id="C1", topic_arns=[self.topic]
        )

    def note(self, happening):
        if isinstance(happening, SlackMessage):
            self.shown.append(happening)


@pytest.fixture(scope="module")
def server():
    with Server():
        yield
        clients.forget()


@pytest.fixture
def channels(server):
    moto_api_backend.reset()
    made = Channels()
    yield made
    made.slack.close()


# What is heard


def test_a_channel_shows_what_its_topic_is_told(channels):
    text = json.dumps(CUSTOM)

    channels.sns.publish(TopicArn=channels.topic, Message=text)

    (shown,) = channels.shown
    assert (shown.channel, shown.topic_arn) == ("C1", channels.topic)
    assert (shown.title, shown.description) == ("report failed", "exit code 3")
    assert shown.next_steps == ("read the log", "run it again")
    assert shown.thread == "report"
    assert shown.dropped is None
    assert shown.raw == text


def test_what_amazon_q_drops_says_why(channels):
    channels.sns.publish(TopicArn=channels.topic, Message="report failed")

    (shown,) = channels.shown
    assert shown.dropped.startswith("message: not JSON")
    assert (shown.title, shown.description, shown.raw) == ("", "", "report failed")


def test_a_topic_without_a_channel_shows_nothing(channels):
    channels.sns.publish(TopicArn=channels.silent, Message=json.dumps(CUSTOM))

    assert channels.shown == []


def test_success_and_failure_have_their_own_channels(channels):
    channels.slack.configure(
        name="successes", team_id="T1", channel_id="C2", topic_arns=[channels.silent]
    )

    channels.sns.publish(TopicArn=channels.silent, Message=json.dumps(CUSTOM))
    channels.sns.publish(TopicArn=channels.topic, Message=json.dumps(CUSTOM))

    assert [shown.channel for shown in channels.shown] == ["C2", "C1"]


def test_a_topic_may_have_several_channels(channels):
    channels.slack.configure(
        name="more", team_id="T1", channel_id="C2", topic_arns=[channels.topic]
    )

    channels.sns.publish(TopicArn=channels.topic, Message=json.dumps(CUSTOM))

    assert [shown.channel for shown in channels.shown] == ["C1", "C2"]


def test_a_configuration_is_replaced_by_its_name_and_can_be_removed(channels):
    channels.slack.configure(name="failures", team_id="T1", channel_id="C9", topic_arns=[])
    assert [c.channel_id for c in channels.slack.configurations] == ["C9"]

    channels.slack.remove("failures")
    channels.sns.publish(TopicArn=channels.topic, Message=json.dumps(CUSTOM))

    assert channels.slack.configurations == ()
    assert channels.shown == []


def test_messages_of_a_batch_are_shown_too(channels):
    channels.sns.publish_batch(
        TopicArn=channels.topic,
        PublishBatchRequestEntries=[{"Id": str(n), "Message": json.dumps(CUSTOM)} for n in (1, 2)],
    )

    assert len(channels.shown) == 2


def test_a_message_that_differs_by_protocol_is_read_as_the_one_for_https(channels):
    texts = {"default": "plain", "email": "mail", "https": json.dumps(CUSTOM)}

    channels.sns.publish(
        TopicArn=channels.topic, Message=json.dumps(texts), MessageStructure="json"
    )

    assert channels.shown[0].title == "report failed"


def test_email_subscriptions_get_nothing_and_disturb_nobody(channels):
    channels.sns.subscribe(TopicArn=channels.topic, Protocol="email", Endpoint="ops@example.com")

    channels.sns.publish(TopicArn=channels.topic, Message=json.dumps(CUSTOM))

    assert [shown.title for shown in channels.shown] == ["report failed"]


def test_only_the_newest_emulator_listens(channels):
    Slack(Feed()).close()

    channels.sns.publish(TopicArn=channels.topic, Message=json.dumps(CUSTOM))

    assert channels.shown == []


def test_a_rule_with_a_template_reaches_the_channel(channels):
    events = clients.make_client("events", region=REGION, endpoint=targets.endpoint_of_server())
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.states"]}))
    channels.sns.set_topic_attributes(
        TopicArn=channels.topic,
        AttributeName="Policy",
        AttributeValue=open_policy(channels.topic, "sns:Publish"),
    )
    template = {
        "version": "1.0",
        "source": "custom",
        "content": {"title": "<name> ended", "description": "status <status>"},
    }
    paths = {"name": "$.detail.name", "status": "$.detail.status"}
    events.put_targets(
        Rule="r",
        Targets=[
            {
                "Id": "1",
                "Arn": channels.topic,
                "InputTransformer": {
                    "InputPathsMap": paths,
                    "InputTemplate": json.dumps(template),
                },
            }
        ],
    )
    delivering = Events(channels.feed)
    delivering.install()

    channels.feed.publish(ExecutionStatusChange(NOON, ACCOUNT, REGION, DETAIL))
    assert delivering.drain()
    delivering.close()

    (shown,) = channels.shown
    assert (shown.title, shown.description) == ("abc ended", "status FAILED")


# What is read


def custom(**changes):
    return json.dumps(CUSTOM | changes)


def test_a_notification_needs_no_more_than_a_description():
    text = custom(content={"description": "it failed"}, metadata=None)

    assert notifications.read(text) == Notification("", "it failed")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("failed", "message: not JSON"),
        ('{"a": "b" c"}', "message: not JSON"),
        ('"failed"', "message: not a JSON object"),
        ("[1]", "message: not a JSON object"),
        ("{}", 'source: None is not "custom"'),
        (custom(source="mine"), "source: 'mine' is not \"custom\""),
        (custom(version="1"), "version: '1' is not \"1.0\""),
        (custom(version=1.0), "version: 1.0 is not \"1.0\""),
        (custom(version=None), "version: None is not \"1.0\""),
        (custom(content="it failed"), "content: not an object"),
        (custom(content={"title": "a"}), "content.description: missing or empty"),
        (custom(content={"description": " "}), "content.description: missing or empty"),
        (custom(content={"description": 3}), "content.description: not a string"),
        (custom(content={"description": "a" * 8001}), "content.description: 8001 characters"),
        (custom(content={"description": "a", "title": "a" * 251}), "content.title: 251 characters"),
        (custom(content={"description": "a", "textType": "html"}), "content.textType: 'html'"),
        (custom(content={"description": "a", "nextSteps": "b"}), "content.nextSteps: not a list"),
        (custom(content={"description": "a", "nextSteps": [1]}), "content.nextSteps: not a list"),
        (custom(metadata={"threadId": 7}), "metadata.threadId: not a string"),
    ],
)  # fmt: skip
def test_anything_else_is_dropped_with_a_reason_and_a_remedy(text, why):
    with pytest.raises(Dropped) as dropped:
        notifications.read(text)

    assert str(dropped.value).startswith(why)
    assert "; " in str(dropped.value)


def event(source, detail, kind="Step Functions Execution Status Change", **more):
    return json.dumps(
        {
            "version": "0",
            "id": "1",
            "detail-type": kind,
            "source": source,
            "account": ACCOUNT,
            "time": "2030-01-01T12:00:00Z",
            "region": REGION,
            "resources": [],
            "detail": detail,
        }
        | more
    )


def test_an_event_of_step_functions_is_shown_as_it_is():
    shown = notifications.read(event("aws.states", DETAIL | {"error": "Job.ExitCode"}))

    assert shown.title == (
        f"Step Functions Execution Status Change | {REGION} | Account: {ACCOUNT}"
    )
    assert shown.description.splitlines() == [
        "Status: FAILED",
        "StateMachine: batch-stg-report",
        "Execution: abc",
        "Error: Job.ExitCode",
    ]


def test_an_event_of_ecs_is_shown_as_it_is():
    task = {
        "lastStatus": "STOPPED",
        "taskArn": "arn:aws:ecs:r:1:task/c/1",
        "taskDefinitionArn": "arn:aws:ecs:r:1:task-definition/batch-stg:4",
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "app", "exitCode": 0}, {"name": "agent"}],
    }

    shown = notifications.read(event("aws.ecs", task, "ECS Task State Change"))

    assert shown.title.startswith("ECS Task State Change | ")
    assert shown.description.splitlines() == [
        "Status: STOPPED",
        "Task: arn:aws:ecs:r:1:task/c/1",
        "TaskDefinition: batch-stg:4",
        "StopCode: EssentialContainerExited",
        "ExitCodes: app=0",
    ]


def test_an_event_of_another_service_is_shown_with_its_resources():
    shown = notifications.read(event("aws.health", {}, "AWS Health Event", resources=["arn"]))

    assert shown.description == "Resources: arn\nTime: 2030-01-01T12:00:00Z"


def test_an_event_of_somebody_else_is_dropped():
    with pytest.raises(Dropped, match="is no AWS service"):
        notifications.read(event("mine", {}))


def test_an_event_that_was_cut_is_dropped():
    cut = json.loads(event("aws.states", DETAIL))
    del cut["account"]

    with pytest.raises(Dropped, match='is not "custom"'):
        notifications.read(json.dumps(cut))


def test_an_alarm_is_shown():
    alarm = {
        "AlarmName": "batch-stg-starts",
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "Region": "EU (Ireland)",
        "OldStateValue": "OK",
        "NewStateValue": "ALARM",
        "NewStateReason": "1 datapoint was greater than the threshold",
        "StateChangeTime": "2030-01-01T12:00:00.000+0000",
    }

    shown = notifications.read(json.dumps(alarm))

    assert shown.title == f"CloudWatch Alarm | batch-stg-starts | EU (Ireland) | {ACCOUNT}"
    assert shown.description.splitlines() == [
        "State: OK -> ALARM",
        "Reason: 1 datapoint was greater than the threshold",
        "Time: 2030-01-01T12:00:00.000+0000",
    ]
