"""What AWS and the platform say of a run's end, in words and with advice.

The texts are AWS's own, as its guides and its users' reports have them.
"""

import pytest

from batch.contract import RunError
from batch.control import Skip
from batch.diagnosis import diagnose

ECR = "111111111111.dkr.ecr.us-east-1.amazonaws.com"
TIMEOUT = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve {what}: service call has been retried 3 time(s): "
    'RequestError: send request failed caused by: Post "https://{host}/": dial tcp 52.46.1.1:443: '
    "i/o timeout. Please check your task network configuration."
)
DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): "
    "failed to fetch secret arn:aws:secretsmanager:us-east-1:111111111111:secret:db-x from secrets "
    "manager: AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/x/y is not "
    "authorized to perform: secretsmanager:GetSecretValue on resource: db-x because no "
    "identity-based policy allows the secretsmanager:GetSecretValue action status code: 400"
)

STARTS = [
    (
        f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
        f"resolve ref {ECR}/app:v9: {ECR}/app:v9: not found",
        "its image was not found",
        "correct its name or tag",
    ),
    (
        "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "
        '"docker.io/library/nothere:latest": failed to do request: manifest unknown',
        "its image was not found",
        "push the image",
    ),
    (
        "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "
        '"docker.io/me/private:1": pull access denied, repository does not exist or may require '
        "authorization: server message: insufficient_scope: authorization failed",
        "it may not pull its image",
        "execution role",
    ),
    (
        "CannotPullContainerError: Error response from daemon: pull access denied for "
        f"{ECR}/app, repository does not exist or may require 'docker login': denied: User: "
        "arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:BatchGetImage on resource",
        "it may not pull its image",
        "execution role",
    ),
    (
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform "
        "'linux/arm64'",
        "its image is not built for its CPU architecture",
        "docker build --platform",
    ),
    (
        "CannotPullContainerError: failed to pull and unpack image: no match for platform in "
        "manifest: not found",
        "its image is not built for its CPU architecture",
        "docker build --platform",
    ),
    (
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReaderSeeker: "
        "failed open: unexpected status code 429 Too Many Requests - Server message: "
        "toomanyrequests: You have reached your pull rate limit.",
        "the registry allows no more pulls for now",
        "copy the image to ECR",
    ),
    (
        f"CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
        f'httpReadSeeker: failed open: failed to do request: Get "https://{ECR}": dial tcp '
        "10.0.1.2:443: i/o timeout",
        "it could not reach the image's registry",
        "NAT gateway",
    ),
    (
        TIMEOUT.format(what="ecr registry auth", host="api.ecr.us-east-1.amazonaws.com"),
        "it could not reach AWS to get its secrets or the right to pull",
        "NAT gateway",
    ),
    (
        TIMEOUT.format(what="secret from asm", host="secretsmanager.us-east-1.amazonaws.com"),
        "it could not reach AWS to get its secrets or the right to pull",
        "VPC endpoints",
    ),
    (DENIED, "its execution role may not read one of its secrets", "secrets"),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve "
        "secret from asm: service call has been retried 1 time(s): failed to fetch secret x from "
        "secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified "
        "secret.",
        "one of its secrets does not exist",
        "make the secret",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        "retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 "
        "time(s): invalid ssm parameters: /app/db",
        "one of its secrets does not exist",
        "make the secret",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been "
        "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The "
        "specified log group does not exist.",
        "its logs could not be written to CloudWatch",
        "log group",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: "
        "stderr: mount.nfs4: Connection timed out",
        "its EFS volume could not be mounted",
        "2049",
    ),
    (
        "Capacity is unavailable at this time. Please try again later or in a different "
        "availability zone",
        "AWS had no Fargate capacity in these subnets",
        "more zones",
    ),
    (
        "You've reached the limit on the number of vCPUs you can run concurrently",
        "the account's quota of Fargate vCPUs is used up",
        "quota",
    ),
    (
        "Unexpected EC2 error while attempting to Create Network Interface with public IP "
        "assignment enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
        "its subnets have no free addresses",
        "larger subnets",
    ),
    (
        "Timeout waiting for network interface provisioning to complete.",
        "it got no network interface",
        "rerun",
    ),
    (
        "CannotStartContainerError: ResourceInitializationError: failed to create new container "
        'runtime task: OCI runtime create failed: exec: "rake": executable file not found in $PATH',
        "its command is not in the image",
        "spelling",
    ),
    (
        "User: arn:aws:sts::1:assumed-role/m/x is not authorized to perform: ecs:RunTask on "
        "resource: arn:aws:ecs:us-east-1:1:task-definition/batch-stg",
        "the platform may not start it",
        "deploy the stack again",
    ),
    ("Rate exceeded (Service: AmazonECS; Status Code: 400)", "AWS took no more starts", "spread"),
    (
        "the control table could not be written: ...",
        "the platform could not write down that it begins",
        "control table",
    ),
    ("cpu: is not a number; write digits in quotes", "its input was refused", "state-machine.md"),
]


@pytest.mark.parametrize(("reason", "what", "todo"), STARTS, ids=lambda text: text[:40])
def test_a_start_that_failed(reason, what, todo):
    found = diagnose(result=RunError.NOT_STARTED, reason=reason)

    assert found.what.startswith(f"never started: {what}")
    assert todo in found.todo


def test_a_text_that_nobody_knows_is_quoted_and_the_doctor_is_named():
    found = diagnose(result=RunError.NOT_STARTED, reason="Something new")

    assert found.what == "never started: Something new"
    assert "batchctl doctor" in found.todo


@pytest.mark.parametrize(
    ("code", "reason", "lines", "what", "todo"),
    [
        (3, "Essential container in task exited", [], "exit code 3", "last log lines"),
        (2, "", [], "wrong usage", "last log lines"),
        (126, "", [], "cannot be executed", "mode"),
        (127, "", ["bash: line 1: rake: command not found"], "not found", "PATH"),
        (134, "", [], "SIGABRT", "log"),
        (139, "", [], "SIGSEGV", "log"),
        (143, "", [], "SIGTERM", "CloudTrail"),
        (137, "", [], "SIGKILL", "memory"),
        (
            137,
            "OutOfMemoryError: Container killed due to memory usage",
            [],
            "it ran out of memory",
            "`memory`",
        ),
        (1, "OutOfMemoryError: Container killed due to memory usage", [], "memory", "`memory`"),
        (1, "", ["exec /usr/bin/app: exec format error"], "CPU architecture", "--platform"),
        (1, "", ["write /x: No space left on device"], "its disk was full", "ephemeral"),
        (
            255,
            "",
            ["An error occurred (AccessDenied): User x is not authorized to perform: s3:PutObject"],
            "AWS denied it",
            "permissions",
        ),
    ],
)
def test_an_exit_code(code, reason, lines, what, todo):
    found = diagnose(result=RunError.EXIT_CODE, reason=reason, exit_code=code, last_lines=lines)

    assert found.what.startswith(f"failed with exit code {code}")
    assert what in found.what
    assert todo in found.todo


@pytest.mark.parametrize(
    ("stop_code", "reason", "what"),
    [
        ("SpotInterruption", "Your Spot Task was interrupted.", "AWS took the Spot capacity back"),
        ("", "Your Spot Task was interrupted.", "AWS took the Spot capacity back"),
        ("TerminationNotice", "", "AWS ended the host below it"),
        ("InfrastructureHealth", "", "not healthy"),
        ("UserInitiated", "stopped by jane: too slow", "was stopped: stopped by jane: too slow"),
    ],
)
def test_a_task_that_was_stopped(stop_code, reason, what):
    found = diagnose(result=RunError.STOPPED, reason=reason, stop_code=stop_code)

    assert what in found.what
    assert "rerun" in found.todo


@pytest.mark.parametrize(
    ("result", "reason", "what", "todo"),
    [
        ("SUCCEEDED", "", "succeeded", ""),
        ("TIMED_OUT", "", "did not end within its time limit", "run_timeout"),
        (
            RunError.TIMED_OUT,
            "the attempt took longer than its limit of 3 s",
            "3 s",
            "attempt_time",
        ),
        (RunError.TIMED_OUT, "the run took longer than its limit of 1 h", "1 h", "run_timeout"),
        ("ABORTED", "stopped by jane: wrong day", "was stopped by jane: wrong day", "rerun"),
        ("ABORTED", "", "by whom it does not say", "CloudTrail"),
        ("ABORTED", "replaced by the run x", "was replaced by the run x", "nothing"),
        ("States.Runtime", "odd", "failed with States.Runtime: odd", "console"),
    ],
)
def test_the_other_ends(result, reason, what, todo):
    found = diagnose(result=result, reason=reason)

    assert what in found.what
    assert todo in found.todo


@pytest.mark.parametrize("skip", list(Skip))
def test_each_reason_to_skip_has_advice(skip):
    found = diagnose(result="SKIPPED", reason="the job is paused", skip=skip)

    assert found.what == "was skipped: the job is paused"
    assert found.todo


def test_several_attempts_are_counted():
    found = diagnose(result=RunError.EXIT_CODE, exit_code=9, attempts=3)

    assert found.what == "failed with exit code 9, after 3 attempts"
