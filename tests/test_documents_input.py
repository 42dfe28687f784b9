"""What a machine makes of its execution input."""

from __future__ import annotations

import json

import pytest

from batch.documents import job_input
from batch.job import Job
from localaws.fidelity.expressions import evaluate

EXECUTION = {"Name": "run-1", "StartTime": "2026-11-23T18:00:00.877Z"}
JOB = Job(
    "report",
    ("rake", "report"),
    environment={"A": "1", "BATCH_JOB": "mine"},
    secrets={"TOKEN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token"},
    cpu=256,
    memory=512,
)
ARBITRARY = Job("run-task")


def value(written, **variables):
    return evaluate(written[len("{%") : -len("%}")], variables)


def read(given, job=JOB):
    written = job_input.read(container="app")
    context = {"Execution": {**EXECUTION, "Input": given}}
    return value(written, states={"input": job_input.constants(job), "context": context})


def overrides(given, job=JOB, started=0):
    written = job_input.overrides(container="app")
    run, held = read(given, job), job_input.constants(job)
    return value(written, run=run, job=held, started=started)


def environment(given, **kwargs):
    [container] = overrides(given, **kwargs)["ContainerOverrides"]
    return {variable["Name"]: variable["Value"] for variable in container["Environment"]}


def test_an_empty_input_runs_the_job_as_it_is():
    assert overrides({}) == {
        "Cpu": "256",
        "Memory": "512",
        "ContainerOverrides": [
            {
                "Name": "app",
                "Command": ["rake", "report"],
                "Environment": [
                    {"Name": "A", "Value": "1"},
                    {"Name": "BATCH_JOB", "Value": "report"},
                    {"Name": "BATCH_RUN", "Value": "run-1"},
                    {"Name": "BATCH_TRIGGER", "Value": "manual"},
                    {"Name": "BATCH_SCHEDULED_TIME", "Value": "2026-11-23T18:00:00Z"},
                    {"Name": "BATCH_ATTEMPT", "Value": "1"},
                ],
            }
        ],
    }


def test_an_input_overrides_commands_and_size():
    given = {"commands": ["only"], "cpu": "1024", "memory": "2048"}

    assert overrides(given)["ContainerOverrides"][0]["Command"] == ["only"]
    assert (overrides(given)["Cpu"], overrides(given)["Memory"]) == ("1024", "2048")


def test_a_job_without_a_size_has_the_platforms():
    assert set(overrides({"commands": ["x"]}, job=ARBITRARY)) == {"ContainerOverrides"}


def test_ephemeral_storage_is_overridden():
    job = Job("j", ("x",), ephemeral_storage_gib=50)

    assert overrides({}, job=job)["EphemeralStorage"] == {"SizeInGiB": 50}


def test_an_environment_is_merged_by_name():
    given = {"environment": [{"Name": "A", "Value": "2"}, {"Name": "B", "Value": ""}]}

    assert {"A": "2", "B": "", "BATCH_JOB": "report"}.items() <= environment(given).items()


def test_nobody_overrides_what_the_platform_says():
    names = ("JOB", "RUN", "ATTEMPT", "TRIGGER", "SCHEDULED_TIME")
    given = {"environment": [{"Name": f"BATCH_{name}", "Value": "mine"} for name in names]}

    assert "mine" not in environment(given).values()


def test_a_schedule_says_when_and_that_it_was_it():
    given = {"schedule": "default", "scheduledTime": "2026-11-23T03:00:00Z", "trigger": "schedule"}

    assert environment(given)["BATCH_SCHEDULED_TIME"] == "2026-11-23T03:00:00Z"
    assert environment(given)["BATCH_TRIGGER"] == "schedule"


def test_attempts_are_counted_by_starts_of_the_command():
    assert environment({}, started=2)["BATCH_ATTEMPT"] == "3"


def test_unknown_keys_are_no_problem():
    assert read({"ticket": {"number": 7, "note": None}}) == read({})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "input: not an object"),
        ("text", "input: not an object"),
        ({"commands": None}, "commands: is null"),
        ({"anything": None}, "anything: is null"),
        ({"commands": "rake"}, "commands: is not a list"),
        ({"commands": []}, "commands: is empty"),
        ({"commands": ["a", 1]}, "commands: holds something that is not a string"),
        ({"commands": ["a", None]}, "commands: holds something that is not a string"),
        ({"cpu": 512}, "cpu: is not a string"),
        ({"memory": "1 GB"}, "memory: is not a number"),
        ({"cpu": ""}, "cpu: is not a number"),
        ({"trigger": "cron"}, "trigger: unknown value; use one of schedule, manual"),
        ({"requestedBy": {}}, "requestedBy: is not a string"),
        ({"environment": {"A": "1"}}, "environment: is not a list"),
        ({"environment": [{"Name": "A"}]}, "environment: holds something that is not a Name"),
        ({"environment": [{"Name": "A", "Value": 1}]}, "environment: holds something"),
        ({"environment": [{"Name": "A", "Value": None}]}, "environment: holds something"),
        ({"environment": [{"Name": "", "Value": "1"}]}, "environment: holds something"),
        ({"environment": [None]}, "environment: holds something that is not a Name"),
        ({"environment": [{"Name": "TOKEN", "Value": "x"}]}, "environment: TOKEN is one of the"),
    ],
)
def test_rejects_a_wrong_input(given, problem):
    [told] = read(given)["problems"]

    assert told.startswith(problem)
    assert "; " in told


def test_rejects_everything_that_is_wrong_at_once():
    given = {"commands": 1, "cpu": 1, "other": None, "trigger": "?"}

    assert len(read(given)["problems"]) == 4


def test_rejects_arbitrary_commands_that_are_missing():
    [told] = read({}, job=ARBITRARY)["problems"]

    assert told == 'commands: missing; pass {"commands": ["bash", "-c", "..."]}'


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def size_with(text):
    """Return the bytes of the overrides as ECS will get them at the 999th start."""
    made = overrides({"environment": [{"Name": "A", "Value": text}]}, started=998)
    return len(compact(made).encode())


@pytest.mark.parametrize(("character", "width"), [("x", 1), ("é", 2), ("漢", 3), ("😀", 4)])
def test_overrides_are_measured_in_bytes(character, width):
    room = (job_input.OVERRIDES_LIMIT - size_with("")) // width
    fits, too_large = character * room, character * (room + 1)

    assert job_input.OVERRIDES_LIMIT - size_with(fits) < width
    [told] = read({"environment": [{"Name": "A", "Value": too_large}]})["problems"]
    assert "bytes, ECS allows 8192; pass less" in told
