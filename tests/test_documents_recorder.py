"""The recorder's definition, and what it decides about the end of a run."""

from __future__ import annotations

import json
import re

import jsonata
import pytest

from batch import control
from batch.documents import message_test, record_write, recorder_machine
from batch.documents.statements import policy
from localaws.fidelity.expressions import evaluate
from tests.allowing import Call, allows, refused
from tests.documents_examples import KEY, PLATFORM, QUEUE, TOPIC, recorder
from tests.test_documents_machines import complaints, expressions, targets

DEFINITION = recorder()
STATES = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
"""Those of the Map have no Catch: the Map has."""

# The definition


def test_the_definition_passes_an_independent_validator():
    assert complaints(DEFINITION) == []


def test_every_state_is_reached_and_there():
    reached, ahead = set(), [DEFINITION["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += targets(STATES[name])

    assert reached == set(STATES)


def test_every_expression_parses_and_uses_what_step_functions_has():
    for path, text in expressions(DEFINITION):
        jsonata.Jsonata(text)
        without_texts = re.sub(r"'(\\.|[^'\\])*'", "''", text)

        assert not re.search(r"\$eval\b|\$\$|\$(?![A-Za-z])", without_texts), path
        assert "\\'" not in text, path


def test_the_definition_is_far_from_the_largest_that_there_may_be():
    assert len(json.dumps(DEFINITION).encode()) < 200_000


@pytest.mark.parametrize("name", TASKS)
def test_every_call_is_tried_again_and_its_failure_goes_somewhere(name):
    *named, last = TASKS[name]["Retry"]
    caught = [catch["ErrorEquals"] for catch in TASKS[name]["Catch"]]

    assert last["ErrorEquals"] == ["States.TaskFailed"]
    assert last["MaxAttempts"] >= 6
    assert last["JitterStrategy"] == "FULL"
    assert last["BackoffRate"] > 1
    assert all(retry["MaxAttempts"] == 0 for retry in named)
    assert caught[-1] == ["States.ALL"]


def test_every_other_state_has_where_to_go():
    kinds = {state["Type"] for state in STATES.values()} - {"Task"}

    assert kinds == {"Choice", "Pass", "Wait", "Succeed", "Fail", "Map"}
    assert STATES[message_test.SEND]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert all("Default" in state for state in STATES.values() if state["Type"] == "Choice")


def test_the_states_that_publish_are_those_that_are_named():
    publishing = {name for name, state in TASKS.items() if "sns:publish" in state["Resource"]}

    assert publishing == set(recorder_machine.PUBLISH_STATES)


def test_it_starts_no_execution():
    assert not [name for name, state in TASKS.items() if "startExecution" in state["Resource"]]


# Its permissions


ALLOWED = policy(
    recorder_machine.permissions(
        platform=PLATFORM, queue_arn=QUEUE, topic_arns=[TOPIC], key_arn=KEY
    )
)
TASK = PLATFORM.arn("ecs", "task/batch-stg/0123")
STREAM = PLATFORM.arn("logs", "log-group:/batch/batch-stg:log-stream:task/app/1")
VIA = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}


def test_its_role_may_do_what_it_does():
    needed = [
        Call("dynamodb:GetItem", PLATFORM.control_table_arn),
        Call("dynamodb:PutItem", PLATFORM.control_table_arn),
        Call("dynamodb:UpdateItem", PLATFORM.control_table_arn),
        Call("states:DescribeExecution", PLATFORM.execution_arn("report", "r")),
        Call("states:GetExecutionHistory", PLATFORM.execution_arn("report", "r")),
        Call("ecs:StopTask", TASK, {"ecs:cluster": PLATFORM.cluster_arn}),
        Call("logs:GetLogEvents", STREAM),
        Call("sns:Publish", TOPIC),
        Call("sqs:SendMessage", QUEUE),
        Call("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "BatchPlatform"}),
        Call("kms:Decrypt", KEY, VIA),
    ]

    assert refused(ALLOWED, needed) == []


@pytest.mark.parametrize(
    "call",
    [
        Call("dynamodb:DeleteItem", PLATFORM.control_table_arn),
        Call("dynamodb:PutItem", PLATFORM.arn("dynamodb", "table/other")),
        Call("states:StartExecution", PLATFORM.own_machine_arn(PLATFORM.recorder)),
        Call("states:StartExecution", PLATFORM.state_machine_arn("report")),
        Call("states:GetExecutionHistory", PLATFORM.own_execution_arn(PLATFORM.recorder)),
        Call("ecs:StopTask", TASK, {"ecs:cluster": PLATFORM.arn("ecs", "cluster/other")}),
        Call("logs:GetLogEvents", PLATFORM.arn("logs", "log-group:/other:log-stream:s")),
        Call("sns:Publish", PLATFORM.topic_arn("other")),
        Call("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/ECS"}),
        Call("kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
        Call(
            "kms:GenerateDataKey",
            PLATFORM.arn("kms", "key/of-another-topic"),
            {"kms:ViaService": "sns.eu-west-1.amazonaws.com"},
        ),
    ],
    ids=str,
)
def test_its_role_may_do_nothing_else(call):
    assert not allows(ALLOWED, call)


# What it decides

AT = 1_763_928_300_000
MOMENT = "2025-11-23T20:05:00.000Z"
OLDER = "2025-11-23T19:00:00.000Z"
OURS = json.dumps({"exitCode": 3, "reason": "exited", "attempts": 1})


def typed(value):
    if isinstance(value, list):
        return {"Ss": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def item(attributes):
    if attributes is None:
        return {}
    return {"Item": {name: typed(value) for name, value in attributes.items()}}


def detail(status="FAILED", **changed):
    base = {
        "executionArn": PLATFORM.execution_arn("report", "r1"),
        "stateMachineArn": PLATFORM.state_machine_arn("report"),
        "name": "r1",
        "status": status,
        "startDate": AT - 60_000,
        "stopDate": AT,
        "input": "{}",
        "output": None,
        "error": "Job.ExitCode",
        "cause": OURS,
    }
    return {key: value for key, value in (base | changed).items() if value != "absent"}


RECORD = {
    "job": "report",
    "run": "r1",
    "execution": PLATFORM.execution_arn("report", "r1"),
    "started": OLDER,
    "open": "running",
    "container": "app",
}


def plan(of, *, record=RECORD, job=None, pause=None, ended=None, described=None, **event):
    text = record_write.plan(
        platform=PLATFORM,
        ended="$ended",
        described="$described",
        history_days=400,
        success_messages=True,
        success_topic_arn="arn:success",
        failure_topic_arn="arn:failure",
    )
    states = {
        "context": {
            "Execution": {
                "Input": {"source": "aws.states", "detail": of, **event},
                "Name": "me",
            },
            "State": {"EnteredTime": "2025-11-23T20:05:01.000Z"},
        },
        "result": {"Responses": [item(record), item(job), item(pause)]},
    }
    variables = {"states": states, "ended": ended or {}, "described": described or {}}
    return evaluate(" ".join(text.split()), variables)


def written(planned, key="report"):
    """Return what the update of an item sets, as plain values."""
    for each in planned["items"]:
        update = each.get("Update", {})
        if update.get("Key", {}).get("sk", {}).get("S") == key:
            values = update["ExpressionAttributeValues"].items()
            return {
                name.removeprefix(":"): next(iter(value.values()))
                for name, value in values
                if not name.startswith(":old_")
            }
    return None


def places(planned):
    updates = [each["Update"] for each in planned["items"] if "Update" in each]
    return {u["Key"]["sk"]["S"] for u in updates if u["UpdateExpression"].startswith("DELETE")}


@pytest.mark.parametrize(
    "of",
    [
        detail("ABORTED", error=None, cause="by ada"),
        detail("TIMED_OUT", error=None, cause=None),
        detail(error="States.Runtime", cause="a wrong expression"),
        detail(cause=json.dumps({"reason": "too long", "attempts": 1, "taskStopped": False})),
    ],
    ids=["aborted", "timed out", "another error", "a task that was not seen to stop"],
)
def test_the_task_is_looked_for_where_the_run_did_not_see_its_end(of):
    first = plan(of)
    stopped = {"reason": "x", "stopped": True, "exitCode": 143, "logStream": "task/app/1"}
    second = plan(of, ended=stopped)

    assert first["do"] == record_write.FIND
    assert second["do"] == record_write.RECORD_AND_LOG
    assert (second["run"]["exitCode"], second["run"]["logStream"]) == (143, "task/app/1")


@pytest.mark.parametrize("lost", [False, True])
def test_a_task_that_may_still_run_keeps_its_places(lost):
    of = detail("ABORTED", error=None, cause="by ada")
    holds = ["job#report", "group#db"]

    planned = plan(of, record=RECORD | {"holds": holds}, ended={"reason": "x", "lost": lost})

    assert places(planned) == (set() if lost else set(holds))
    assert ("may still run" in written(planned, "r1")["reason"]) == lost


def test_an_execution_that_nobody_knows_is_recorded_and_keeps_its_places():
    why = "Step Functions does not know this execution"
    of = detail("ABORTED", error=None, cause=json.dumps({"reason": why}), startDate="absent")

    planned = plan(of, record=RECORD | {"holds": ["job#report"]}, source="batch.sweep")

    assert planned["do"] == record_write.RECORD_AND_TELL
    assert written(planned, "r1")["reason"] == why
    assert places(planned) == set()


def test_a_cause_of_a_persons_own_is_no_json():
    of = detail("ABORTED", error=None, cause="{not JSON}")

    planned = plan(of, ended={"reason": "x", "stopped": True})

    assert written(planned, "r1")["reason"] == "{not JSON}"


def test_step_functions_is_asked_where_the_event_does_not_say_why():
    of = detail(error=None, cause=None)
    answer = {"Status": "FAILED", "Error": "Job.ExitCode", "Cause": OURS, "looks": 1}

    assert plan(of)["do"] == record_write.DESCRIBE
    assert plan(of, described={"Status": "RUNNING", "looks": 1})["do"] == record_write.DESCRIBE
    known = plan(of, described=answer)
    assert (known["do"], known["run"]["exitCode"]) == (record_write.RECORD_AND_TELL, 3)
    nothing = plan(of, described={"Status": "unknown"}, ended={"reason": "x", "none": True})
    assert nothing["run"]["result"] == "FAILED"


def test_step_functions_is_asked_about_an_end_that_may_be_of_a_replaced_run():
    of = detail("ABORTED", error=None, cause=None)
    cause = json.dumps({"reason": "replaced by the run r2"})
    answer = {"Status": "ABORTED", "Error": control.REPLACED, "Cause": cause, "looks": 1}
    stopped = {"reason": "x", "stopped": True}

    assert plan(of)["do"] == record_write.DESCRIBE
    assert plan(of, described={"Status": "ABORTED", "looks": 1})["do"] == record_write.FIND
    replaced = plan(of, described=answer, ended=stopped)
    assert replaced["do"] == record_write.RECORD
    assert written(replaced, "r1")["reason"] == "replaced by the run r2"
    assert written(replaced) is None


def test_failures_are_counted_from_the_first_one_on():
    planned = plan(
        detail(), job={"failures": 2, "failingSince": OLDER, "lastEnded": OLDER, "version": 7}
    )

    state = written(planned)
    assert (state["failures"], state["failingSince"], state["version"]) == ("3", OLDER, "8")
    [update] = [
        each["Update"] for each in planned["items"] if each["Update"]["Key"]["pk"]["S"] == "jobs"
    ]
    assert update["ConditionExpression"] == "#version = :old_version"
    assert update["ExpressionAttributeValues"][":old_version"] == {"N": "7"}


def test_a_failure_from_before_the_last_success_does_not_count():
    later = "2025-11-23T21:00:00.000Z"

    state = written(
        plan(detail(), job={"failures": 0, "lastEnded": later, "lastSuccess": later, "version": 1})
    )

    assert state == {"failures": "0", "version": "2"}


def test_every_name_and_value_of_an_update_is_used():
    job = {"failures": 2, "failingSince": OLDER, "lastEnded": OLDER, "version": 7}
    done = detail("SUCCEEDED", output='{"result": "SUCCEEDED", "attempts": 1}', error=None)
    plans = [
        plan(detail(), job=job, record=RECORD | {"holds": ["job#report"]}),
        plan(detail(), record=None),
        plan(done, job=job),
        plan(done, record=RECORD | {"says": '{"successMessages": false}'}),
        plan(detail(), record=RECORD | {"says": '{"pauseAfterFailures": 1}'}),
    ]

    for change in (next(iter(each.values())) for planned in plans for each in planned["items"]):
        said = " ".join(change.get(key, "") for key in ("UpdateExpression", "ConditionExpression"))
        words = set(re.findall(r"[#:][A-Za-z_]+", said))
        names = {*change.get("ExpressionAttributeNames", {})}
        assert words == names | {*change["ExpressionAttributeValues"]}


def test_an_item_is_written_once_in_a_transaction():
    planned = plan(
        detail(),
        record=RECORD | {"holds": ["job#report", "group#db"], "says": '{"pauseAfterFailures": 1}'},
    )

    keys = [json.dumps(next(iter(each.values())).get("Key", "pause")) for each in planned["items"]]
    assert len(keys) == len(set(keys)) == 5


def test_a_request_token_is_short_enough_for_any_name():
    state = STATES["Record"]
    token = state["Arguments"]["ClientRequestToken"][len("{%") : -len("%}")]
    context = {"Execution": {"Name": "n" * 80, "StartTime": "2026-11-23T18:00:00.877Z"}}

    made = evaluate(token, {"states": {"context": context}, "tries": 20})

    assert len(made) <= 36
    assert made != evaluate(token, {"states": {"context": context}, "tries": 19})
