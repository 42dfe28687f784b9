"""What AWS refuses, as the operator reads it: real answers of a server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from batchctl import aws
from batchctl.main import batchctl
from batchctl.policies import having

DENIED = (
    "User: arn:aws:sts::111111111111:assumed-role/x/jane is not authorized to perform: {action} on "
    "resource: {resource} because no identity-based policy allows the {action} action"
)
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111111111111:"
    "assumed-role/x/jane</Arn><UserId>x</UserId><Account>111111111111</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", ".GetCallerIdentity").rpartition(".")[2]
        self.server.asked.append(operation)
        status, body = self.server.answer(operation)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    """A server in place of AWS; ``answer`` is what it answers an operation."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def refuse(code, message="no", *, of="Query"):
    def answer(operation):
        if operation == of:
            return 400, json.dumps({"__type": code, "message": message})
        return (200, IDENTITY) if operation == "GetCallerIdentity" else (200, "{}")

    return answer


def call(served, *words, **environment):
    where = [
        "--platform", "batch", "--stack", "prod", "--region", "eu-west-1",
        "--endpoint", f"http://127.0.0.1:{served.server_address[1]}",
    ]  # fmt: skip
    given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "BATCHCTL_ENV": ""}
    return CliRunner().invoke(batchctl, [*words, *where], env={**given, **environment})


@pytest.mark.parametrize(
    ("action", "resource", "policies"),
    [
        (
            "states:StartExecution",
            "arn:aws:states:eu-west-1:111111111111:stateMachine:batch-prod-hello",
            "runner and admin have it",
        ),
        (
            "dynamodb:Query",
            "arn:aws:dynamodb:eu-west-1:111111111111:table/batch-prod-control/index/open",
            "viewer and runner have it",
        ),
    ],
)
def test_a_denial_tells_what_on_what_and_which_policy_has_it(served, action, resource, policies):
    served.answer = refuse("AccessDeniedException", DENIED.format(action=action, resource=resource))

    result = call(served, "ls")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip() == (
        f"Error: {action} on {resource}: access denied; ask for a policy that has it: {policies} "
        "(docs/permissions.md)"
    )


def test_an_action_that_no_policy_has_is_said_to_be_in_none(served):
    message = DENIED.format(action="ec2:RunInstances", resource="*")
    served.answer = refuse("AccessDeniedException", message)

    assert "none of this project's policies has it" in call(served, "ls").stderr


def test_the_policies_have_what_their_verbs_call():
    assert having("states:DescribeExecution") == ["viewer", "runner", "admin"]
    assert having("states:UpdateStateMachine") == ["deployer", "admin"]
    assert having("s3:GetObject") == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "ExpiredTokenException",
            "credentials: those of the environment (AWS_ACCESS_KEY_ID) have expired; "
            "run `aws sso login`, or name another with --profile",
        ),
        (
            "UnrecognizedClientException",
            "credentials: AWS does not know those of the environment (AWS_ACCESS_KEY_ID) "
            "(UnrecognizedClientException); check --profile",
        ),
        ("ValidationException", "Query: ValidationException: no; see what AWS says of this error"),
    ],
)
def test_a_refusal_says_what_to_do(served, code, message):
    served.answer = refuse(code)

    result = call(served, "ls")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {message}\n"


def test_the_profile_that_expired_is_named(served, tmp_path):
    (tmp_path / "credentials").write_text(
        "[night]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    served.answer = refuse("ExpiredTokenException")

    result = call(
        served, "ls", "--profile", "night", AWS_SHARED_CREDENTIALS_FILE=f"{tmp_path}/credentials"
    )

    assert "those of the profile night have expired; run `aws sso login --profile night`" in (
        result.stderr
    )


def test_a_profile_that_there_is_not_is_named(served, tmp_path):
    result = call(served, "ls", "--profile", "nigth", AWS_CONFIG_FILE=f"{tmp_path}/none")

    assert result.exit_code == 1
    assert "--profile: The config profile (nigth) could not be found" in result.stderr


def test_without_credentials_it_says_where_they_are_looked_for(served, tmp_path):
    result = call(
        served, "ls",
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=f"{tmp_path}/none", AWS_SHARED_CREDENTIALS_FILE=f"{tmp_path}/none",
    )  # fmt: skip

    assert result.exit_code == 1
    assert "credentials: the profile default has none; run `aws sso login`" in result.stderr


def test_throttling_is_waited_for(served, monkeypatch):
    """As against AWS; an emulator throttles nobody, and is not asked again so often."""
    monkeypatch.setattr(aws, "LOCAL_RETRIES", aws.RETRIES)
    left = 3

    def answer(operation):
        nonlocal left
        if operation == "Query" and left:
            left -= 1
            return 400, json.dumps({"__type": "ThrottlingException", "message": "slow down"})
        return refuse("ValidationException")(operation)

    served.answer = answer

    result = call(served, "ls")

    assert served.asked.count("Query") == 4
    assert "ThrottlingException" not in result.stderr


def test_another_account_than_the_stack_s_is_said_to_be_another(served, tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(
        "config:\n  aws:region: eu-west-1\n  batch-platform:accountId: '222222222222'\n"
    )
    monkeypatch.chdir(tmp_path)
    served.answer = refuse("")

    result = CliRunner().invoke(
        batchctl,
        ["ls", "--env", "prod", "--endpoint", f"http://127.0.0.1:{served.server_address[1]}"],
        env={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
    )

    assert result.exit_code == 1
    assert "these credentials are of account 111111111111, the stack is in 222222222222" in (
        result.stderr
    )
