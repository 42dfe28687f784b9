"""What the control table has, as batchctl takes it, and what batchctl asks of it."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from batch import control
from batch.contract import Platform
from batchctl import links
from batchctl.outcome import Outcome, of_result
from batchctl.queries import Runs, result_of
from batchctl.records import JobState, Pause, RunRecord, plain
from batchctl.refusals import explain
from batchctl.rerun import again, of_record
from batchctl.runs import Run

NOW = datetime(2026, 11, 23, 18, 0, 0, 877_000, UTC)
PLATFORM = Platform("batch", "stg", "123456789012", "eu-west-1")


def item(**attributes):
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in attributes.items()
    }


BEGUN = {
    "pk": "run#report",
    "sk": "r1",
    "job": "report",
    "run": "r1",
    "execution": "arn:r1",
    "started": "2026-11-23T18:00:00.877Z",
    "open": "running",
}
ENDED = {
    **BEGUN,
    "trigger": "schedule",
    "schedule": "default",
    "scheduledTime": "2026-11-23T18:00:00Z",
    "requestedBy": "arn:aws:sts::1:assumed-role/ops/jane@example.com",
    "input": "{}",
    "admitted": "2026-11-23T18:00:01.000Z",
    "limit": "2026-11-24T18:00:01.000Z",
    "ended": "2026-11-23T18:01:00.877Z",
    "result": "Job.ExitCode",
    "error": "Job.ExitCode",
    "exitCode": 3,
    "attempts": 2,
    "reason": "oh",
    "taskArn": "arn:task",
    "taskDefinitionArn": "arn:definition",
    "logStream": "task/app/1",
    "imageDigest": "sha256:1",
    "message": "failure",
    "told": "2026-11-23T18:01:02.000Z",
}


def test_a_record_is_read_whole():
    record = RunRecord.of_item(item(**ENDED))

    assert record == RunRecord(
        "report",
        "r1",
        "arn:r1",
        NOW,
        trigger="schedule",
        requested_by="arn:aws:sts::1:assumed-role/ops/jane@example.com",
        schedule="default",
        scheduled_time="2026-11-23T18:00:00Z",
        input="{}",
        admitted=datetime(2026, 11, 23, 18, 0, 1, tzinfo=UTC),
        limit=datetime(2026, 11, 24, 18, 0, 1, tzinfo=UTC),
        ended=NOW + timedelta(minutes=1),
        outcome=Outcome(
            "FAILED",
            error="Job.ExitCode",
            exit_code=3,
            reason="oh",
            attempts=2,
            task_arn="arn:task",
            task_definition_arn="arn:definition",
            log_stream="task/app/1",
        ),
        image_digest="sha256:1",
        message="failure",
        told=datetime(2026, 11, 23, 18, 1, 2, tzinfo=UTC),
    )


def test_a_record_without_an_end_is_of_a_run_that_runs():
    record = RunRecord.of_item(item(**BEGUN, admitted="2026-11-23T18:00:01.000Z"))

    assert (record.result, record.words) == ("RUNNING", "running")
    assert RunRecord.of_item(item(**BEGUN)).words == "waiting for its place"
    assert record.took(NOW + timedelta(hours=1)) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("result", "error", "read", "words"),
    [
        ("SUCCEEDED", "", "SUCCEEDED", "succeeded"),
        ("SKIPPED", "", "SKIPPED", "skipped: why"),
        ("Job.NotStarted", "Job.NotStarted", "Job.NotStarted", "never started: why"),
        ("TIMED_OUT", "States.Timeout", "TIMED_OUT", "stopped at the time limit of the run"),
        ("ABORTED", control.REPLACED, "ABORTED", "aborted: why"),
        ("States.Runtime", "States.Runtime", "States.Runtime", "failed: States.Runtime: why"),
    ],
)
def test_each_result_in_the_table_has_the_words_of_its_execution(result, error, read, words):
    outcome = of_result(result, error=error, reason="why")

    assert (outcome.result, outcome.in_words()) == (read, words)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "manual"),
        ({"requestedBy": "arn:aws:iam::1:user/path/jane"}, "manual by jane"),
        ({"requestedBy": "ci"}, "manual by ci"),
        ({"trigger": "schedule", "schedule": "default"}, "schedule"),
        ({"trigger": "schedule", "schedule": "evening"}, "schedule evening"),
    ],
)
def test_who_started_a_run_is_said_in_a_few_words(attributes, said):
    assert RunRecord.of_item(item(**BEGUN, **attributes)).started_by == said


def test_a_run_that_is_not_in_the_table_is_what_step_functions_knows():
    given = {"trigger": "manual", "requestedBy": "jane", "environment": [{"Name": "A"}]}
    run = Run("report", "r1", "arn:r1", NOW, None, given, None)

    assert RunRecord.of_run(run) == RunRecord(
        "report", "r1", "arn:r1", NOW, trigger="manual", requested_by="jane", recorded=False
    )


def test_a_run_whose_input_is_no_object_is_known_all_the_same():
    run = Run("report", "r1", "arn:r1", NOW, None, ["no", "object"], None)

    assert RunRecord.of_run(run) == RunRecord("report", "r1", "arn:r1", NOW, recorded=False)


def test_the_state_of_a_job_is_its_last_result():
    state = JobState.of_item(
        item(
            pk="jobs", sk="report", lastRun="r1", lastResult="Job.ExitCode", lastExitCode=3,
            lastStarted="2026-11-23T18:00:00.877Z", lastEnded="2026-11-23T18:01:00.877Z",
            failures=2, failingSince="2026-11-22T18:00:00.000Z", version=7,
        )
    )  # fmt: skip

    assert state == JobState(
        "report",
        run="r1",
        started=NOW,
        ended=NOW + timedelta(minutes=1),
        outcome=Outcome("FAILED", error="Job.ExitCode", exit_code=3),
        failures=2,
        failing_since=datetime(2026, 11, 22, 18, tzinfo=UTC),
    )


def test_a_pause_is_read_as_it_was_written():
    pause = Pause("report", "jane", NOW, "moving", until=NOW + timedelta(hours=2))

    assert Pause.of_item(pause.item()) == pause


def test_a_pause_expires_not_before_it_ends():
    until = NOW + timedelta(hours=2)

    item = plain(Pause("report", "jane", NOW, "moving", until=until).item())

    assert item["until"] == "2026-11-23T20:00:00.877Z"
    assert 0 < item["expires"] - until.timestamp() <= 1


def test_a_pause_without_an_end_does_not_expire():
    item = plain(Pause(control.EVERY_JOB, "jane", NOW, "moving").item())

    assert item == {
        "pk": "pauses", "sk": "*", "by": "jane", "since": "2026-11-23T18:00:00.877Z",
        "reason": "moving",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("until", "active"), [(None, True), (NOW, False), (NOW + timedelta(seconds=1), True)]
)
def test_a_pause_holds_until_its_end(until, active):
    assert Pause("report", "jane", NOW, "moving", until).active(NOW) is active


# Queries


def test_the_newest_runs_of_a_job_are_a_query_backwards():
    query = Runs().query(control.BY_JOB, "report")

    assert query["IndexName"] == "by-job"
    assert query["KeyConditionExpression"] == "#job = :key"
    assert query["ScanIndexForward"] is False
    assert query["ExpressionAttributeValues"] == {":key": {"S": "report"}}
    assert "FilterExpression" not in query


@pytest.mark.parametrize(
    ("which", "condition"),
    [
        (Runs(since=NOW), "#day = :key AND #started >= :since"),
        (Runs(until=NOW), "#day = :key AND #started <= :until"),
        (Runs(NOW, NOW), "#day = :key AND #started BETWEEN :since AND :until"),
    ],
)
def test_moments_narrow_the_key_and_not_what_was_read(which, condition):
    assert which.query(control.BY_DAY, "2026-11-23")["KeyConditionExpression"] == condition


@pytest.mark.parametrize("result", ["", "FAILED", "RUNNING", "SUCCEEDED", "Job.ExitCode"])
@pytest.mark.parametrize("index", control.INDEXES)
def test_a_query_uses_each_name_and_value_that_it_defines(index, result):
    """DynamoDB refuses a query that defines more, or less."""
    query = Runs(NOW, NOW, result).query(index, "x")
    text = " ".join(value for name, value in query.items() if name.endswith("Expression"))
    words = {word.strip("(),") for word in text.split()}

    assert {w for w in words if w[0] == "#"} == set(query["ExpressionAttributeNames"])
    assert {w for w in words if w[0] == ":"} == set(query["ExpressionAttributeValues"])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("failed", "FAILED"),
        ("Timed_Out", "TIMED_OUT"),
        ("job.exitcode", "Job.ExitCode"),
        ("States.Runtime", "States.Runtime"),
        ("FAILURE", None),
    ],
)
def test_a_result_is_meant_whatever_its_case(text, result):
    assert result_of(text) == result


# Rerun


def test_a_rerun_has_the_same_input_and_says_who_asked():
    given = {"schedule": "default", "scheduledTime": "t", "trigger": "schedule", "requestedBy": "x"}

    assert again(given, "jane") == {
        "schedule": "default", "scheduledTime": "t", "trigger": "rerun", "requestedBy": "jane",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ('{"commands": ["a"]}', {"commands": ["a"]}),
        ('{"environment": []}', {"environment": []}),
        ('{"environment": [{"Name": "A", "Value": "***"}]}', None),
        ('{"environment": ["***"]}', None),
        ("", None),
        ("[]", None),
    ],
)
def test_the_input_in_a_record_is_used_only_if_nothing_is_missing_in_it(text, given):
    assert of_record(text) == given


# Links


def test_links_lead_to_the_console_of_the_region():
    assert links.execution(PLATFORM, "arn:r1") == (
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
        "#/v2/executions/details/arn:r1"
    )
    assert links.log(PLATFORM, "task/app/1") == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logsV2:log-groups/log-group/$252Fbatch$252Fbatch-stg/log-events/task$252Fapp$252F1"
    )


# Refusals


def test_a_role_that_may_not_is_told_where_to_find_one():
    said = {"Error": {"Code": "AccessDeniedException", "Message": "no PutItem for you"}}

    assert str(explain(ClientError(said, "PutItem"))) == (
        "PutItem: access denied: no PutItem for you; ask for a role that may do this, "
        "docs/permissions.md says what each takes"
    )
