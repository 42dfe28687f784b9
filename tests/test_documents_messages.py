"""Which runs are recorded, and what a channel shows of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from batch import durations
from batch.contract import Platform
from batch.documents import message, message_run, message_sweep, rules
from batchctl.outcome import Outcome
from localaws import notifications
from localaws.fidelity.expressions import evaluate
from tests.documents_examples import PLATFORM

ROOT = Path(__file__).parents[1]

# Which


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


def is_heard(pattern, happening):
    return EventPattern.load(json.dumps(pattern)).matches_event(happening)


DONE = '{"result":"SUCCEEDED","exitCode":0,"attempts":1}'


@pytest.mark.parametrize(
    "output",
    [
        DONE,
        '{"attempts": 1, "result": "SUCCEEDED"}',
        '{"result":"SKIPPED","code":"START_DEADLINE","why":"it came too late"}',
    ],
)
def test_a_success_and_a_run_that_came_too_late_are_heard_once(output):
    happening = event("SUCCEEDED", output=output)

    assert is_heard(rules.success(PLATFORM), happening)
    assert not is_heard(rules.failure(PLATFORM), happening)


@pytest.mark.parametrize(
    "output",
    [
        '{"result":"SKIPPED","code":"PAUSED","why":"the job is paused"}',
        json.dumps({"result": "SKIPPED", "code": "PAUSED", "why": 'not "START_DEADLINE"'}),
    ],
)
def test_another_skipped_run_is_not_heard(output):
    happening = event("SUCCEEDED", output=output)

    assert not is_heard(rules.success(PLATFORM), happening)
    assert not is_heard(rules.failure(PLATFORM), happening)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failure_is_heard_once(status):
    assert is_heard(rules.failure(PLATFORM), event(status))
    assert not is_heard(rules.success(PLATFORM), event(status))


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_what_has_not_ended_is_not_heard(status):
    assert not is_heard(rules.failure(PLATFORM), event(status))
    assert not is_heard(rules.success(PLATFORM), event(status))


@pytest.mark.parametrize(
    "machine",
    [
        PLATFORM.recorder,
        PLATFORM.sweep,
        "batch-stg",
        "batch-stg2-report",
        "batch-prod-report",
        "x",
    ],
)
def test_other_machines_of_the_account_are_silent(machine):
    assert not is_heard(rules.failure(PLATFORM), event("FAILED", machine=machine))
    assert not is_heard(rules.success(PLATFORM), event("SUCCEEDED", machine=machine, output=DONE))


# What


RUN = {
    "job": "report",
    "run": "run-1",
    "execution": PLATFORM.execution_arn("report", "run-1"),
    "message": "failure",
    "result": "Job.ExitCode",
    "exitCode": 3,
    "attempts": 2,
    "reason": "Essential container in task exited",
    "trigger": "schedule",
    "schedule": "default",
    "scheduledTime": "2026-11-23T18:00:00Z",
    "started": "2026-11-23T18:00:00.877Z",
    "ended": "2026-11-23T19:05:01.000Z",
    "logStream": "task/app/0123",
}
LOG = {"lines": ["the last words"], "why": ""}
NOW = {"context": {"State": {"EnteredTime": "2026-11-24T18:00:00.877Z"}}}


def value(text, **variables):
    """Return what a state makes of an expression."""
    return evaluate(" ".join(text.split()), {"states": NOW, **variables})


def told(run, log=LOG, platform=PLATFORM):
    return json.loads(value(message_run.text_of(platform), run=run, log=log))


def shown(run, log=LOG):
    return notifications.read(json.dumps(told(run, log)))


def test_a_failure_says_what_happened():
    failure = shown(RUN)

    assert failure.title == "batch-stg: report failed with exit code 3 after 2 attempts"
    console = "https://eu-west-1.console.aws.amazon.com"
    assert failure.description.split("\n") == [
        "*Job* report · *Environment* stg",
        "*Result* failed with exit code 3 after 2 attempts",
        "*Exit code* 3 · *Attempts* 2 · *Took* 1 h 5 min",
        "*Scheduled for* 2026-11-23 18:00:00 UTC · *Started* 2026-11-23 18:00:00 UTC"
        " · *By* schedule default",
        "*Reason* Essential container in task exited",
        f"*Run* `run-1` · <{console}/states/home?region=eu-west-1#/v2/executions/details/"
        f"{RUN['execution']}|execution> · <{console}/cloudwatch/home?region=eu-west-1"
        "#logsV2:log-groups/log-group/$252Fbatch$252Fbatch-stg/log-events/task$252Fapp$252F0123"
        "|log>",
        "*Last log lines*",
        "```",
        "the last words",
        "```",
    ]
    assert failure.next_steps == (
        "`batchctl why report/run-1 --env stg`",
        "`batchctl rerun report/run-1 --env stg`",
    )
    assert failure.thread == "batch-stg-report"


def test_the_message_in_the_documentation_is_one_of_these():
    log = {"lines": ["connecting to <db>", "no answer & no hope"], "why": ""}
    documented = (ROOT / "docs/notifications.md").read_text()
    example = documented.split("```json\n")[1].split("\n```\n\nIn Slack")[0]

    assert json.loads(example) == told(RUN, log)


@pytest.mark.parametrize(
    "run",
    [
        {"result": "SUCCEEDED", "attempts": 1},
        {"result": "SUCCEEDED", "attempts": 3},
        {"result": "SKIPPED", "reason": "it came too late"},
        {"result": "Job.ExitCode", "exitCode": 1, "attempts": 1},
        {"result": "Job.ExitCode", "exitCode": 137, "attempts": 2, "reason": "Out of memory"},
        {"result": "Job.TimedOut", "attempts": 2},
        {"result": "Job.NotStarted", "reason": "no such image"},
        {"result": "Job.NotStarted"},
        {"result": "Job.Stopped", "reason": "Spot capacity"},
        {"result": "Job.Stopped"},
        {"result": "TIMED_OUT"},
        {"result": "ABORTED"},
        {"result": "ABORTED", "reason": "by ada"},
        {"result": "States.Runtime", "reason": "a wrong expression"},
        {"result": "FAILED"},
    ],
    ids=lambda run: " ".join(str(part) for part in run.values()),
)
def test_the_result_is_in_the_words_of_batchctl(run):
    result = run["result"]
    error = "" if result in ("SUCCEEDED", "SKIPPED", "TIMED_OUT", "ABORTED", "FAILED") else result
    status = "FAILED" if error else "SUCCEEDED" if result == "SKIPPED" else result
    outcome = Outcome(
        status,
        error=error,
        exit_code=run.get("exitCode"),
        reason=run.get("reason", ""),
        attempts=run.get("attempts"),
        skipped=result == "SKIPPED",
    )
    base = {"job": "report", "run": "r", "execution": RUN["execution"], "message": "failure"}

    assert shown(base | run).title == f"batch-stg: report {outcome.in_words()}"


def test_what_is_not_known_is_not_said():
    bare = {key: RUN[key] for key in ("job", "run", "execution", "message", "result", "exitCode")}

    lines = shown(bare, {}).description.split("\n")

    assert [line.split(" ")[0] for line in lines] == ["*Job*", "*Result*", "*Exit", "*Run*"]


def test_a_recovery_says_how_long_it_was_broken():
    recovered = shown(
        RUN
        | {
            "message": "recovered",
            "result": "SUCCEEDED",
            "exitCode": 0,
            "failures": 3,
            "failingSince": "2026-11-20T01:02:03.000Z",
        }
    )

    assert recovered.title == "batch-stg: report recovered: succeeded after 2 attempts"
    assert "*Before* 3 failures in a row since 2026-11-20 01:02:03 UTC" in recovered.description
    assert "the last words" not in recovered.description
    assert recovered.next_steps == ("`batchctl logs report/run-1 --env stg`",)


def test_a_run_that_came_too_late_can_be_run_again():
    late = shown(
        RUN | {"message": "late", "result": "SKIPPED", "reason": "it came 2 h too late"}, {}
    )

    assert late.title == "batch-stg: report came too late: skipped: it came 2 h too late"
    assert "`batchctl rerun report/run-1 --env stg`" in late.next_steps


def test_a_message_has_what_a_machine_can_read():
    metadata = told(RUN | {"taskArn": "arn:task"})["metadata"]

    assert metadata["eventType"] == "batch-run-failed"
    assert metadata["relatedResources"] == [RUN["execution"], "arn:task"]
    assert metadata["additionalContext"] == {
        "environment": "stg",
        "job": "report",
        "run": "run-1",
        "result": "Job.ExitCode",
    }


@pytest.mark.parametrize(
    ("name", "word"),
    [("run-1_x.y", "report/run-1_x.y"), ("it's (one)", "'report/it'\\''s (one)'")],
)
def test_a_command_is_one_for_a_shell(name, word):
    assert shown(RUN | {"run": name}).next_steps[0] == f"`batchctl why {word} --env stg`"


@pytest.mark.parametrize(
    ("partition", "host"),
    [("aws-cn", "console.amazonaws.cn"), ("aws-us-gov", "console.amazonaws-us-gov.com")],
)
def test_the_console_is_the_partitions(partition, host):
    platform = Platform("batch", "stg", "123456789012", "x-1", partition)

    description = told(RUN, platform=platform)["content"]["description"]

    assert description.count(f"https://x-1.{host}/") == 2


# Whatever was printed


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@settings(deadline=None)
@given(st.lists(TEXT, max_size=5), st.text('&<>`"\\\n\r\t\x1b[;m😀é ', max_size=4000), TEXT)
def test_a_message_is_valid_and_short_whatever_was_printed(lines, more, reason):
    long = "&" * 1000
    given_by_people = dict.fromkeys(("scheduledTime", "schedule", "requestedBy", "paused"), long)
    run = RUN | given_by_people | {"reason": (reason + more)[:1000] or "x"}

    failure = shown(run, {"lines": [*lines, more], "why": ""})

    assert len(failure.title) <= message.TITLE_LIMIT
    assert len(failure.description) <= message.DESCRIPTION_LIMIT
    assert failure.description.count("```") == 2
    assert failure.description.endswith("\n```")
    without_links = failure.description.replace("<https://", "").replace("|execution>", "")
    without_entities = without_links.replace("|log>", "")
    assert "<" not in without_entities
    assert ">" not in without_entities
    for entity in ("&amp;", "&lt;", "&gt;"):
        without_entities = without_entities.replace(entity, "")
    assert "&" not in without_entities
    assert not [c for c in failure.description if ord(c) < 32 and c not in "\n\t"]


@pytest.mark.parametrize("character", ["x", "&", "😀"])
def test_what_is_too_long_is_cut_with_a_mark(character):
    lines = [character * 450 for _ in range(20)]

    failure = shown(RUN, {"lines": lines, "why": ""})

    block = failure.description.split("```\n")[1]
    assert block.startswith("… ")
    assert len(block) > message_run.LOG_LINES * 10


def test_of_a_long_line_both_ends_are_left():
    failure = shown(RUN, {"lines": ["start " + "x" * 40_000 + " end", "after it"], "why": ""})

    block = failure.description.split("```\n")[1].removesuffix("```")
    assert block.startswith("start xxx")
    assert " … xxx" in block
    assert block.endswith("xxx end\nafter it\n")


@pytest.mark.parametrize(
    "seconds", [0, 1, 59, 60, 90, 3600, 3661, 86_400, 90_000, 172_800, 172_801, 604_800]
)
def test_a_duration_is_said_as_everywhere(seconds):
    assert value(f"({message.PIECES} $duration($s))", s=seconds) == durations.in_words(seconds)


# The sweep's


def test_a_run_over_its_limit_is_told():
    run = RUN | {"limit": "2026-11-23T19:00:00.000Z"}

    over = notifications.read(value(message_sweep.over_limit(platform=PLATFORM), run=run))

    assert over.title == "batch-stg: report is over its limit"
    assert "should have ended at 2026-11-23 19:00:00 UTC" in over.description
    assert "*Runs for* 24 h" in over.description
    assert over.next_steps[0] == "`batchctl why report/run-1 --env stg`"


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ({}, "*Last success* none since 2026-11-20 00:00:00 UTC"),
        (
            {"lastSuccess": "2026-11-22T18:00:00.877Z", "lastSuccessRun": "r0"},
            "*Last success* 2026-11-22 18:00:00 UTC (2 d ago), run `r0`",
        ),
    ],
)
def test_a_job_that_did_not_run_is_told(last, words):
    late = {"job": "report", "within": 93_600, "since": "2026-11-20T00:00:00.000Z", **last}

    missed = notifications.read(value(message_sweep.did_not_run(platform=PLATFORM), late=late))

    assert missed.title == "batch-stg: report did not run: no success within 26 h"
    assert words in missed.description
    assert missed.thread == "batch-stg-report"


def test_a_job_that_runs_again_is_told():
    back = {
        "job": "report",
        "lastSuccess": "2026-11-24T18:00:00.000Z",
        "lastSuccessRun": "r9",
        "since": "2026-11-24T02:00:00.000Z",
    }

    again = notifications.read(value(message_sweep.runs_again(platform=PLATFORM), back=back))

    assert again.title == "batch-stg: report runs again"
    assert "succeeded at 2026-11-24 18:00:00 UTC, run `r9`" in again.description
    assert "missed since 2026-11-24 02:00:00 UTC" in again.description
