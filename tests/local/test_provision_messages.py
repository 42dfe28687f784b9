from __future__ import annotations

import json

import pulumi_aws as aws

from tests.roles import open_role

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)


def test_a_rule_and_its_target_are_put(bench):
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    pattern = json.dumps({"source": ["aws.states"]})
    rule = bench.make(aws.cloudwatch.EventRule, name="r", eventPattern=pattern, isEnabled=False)
    target = bench.make(
        aws.cloudwatch.EventTarget,
        rule="r",
        arn=topic,
        targetId="t",
        inputTransformer={"inputPaths": {"s": "$.detail.status"}, "inputTemplate": '{"x": "<s>"}'},
        deadLetterConfig={"arn": queue},
        retryPolicy={"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3600},
    )

    client = bench.client("events")
    found = client.describe_rule(Name="r")

    assert rule.id == "r"
    assert rule.outputs["arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
    assert (found["EventPattern"], found["State"]) == (pattern, "DISABLED")
    assert target.id == "r-t"
    assert client.list_targets_by_rule(Rule="r")["Targets"] == [
        {
            "Id": "t",
            "Arn": topic,
            "InputTransformer": {
                "InputPathsMap": {"s": "$.detail.status"},
                "InputTemplate": '{"x": "<s>"}',
            },
            "DeadLetterConfig": {"Arn": queue},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
        }
    ]


def test_a_topic_has_its_attributes_policy_and_subscription(bench):
    topic = bench.make(aws.sns.Topic, name="t", displayName="Runs", kmsMasterKeyId="alias/k")
    bench.make(aws.sns.TopicPolicy, arn=topic.id, policy=POLICY)
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    subscription = bench.make(
        aws.sns.TopicSubscription,
        topic=topic.id,
        protocol="sqs",
        endpoint=queue,
        rawMessageDelivery=True,
    )

    client = bench.client("sns")
    found = client.get_topic_attributes(TopicArn=topic.id)["Attributes"]
    attributes = client.get_subscription_attributes(SubscriptionArn=subscription.id)["Attributes"]

    assert topic.outputs["arn"] == topic.id == f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
    assert (found["DisplayName"], found["KmsMasterKeyId"]) == ("Runs", "alias/k")
    assert json.loads(found["Policy"]) == json.loads(POLICY)
    assert (attributes["Endpoint"], attributes["RawMessageDelivery"]) == (queue, "true")


def test_a_queue_has_its_attributes_and_policy(bench):
    made = bench.make(
        aws.sqs.Queue, name="q", messageRetentionSeconds=1209600, sqsManagedSseEnabled=True
    )
    bench.make(aws.sqs.QueuePolicy, queueUrl=made.id, policy=POLICY)

    found = bench.client("sqs").get_queue_attributes(QueueUrl=made.id, AttributeNames=["All"])

    assert made.outputs["url"] == made.id
    assert made.outputs["arn"] == found["Attributes"]["QueueArn"]
    assert found["Attributes"]["MessageRetentionPeriod"] == "1209600"
    assert found["Attributes"]["SqsManagedSseEnabled"] == "true"
    assert found["Attributes"]["Policy"] == POLICY


def test_made_up_names_of_fifo_queues_and_topics_end_as_aws_wants(bench):
    queue = bench.make(aws.sqs.Queue, fifoQueue=True)
    topic = bench.make(aws.sns.Topic, fifoTopic=True)

    assert queue.outputs["name"].endswith(".fifo")
    assert topic.outputs["name"].endswith(".fifo")


def test_an_alarm_and_a_dashboard_are_put(bench):
    alarm = bench.make(
        aws.cloudwatch.MetricAlarm,
        name="a",
        comparisonOperator="GreaterThanThreshold",
        evaluationPeriods=1,
        threshold=0,
        metricName="ApproximateNumberOfMessagesVisible",
        namespace="AWS/SQS",
        period=60,
        statistic="Maximum",
        dimensions={"QueueName": "q"},
        alarmActions=["arn:aws:sns:us-east-1:123456789012:t"],
        treatMissingData="notBreaching",
    )
    bench.make(aws.cloudwatch.Dashboard, dashboardName="d", dashboardBody='{"widgets": []}')

    client = bench.client("cloudwatch")
    (found,) = client.describe_alarms(AlarmNames=["a"])["MetricAlarms"]

    assert alarm.outputs["arn"] == found["AlarmArn"]
    assert found["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]
    assert found["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:t"]
    assert (found["Threshold"], found["TreatMissingData"]) == (0, "notBreaching")
    assert client.get_dashboard(DashboardName="d")["DashboardBody"] == '{"widgets": []}'


def test_a_slack_channel_configuration_goes_to_the_slack_sink(bench):
    open_role(bench.client("iam"))
    made = bench.make(
        aws.chatbot.SlackChannelConfiguration,
        configurationName="c",
        iamRoleArn=ROLE,
        slackChannelId="C1",
        slackTeamId="T1",
        snsTopicArns=["arn:t"],
        guardrailPolicyArns=["arn:p"],
    )

    arn = f"arn:aws:chatbot::{ACCOUNT}:chat-configuration/slack-channel/c"
    assert bench.emulator.slack.configured == {
        "c": {
            "team_id": "T1",
            "channel_id": "C1",
            "topic_arns": ("arn:t",),
            "arn": arn,
            "role_arn": ROLE,
        }
    }
    assert made.id == made.outputs["chatConfigurationArn"] == arn
