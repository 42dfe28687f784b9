"""Which runs are told, and what a channel shows of them."""

from __future__ import annotations

import json

import pytest
from moto.events.models import EventPattern

from batch.contract import Platform
from batch.documents import rules
from tests.documents_examples import PLATFORM


def event(status, *, machine="batch-stg-report", output=None, account=PLATFORM.account):
    arn = PLATFORM.arn("states", f"stateMachine:{machine}")
    return {
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "account": account,
        "detail": {
            "executionArn": f"{arn.replace('stateMachine', 'execution')}:run-1",
            "stateMachineArn": arn,
            "name": "run-1",
            "status": status,
            "output": output,
        },
    }


def is_told(pattern, happening):
    return EventPattern.load(json.dumps(pattern)).matches_event(happening)


DONE = '{"result":"SUCCEEDED","exitCode":0,"attempts":1}'
SKIPPED = '{"result":"SKIPPED","why":"the job is paused"}'


@pytest.mark.parametrize("output", [DONE, '{"attempts": 1, "result": "SUCCEEDED"}'])
def test_success_is_told_once(output):
    happening = event("SUCCEEDED", output=output)

    assert is_told(rules.success(PLATFORM), happening)
    assert not is_told(rules.failure(PLATFORM), happening)


def test_a_skipped_run_is_not_told():
    happening = event("SUCCEEDED", output=SKIPPED)

    assert not is_told(rules.success(PLATFORM), happening)
    assert not is_told(rules.failure(PLATFORM), happening)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_failure_is_told_once(status):
    assert is_told(rules.failure(PLATFORM), event(status))
    assert not is_told(rules.success(PLATFORM), event(status))


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_what_has_not_ended_is_not_told(status):
    assert not is_told(rules.failure(PLATFORM), event(status))
    assert not is_told(rules.success(PLATFORM), event(status))


@pytest.mark.parametrize(
    "machine", ["batch-stg_recorder", "batch-stg", "batch-stg2-report", "batch-prod-report", "x"]
)
def test_other_machines_of_the_account_are_silent(machine):
    assert not is_told(rules.failure(PLATFORM), event("FAILED", machine=machine))
    assert not is_told(rules.success(PLATFORM), event("SUCCEEDED", machine=machine, output=DONE))


def filled(transformer, happening):
    """Return the message, its values put in as EventBridge does: as they are."""
    text = transformer["input_template"]
    for name, path in transformer["input_paths"].items():
        found = happening
        for step in path.removeprefix("$.").split("."):
            found = found[step]
        text = text.replace(f"<{name}>", found)
    assert "<" not in text
    return json.loads(text)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_message_is_a_custom_notification(succeeded):
    happening = event("SUCCEEDED" if succeeded else "FAILED", output=DONE)

    message = filled(rules.message(platform=PLATFORM, succeeded=succeeded), happening)

    assert (message["version"], message["source"]) == ("1.0", "custom")
    assert message["content"]["title"] == (
        "batch-stg: a run succeeded" if succeeded else "batch-stg: a run did not succeed: FAILED"
    )
    assert "batch-stg-report" in message["content"]["description"]
    assert message["metadata"]["threadId"] == happening["detail"]["stateMachineArn"]


def test_a_message_leads_to_the_run():
    message = filled(rules.message(platform=PLATFORM, succeeded=False), event("FAILED"))

    assert (
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions"
        "/details/arn:aws:states:eu-west-1:123456789012:execution:batch-stg-report:run-1"
    ) in message["content"]["description"]
    assert message["content"]["nextSteps"] == [
        "`batchctl logs arn:aws:states:eu-west-1:123456789012:execution:batch-stg-report:run-1"
        " --env stg`"
    ]


def test_a_message_uses_nothing_that_people_can_write():
    for succeeded in (True, False):
        paths = rules.message(platform=PLATFORM, succeeded=succeeded)["input_paths"].values()

        assert not {path for path in paths if path.rsplit(".", 1)[-1] in UNSAFE}


UNSAFE = {"input", "output", "error", "cause", "detail"}


@pytest.mark.parametrize(
    ("partition", "host"),
    [("aws-cn", "console.amazonaws.cn"), ("aws-us-gov", "console.amazonaws-us-gov.com")],
)
def test_the_console_is_the_partitions(partition, host):
    platform = Platform("batch", "stg", "123456789012", "x-1", partition)

    assert (
        f"https://x-1.{host}/" in rules.message(platform=platform, succeeded=True)["input_template"]
    )
