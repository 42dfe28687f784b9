"""The stand-in provider itself: what it refuses, names and replaces, as its source says."""

from __future__ import annotations

import re

import pulumi
import pulumi_aws as aws
import pytest

from tests.engine import stacks, wire
from tests.engine.cloud import Call


def queue(**args):
    return lambda: aws.sqs.Queue("letters", **args)


def topic(**args):
    return lambda: aws.sns.Topic("news", **args)


def refusal(stack, verb="preview"):
    with pytest.raises(stacks.Failed) as failure:
        getattr(stack, verb)()
    return failure.value.plan.said


# What it refuses


def test_a_property_that_does_not_exist_is_refused(backend):
    def program():
        pulumi.CustomResource("aws:sqs/queue:Queue", "letters", {"visibility": 3})

    said = refusal(backend.stack(program))

    assert "property visibility value {3} has a problem: unknown property" in said


def test_a_property_that_is_missing_is_refused(backend):
    def program():
        pulumi.CustomResource("aws:ecs/taskDefinition:TaskDefinition", "t", {"family": "x"})

    said = refusal(backend.stack(program))

    assert "property containerDefinitions value {<nil>} has a problem: required" in said


def test_a_type_of_which_nothing_is_written_down_is_refused(backend):
    said = refusal(backend.stack(lambda: aws.iot.Thing("thing")))

    assert "aws:iot/thing:Thing: not in published/aws.yaml; read it up" in said


def test_a_question_without_an_answer_is_refused(backend):
    def program():
        aws.ec2.get_ami_output(most_recent=True, owners=["self"])

    assert "aws:ec2/getAmi:getAmi: no answer written down" in refusal(backend.stack(program))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda name: aws.cloudwatch.LogGroup(name, name="/a"), "ResourceAlreadyExistsException"),
        (
            lambda name: aws.scheduler.ScheduleGroup(name, name="a"),
            "ConflictException",
        ),
    ],
)
def test_a_name_that_is_taken_ends_in_the_error_of_the_api(backend, make, error):
    backend.stack(lambda: make("one"), project="first").up()

    said = refusal(backend.stack(lambda: make("two"), project="second"), "up")

    assert re.search(rf"\(two\):\s+error: {error}: \S+ already exists", said)
    assert len(backend.cloud.resources) == 1


# What it names


def test_what_has_no_name_gets_one_that_stays(backend):
    stack = backend.stack(queue())
    stack.up()
    name = backend.cloud.of("Queue")["letters"].outputs["name"]

    assert re.fullmatch("letters-[0-9a-f]{7}", name)
    assert stack.up(queue(delay_seconds=5)).changes == ["update sqs.Queue letters: delaySeconds"]
    assert backend.cloud.of("Queue")["letters"].outputs["name"] == name


def test_a_replacement_gets_a_new_name(backend):
    stack = backend.stack(queue())
    stack.up()
    before = backend.cloud.of("Queue")["letters"].outputs["name"]

    plan = stack.up(queue(fifo_queue=True))

    assert [change.split(":")[0] for change in plan.changes] == ["replace sqs.Queue letters"]
    after = backend.cloud.of("Queue")["letters"].outputs["name"]
    assert re.fullmatch("letters-[0-9a-f]{7}", after.removesuffix(".fifo"))
    assert after != before


# What it replaces, and in which order


def group(**args):
    return lambda: aws.cloudwatch.LogGroup("logs", **args)


def verbs(cloud):
    return [call.verb for call in cloud.calls]


def test_what_the_program_named_is_deleted_before_it_is_replaced(backend):
    stack = backend.stack(group(name="/logs", log_group_class="STANDARD"))
    stack.up()

    plan = stack.up(group(name="/logs", log_group_class="INFREQUENT_ACCESS"))

    assert plan.changes == ["replace-deleting-first cloudwatch.LogGroup logs: logGroupClass"]
    assert verbs(backend.cloud) == ["create", "delete", "create"]


def test_what_the_provider_named_is_made_before_the_old_one_is_deleted(backend):
    stack = backend.stack(group(log_group_class="STANDARD"))
    stack.up()

    plan = stack.up(group(log_group_class="INFREQUENT_ACCESS"))

    assert [change.split()[0] for change in plan.changes] == ["replace"]
    assert verbs(backend.cloud) == ["create", "create", "delete"]


def channel(**args):
    def program():
        aws.chatbot.SlackChannelConfiguration(
            "room",
            **{
                "configuration_name": "room",
                "iam_role_arn": "arn:aws:iam::123456789012:role/r",
                "slack_channel_id": "C1",
                "slack_team_id": "T1",
                **args,
            },
        )

    return program


def test_a_resource_of_the_plugin_framework_is_made_before_the_old_one_is_deleted(backend):
    stack = backend.stack(channel())
    stack.up()

    plan = stack.up(channel(configuration_name="hall"))

    assert plan.changes == ["replace chatbot.SlackChannelConfiguration room: configurationName"]
    assert verbs(backend.cloud) == ["create", "create", "delete"]


def test_a_change_that_replaces_nothing_updates_in_place(backend):
    stack = backend.stack(group(name="/logs", retention_in_days=7))
    stack.up()

    plan = stack.up(group(name="/logs", retention_in_days=14))

    assert plan.changes == ["update cloudwatch.LogGroup logs: retentionInDays"]
    assert verbs(backend.cloud) == ["create", "update"]


# What it knows before it makes anything


def test_what_only_the_api_knows_is_not_known_at_preview(backend):
    def program():
        made = aws.sns.Topic("news", name="news")
        aws.sqs.Queue("letters", name=made.name)
        aws.sns.TopicSubscription(
            "news", topic=made.arn, protocol="email", endpoint="oncall@example.com"
        )

    plan = backend.stack(program).preview()

    assert plan.states["sqs.Queue letters"]["name"] == "news"
    assert plan.states["sns.TopicSubscription news"]["topic"] == wire.UNKNOWN
    assert backend.cloud.calls == []


def test_a_replacement_is_not_known_at_preview_either(backend):
    def program(display_name, fifo):
        def run():
            made = aws.sqs.Queue("letters", fifo_queue=fifo)
            aws.sns.Topic("news", name="news", display_name=made.arn)

        return run

    stack = backend.stack(program("", fifo=None))
    stack.up()

    plan = stack.preview(program("", fifo=True))

    assert plan.states["sns.Topic news"]["displayName"] == wire.UNKNOWN


# What it records


def test_it_records_what_the_engine_asked_for(backend):
    stack = backend.stack(topic(name="news"))
    stack.preview()
    stack.up()
    stack.up(topic(name="news", display_name="News"))
    stack.refresh()
    stack.destroy()

    token = "aws:sns/topic:Topic"
    assert backend.cloud.calls == [
        Call(verb, token, "news", "eu-west-1") for verb in ("create", "update", "read", "delete")
    ]


def test_a_failure_is_had_once(backend):
    stack = backend.stack(topic(name="news"))
    backend.cloud.fail("create", "Topic", "news", "Throttling: rate exceeded")

    assert "aws:sns:Topic (news):\n    error: Throttling: rate exceeded\n" in refusal(stack, "up")
    assert stack.up().changes == ["create sns.Topic news"]


def test_a_call_is_made_in_the_region_of_its_provider(backend):
    def program():
        there = aws.Provider("there", region="ap-northeast-1")
        aws.sns.Topic("here", name="news")
        aws.sns.Topic("there", name="news", opts=pulumi.ResourceOptions(provider=there))

    backend.stack(program).up()

    assert {one.name: one.outputs["arn"] for one in backend.cloud.resources.values()} == {
        "here": "arn:aws:sns:eu-west-1:123456789012:news",
        "there": "arn:aws:sns:ap-northeast-1:123456789012:news",
    }


def test_tags_of_a_provider_are_on_all_that_it_makes(backend):
    tags = {"environment": "test"}
    stack = backend.stack(topic(name="news"), config={"aws:defaultTags": {"tags": tags}})
    stack.up()

    assert backend.cloud.of("Topic")["news"].outputs["tagsAll"] == tags
    assert stack.preview().changes == []
