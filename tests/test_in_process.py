"""Calls of this process's own clients: the answers of a connection, without one."""

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from localaws import clients
from localaws.server import Server

REGION = "eu-west-1"


@pytest.fixture
def server():
    with Server() as running:
        yield running
        clients.forget()


@pytest.fixture
def inside(server):
    return lambda service: clients.make_client(service, region=REGION, endpoint=server.endpoint)


@pytest.fixture
def outside(server):
    """Clients as another process has them."""

    def make(service):
        return botocore.session.Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=server.endpoint,
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )

    return make


def told(call):
    """Return an answer without what differs from one call to the next."""
    try:
        answer = call()
    except ClientError as error:
        answer = {**error.response, "kind": type(error).__name__}
    metadata = answer["ResponseMetadata"]
    passing = {"date", "server", "connection", "x-amzn-requestid", "x-amz-request-id"}
    headers = {k: v for k, v in metadata["HTTPHeaders"].items() if k not in passing}
    return {
        **answer,
        "ResponseMetadata": {
            "HTTPStatusCode": metadata["HTTPStatusCode"],
            "HTTPHeaders": {k: v for k, v in headers.items() if k != "content-length"},
        },
    }


# A protocol each: query, ec2, JSON, REST with a body in the path's place, REST with a path.
CALLS = {
    "sns": lambda client: client.create_topic(Name="a-topic"),
    "ec2": lambda client: client.describe_vpcs(),
    "ecs": lambda client: client.create_cluster(clusterName="a"),
    "scheduler": lambda client: client.list_schedule_groups(NamePrefix="a b/&ü"),
    "s3": lambda client: client.put_object(Bucket="none", Key="ä/b c+d", Body=b"text"),
    "stepfunctions": lambda client: client.describe_state_machine(
        stateMachineArn=f"arn:aws:states:{REGION}:123456789012:stateMachine:none"
    ),
}


@pytest.mark.parametrize("service", CALLS)
def test_an_answer_is_the_one_that_a_connection_gets(inside, outside, service):
    call = CALLS[service]

    assert told(lambda: call(inside(service))) == told(lambda: call(outside(service)))


def test_both_speak_to_one_aws(inside, outside):
    inside("logs").create_log_group(logGroupName="/batch/ü x")

    listed = outside("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in listed] == ["/batch/ü x"]


def test_nothing_is_connected(inside, server, monkeypatch):
    monkeypatch.setattr(server._server, "process_request", lambda *_: pytest.fail("connected"))

    assert inside("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_server_that_is_stopped_does_not_answer(server, inside):
    client = inside("sts")
    server.stop()

    with pytest.raises(EndpointConnectionError):
        client.get_caller_identity()
