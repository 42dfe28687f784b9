import json

import pytest

from batchctl.outcome import Outcome, of_execution

CAUSE = {
    "exitCode": 3,
    "reason": "Essential container in task exited",
    "attempts": 2,
    "taskArn": "arn:aws:ecs:eu-west-1:111111111111:task/batch-stg/0123",
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111111111111:task-definition/batch-stg:7",
    "logStream": "task/app/0123",
}


def failed(error: str, **cause: object) -> dict:
    return {"status": "FAILED", "error": error, "cause": json.dumps(CAUSE | cause)}


WITHOUT_CODE = {key: value for key, value in CAUSE.items() if key != "exitCode"}
STOPPED = {"status": "FAILED", "error": "Job.Stopped", "cause": json.dumps(WITHOUT_CODE)}


@pytest.mark.parametrize(
    ("execution", "result", "status"),
    [
        ({"status": "SUCCEEDED", "output": '{"result": "SUCCEEDED"}'}, "SUCCEEDED", 0),
        ({"status": "SUCCEEDED", "output": '{"result": "SKIPPED", "why": "x"}'}, "SKIPPED", 75),
        (failed("Job.ExitCode"), "Job.ExitCode", 3),
        (failed("Job.TimedOut"), "Job.TimedOut", 124),
        (failed("Job.NotStarted"), "Job.NotStarted", 125),
        (failed("Job.Stopped", exitCode=143), "Job.Stopped", 143),
        (failed("Job.Stopped", exitCode=0), "Job.Stopped", 130),
        (STOPPED, "Job.Stopped", 130),
        ({"status": "TIMED_OUT"}, "TIMED_OUT", 124),
        ({"status": "ABORTED"}, "ABORTED", 130),
        ({"status": "ABORTED", "error": "ops.Cancel", "cause": "late"}, "ABORTED", 130),
        ({"status": "TIMED_OUT", "error": "States.Timeout"}, "TIMED_OUT", 124),
        ({"status": "FAILED", "error": "States.Runtime", "cause": "oh"}, "States.Runtime", 1),
        # A missing exit code is never 0.
        ({"status": "FAILED", "error": "Job.ExitCode", "cause": "{}"}, "Job.ExitCode", 1),
    ],
)
def test_each_ending_has_its_exit_status(execution, result, status):
    outcome = of_execution(execution)

    assert (outcome.result, outcome.exit_status()) == (result, status)


def test_a_skipped_run_is_fine_where_the_caller_says_so():
    outcome = of_execution({"status": "SUCCEEDED", "output": '{"result": "SKIPPED"}'})

    assert outcome.exit_status(skipped_ok=True) == 0


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_a_run_that_is_alive_has_no_outcome(status):
    assert of_execution({"status": status}) is None


def test_the_cause_is_read_whole():
    assert of_execution(failed("Job.ExitCode")) == Outcome(
        "FAILED",
        error="Job.ExitCode",
        exit_code=3,
        reason="Essential container in task exited",
        attempts=2,
        task_arn=CAUSE["taskArn"],
        task_definition_arn=CAUSE["taskDefinitionArn"],
        log_stream="task/app/0123",
    )


@pytest.mark.parametrize("cause", [None, "", "not JSON", "[1]"])
def test_a_cause_that_is_not_ours_is_shown_as_it_is(cause):
    outcome = of_execution({"status": "FAILED", "error": "States.Runtime", "cause": cause})

    assert outcome.reason == (cause or "")


@pytest.mark.parametrize(
    ("execution", "words"),
    [
        (failed("Job.ExitCode"), "failed with exit code 3 after 2 attempts"),
        (failed("Job.ExitCode", attempts=1), "failed with exit code 3"),
        (failed("Job.NotStarted"), "never started: Essential container in task exited"),
        ({"status": "TIMED_OUT"}, "stopped at the time limit of the run"),
        ({"status": "ABORTED"}, "aborted"),
        ({"status": "SUCCEEDED", "output": "{}"}, "succeeded"),
    ],
)
def test_an_ending_reads_as_a_sentence(execution, words):
    assert of_execution(execution).in_words() == words
