"""Tasks really run, as a process and in a container, and ECS shows of them what it would."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moto.ecs.models import ecs_backends

from localaws.errors import EmulatorError
from localaws.executors.container import find_engine
from localaws.feed import ExecutionStatusChange, Feed
from localaws.server import Server
from localaws.tasks import Tasks
from localaws.tasks.life import stop_seconds
from localaws.tasks.logs import EVENT_BYTES, Lines
from localaws.tasks.record import StopCode
from tests.container import busybox_image
from tests.local.ecs import ACCOUNT, GROUP, REGION, Ecs, is_alive, playing, serving, wait_for

CONTAINER = pytest.param("container", marks=pytest.mark.container)
BOTH = ["process", CONTAINER]

RUN = {"BATCH_JOB": "report", "BATCH_RUN": "r-1", "BATCH_ATTEMPT": "2"}

UNTIL_TERM = 'trap "echo told; exit 5" TERM; echo up; while :; do sleep 0.05; done'
DEAF = 'trap "" TERM; echo up; while :; do sleep 0.05; done'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    with busybox_image() as made:
        yield made


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch) -> Path:
    """Where the folders of commands are, for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def of(executor: str, request: pytest.FixtureRequest) -> dict[str, str]:
    image = request.getfixturevalue("image") if executor == "container" else "nothing/here:1"
    return {"executor": executor, "image": image}


@pytest.fixture(params=BOTH)
def ecs(request, server) -> Iterator[Ecs]:
    with playing(server, **of(request.param, request)) as empty:
        yield empty


@pytest.fixture
def processes(server) -> Iterator[Ecs]:
    with playing(server, executor="process") as empty:
        yield empty


@pytest.fixture
def containers(server, image) -> Iterator[Ecs]:
    with playing(server, executor="container", image=image) as empty:
        yield empty


def code_of(task: dict) -> int | None:
    return task["containers"][0].get("exitCode")


# Exit codes and stop codes


@pytest.mark.parametrize("code", [0, 3, 127, 255])
def test_the_commands_exit_code_is_the_containers(ecs, code):
    task = ecs.run("sh", "-c", f"exit {code}")

    assert code_of(task) == code
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["desiredStatus"] == "STOPPED"
    assert "reason" not in task["containers"][0]


def test_a_command_that_a_signal_ends_has_128_and_the_signal(ecs):
    # Not by its own hand: the first process of a container cannot kill itself.
    task = ecs.run("sh", "-c", "sh -c 'kill -KILL $$'; exit $?")

    assert code_of(task) == 137


def test_a_process_that_a_signal_ends_has_128_and_the_signal(processes):
    assert code_of(processes.run("sh", "-c", "kill -SEGV $$")) == 139


def test_a_command_that_does_not_exist_fails_the_start(ecs):
    task = ecs.run("no-such-program", "-x")

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotStartContainerError: ")
    assert 'exec: "no-such-program": executable file not found in $PATH' in task["stoppedReason"]
    assert code_of(task) is None
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert "startedAt" not in task
    assert ecs.texts(task["taskArn"]) == []


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("/no/such/program", 'exec: "/no/such/program": stat /no/such/program: no such file'),
        ("/etc/passwd", 'exec: "/etc/passwd": permission denied'),
    ],
)
def test_a_process_that_cannot_be_executed_says_why(processes, program, why):
    assert why in processes.run(program)["stoppedReason"]


def test_a_process_needs_a_command(processes):
    task = processes.run()

    assert task["stopCode"] == "TaskFailedToStart"
    assert "no command specified" in task["stoppedReason"]


def test_the_definitions_command_runs_where_nothing_overrides_it(ecs):
    definition = ecs.register({"command": ["sh", "-c", "exit 4"]})

    assert code_of(ecs.run(definition=definition)) == 4
    assert code_of(ecs.run("sh", "-c", "exit 6", definition=definition)) == 6


def test_the_entry_point_comes_before_the_command(ecs):
    definition = ecs.register({"entryPoint": ["sh", "-c"], "command": ["exit 4"]})

    assert code_of(ecs.run(definition=definition)) == 4


@pytest.mark.container
def test_an_image_that_is_not_there_cannot_be_pulled(containers):
    definition = containers.register({"image": "localhost/batch-no-such-image:1"})

    task = containers.run("true", definition=definition)

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: localhost/batch-no-such")
    assert code_of(task) is None


# Output


def test_output_reaches_the_stream_of_awslogs_in_order(ecs):
    task = ecs.run("sh", "-c", "echo one; echo; echo two; printf three")

    assert ecs.texts(task["taskArn"]) == ["one", "two", "three"]


def test_both_outputs_of_a_process_keep_their_order(processes):
    task = processes.run("sh", "-c", "echo one; echo two >&2; echo three; printf four >&2")

    assert processes.texts(task["taskArn"]) == ["one", "two", "three", "four"]


@pytest.mark.container
def test_the_two_outputs_of_a_container_do_not_cut_into_each_others_lines(containers):
    script = "for n in $(seq 1 50); do printf o; printf e >&2; echo ut; echo rr >&2; done"

    task = containers.run("sh", "-c", script)

    assert sorted(containers.texts(task["taskArn"])) == ["err"] * 50 + ["out"] * 50


def test_output_reaches_the_feed_with_the_run_that_wrote_it(ecs):
    task = ecs.run("echo", "hello", environment=RUN)

    (line,) = ecs.lines()
    assert (line.text, line.task_arn) == ("hello", task["taskArn"])
    assert (line.job, line.run, line.attempt) == ("report", "r-1", 2)
    assert (line.log_group, line.log_stream) == (
        GROUP,
        f"task/app/{task['taskArn'].rsplit('/', 1)[-1]}",
    )


def test_a_line_is_there_while_the_command_runs(ecs):
    task = ecs.start("sh", "-c", UNTIL_TERM)

    ecs.wait_for_line("up")

    assert ecs.texts(task) == ["up"]
    assert ecs.describe(task)["lastStatus"] in ("PENDING", "RUNNING")


def test_bytes_that_are_no_text_do_no_harm(ecs):
    task = ecs.run("printf", r"a\377b\000c\n\303\251\n")

    assert ecs.texts(task["taskArn"]) == ["a�b\0c", "é"]


def test_much_output_is_complete(ecs):
    task = ecs.run("seq", "1", "5000")

    assert [line.text for line in ecs.lines()] == [str(n) for n in range(1, 5001)]
    assert code_of(task) == 0


def test_a_long_line_becomes_several_events():
    lines = Lines()

    texts = lines.feed(b"x" * (EVENT_BYTES + 10) + b"\n")

    assert [len(text) for text in texts] == [EVENT_BYTES, 10]


@pytest.mark.parametrize("size", range(EVENT_BYTES - 4, EVENT_BYTES + 1))
def test_a_long_line_is_not_cut_inside_a_character(size):
    lines = Lines()
    line = "x" * size + "日本語😀" * 3

    texts = [*lines.feed(line.encode()), *lines.finish()]

    assert "".join(texts) == line
    assert all(len(text.encode()) <= EVENT_BYTES for text in texts)


def test_a_line_without_end_does_not_wait_for_it():
    lines = Lines()

    assert lines.feed(b"x" * (EVENT_BYTES - 1)) == []
    assert lines.feed(b"xx") == ["x" * EVENT_BYTES]
    assert lines.finish() == ["x"]


def test_replaced_bytes_count_as_what_replaces_them():
    lines = Lines()

    texts = lines.feed(b"\xff" * EVENT_BYTES + b"\n")

    assert "".join(texts) == "�" * EVENT_BYTES
    assert all(len(text.encode()) <= EVENT_BYTES for text in texts)


def test_a_missing_log_group_fails_the_start(processes):
    processes.client("logs").delete_log_group(logGroupName=GROUP)

    task = processes.run("true")

    assert task["stopCode"] == "TaskFailedToStart"
    assert "The specified log group does not exist." in task["stoppedReason"]


def test_a_log_group_that_goes_away_does_not_end_the_task(processes):
    task = processes.start("sh", "-c", UNTIL_TERM)
    processes.wait_for_line("up")

    processes.client("logs").delete_log_group(logGroupName=GROUP)
    processes.stop(task)

    assert code_of(processes.end_of(task)) == 5


def test_without_awslogs_the_output_is_in_the_feed_only(processes):
    definition = processes.register({"logConfiguration": {"logDriver": "none"}})

    processes.run("echo", "hello", definition=definition)

    assert [(line.text, line.log_group) for line in processes.lines()] == [("hello", "")]


# Environment


def seen(ecs: Ecs, task: str) -> dict[str, str]:
    return dict(text.split("=", 1) for text in ecs.texts(task))


def test_nothing_of_the_callers_environment_is_seen(ecs, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("BATCH_TESTS_CANARY", "x")

    environment = seen(ecs, ecs.run("env")["taskArn"])

    assert "AKIAREAL" not in environment.values()
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "BATCH_TESTS_CANARY"} & environment.keys() == set()


def test_every_client_talks_to_the_emulator(ecs):
    environment = seen(ecs, ecs.run("env")["taskArn"])

    assert environment["AWS_ENDPOINT_URL"] == ecs.endpoint
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["AWS_ACCESS_KEY_ID"]


def test_the_emulator_answers_a_task(processes):
    script = (
        "import os, urllib.request;"
        "print(urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/moto-api/').status)"
    )

    task = processes.run(sys.executable, "-c", script)

    assert processes.texts(task["taskArn"]) == ["200"]


def test_overrides_win_over_the_definitions_variables(ecs):
    definition = ecs.register(
        {"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}
    )

    task = ecs.run("env", environment={"B": "2"}, definition=definition)

    environment = seen(ecs, task["taskArn"])
    assert (environment["A"], environment["B"]) == ("1", "2")


@pytest.mark.parametrize("name", ["VALUE", "DOCKER_HOST", "TMPDIR"])
def test_a_value_arrives_as_it_is(ecs, name, folders, monkeypatch):
    # The last two also mean something to the engine's command.
    monkeypatch.setenv("TMPDIR", str(folders))
    value = "  'q' \"d\" $HOME #x \\ é=日本"

    task = ecs.run("sh", "-c", f'printf "<%s>" "${name}"', environment={name: value})

    assert ecs.texts(task["taskArn"]) == [f"<{value}>"]


def test_a_value_may_have_lines(ecs):
    task = ecs.run("sh", "-c", 'printf "%s" "$KEY"', environment={"KEY": "one\ntwo"})

    assert ecs.texts(task["taskArn"]) == ["one", "two"]


def test_a_process_has_a_folder_of_its_own_that_goes_with_it(processes, folders):
    script = "pwd; echo $HOME; mkdir -p a/b; touch a/b/c; chmod 0 a/b; umask"

    task = processes.run("sh", "-c", script)

    folder, home, _ = processes.texts(task["taskArn"])
    assert os.path.realpath(home) == os.path.realpath(folder)
    assert task["taskArn"].rsplit("/", 1)[-1] in folder
    assert list(folders.iterdir()) == []


def test_the_standard_input_is_empty(ecs):
    assert code_of(ecs.run("cat")) == 0


# Secrets


def secret_arn(ecs: Ecs, name: str, value: str) -> str:
    made = ecs.client("secretsmanager").create_secret(Name=name, SecretString=value)
    return made["ARN"]


def with_secret(ecs: Ecs, source: str) -> str:
    return ecs.register({"secrets": [{"name": "S", "valueFrom": source}]})


@pytest.mark.parametrize("kind", ["String", "SecureString"])
@pytest.mark.parametrize("form", ["{name}", "arn:aws:ssm:{region}:{account}:parameter{name}"])
def test_a_parameter_becomes_a_variable(processes, kind, form):
    processes.client("ssm").put_parameter(Name="/app/key", Value="v1", Type=kind)
    source = form.format(name="/app/key", region=REGION, account=ACCOUNT)

    task = processes.run("sh", "-c", "echo $S", definition=with_secret(processes, source))

    assert processes.texts(task["taskArn"]) == ["v1"]


def test_a_secret_becomes_a_variable_of_both_executors(ecs):
    arn = secret_arn(ecs, "db", "p w\nd")

    task = ecs.run("sh", "-c", 'echo "$S"', definition=with_secret(ecs, arn))

    assert ecs.texts(task["taskArn"]) == ["p w", "d"]


def test_one_key_of_a_secrets_json_becomes_a_variable(processes):
    arn = secret_arn(processes, "db", json.dumps({"user": "u", "port": 5432}))

    for key, value in (("user", "u"), ("port", "5432")):
        definition = with_secret(processes, f"{arn}:{key}::")
        task = processes.run("sh", "-c", "echo $S", definition=definition)
        assert processes.texts(task["taskArn"]) == [value]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/no/such", "unable to retrieve secrets from ssm: .*invalid parameters: /no/such"),
        (
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:nope-abcdef",
            "unable to retrieve secret from asm: .*ResourceNotFoundException",
        ),
        ("{arn}:nokey::", "did not contain json key nokey"),
        ("{text}:key::", "is not JSON"),
    ],
)
def test_a_secret_that_cannot_be_read_fails_the_start(processes, source, why):
    arn = secret_arn(processes, "db", "{}")
    text = secret_arn(processes, "text", "plain")

    definition = with_secret(processes, source.format(arn=arn, text=text))
    task = processes.run("true", definition=definition)

    assert task["stopCode"] == "TaskFailedToStart"
    assert code_of(task) is None
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: unable to pull secrets or registry auth: "
    )
    assert re.search(why, task["stoppedReason"])


# Statuses, times and events


def test_the_statuses_are_those_of_ecs(ecs):
    ecs.run("true")

    statuses = [change.detail["lastStatus"] for change in ecs.changes()]

    assert statuses == ["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"]


def test_the_times_are_in_order(ecs):
    task = ecs.run("true")

    names = ["createdAt", "pullStartedAt", "startedAt", "stoppingAt", "executionStoppedAt"]
    times = [task[name] for name in [*names, "stoppedAt"]]
    assert times == sorted(times)


def test_an_event_has_the_task_as_aws_writes_it(processes):
    task = processes.run("sh", "-c", "exit 3", environment=RUN, tags=[{"key": "k", "value": "v"}])

    last = processes.changes()[-1]
    detail = last.detail
    assert (last.account, last.region) == (ACCOUNT, REGION)
    assert (last.job, last.run, last.attempt) == ("report", "r-1", 2)
    assert detail["taskArn"] == task["taskArn"]
    assert detail["lastStatus"] == "STOPPED"
    assert detail["stopCode"] == "EssentialContainerExited"
    assert detail["containers"][0]["exitCode"] == 3
    assert detail["containers"][0]["taskArn"] == task["taskArn"]
    assert detail["launchType"] == "FARGATE"
    assert detail["overrides"] == task["overrides"]
    assert datetime.fromisoformat(detail["stoppedAt"]) == task["stoppedAt"]
    assert detail["stoppedAt"].endswith("Z")
    assert detail["updatedAt"] >= detail["createdAt"]
    assert "tags" not in detail
    json.dumps(detail)


def test_the_version_grows_with_every_event(processes):
    processes.run("true")

    versions = [change.detail["version"] for change in processes.changes()]

    assert versions == sorted(set(versions))


def test_a_failed_start_is_an_event_as_well(processes):
    processes.run("no-such-program")

    statuses = [change.detail["lastStatus"] for change in processes.changes()]

    assert statuses == ["PROVISIONING", "PENDING", "DEPROVISIONING", "STOPPED"]
    assert processes.changes()[-1].detail["stopCode"] == "TaskFailedToStart"


# Stopping


def test_a_stopped_task_is_told_and_has_its_own_code(ecs):
    task = ecs.start("sh", "-c", UNTIL_TERM)
    ecs.wait_for_line("up")

    answer = ecs.stop(task, reason="enough")

    assert answer["desiredStatus"] == "STOPPED"
    described = ecs.end_of(task)
    assert code_of(described) == 5
    assert (described["stopCode"], described["stoppedReason"]) == ("UserInitiated", "enough")
    assert ecs.texts(task)[-1] == "told"


def test_a_task_that_does_not_listen_is_killed(ecs):
    ecs.tasks.stop_seconds = 0.1
    task = ecs.start("sh", "-c", DEAF)
    ecs.wait_for_line("up")

    ecs.stop(task)

    described = ecs.end_of(task)
    assert code_of(described) == 137
    assert described["stoppedReason"] == "Task stopped by user"


def test_a_process_that_sigterm_ends_has_143(processes):
    task = processes.start("sh", "-c", "echo up; exec sleep 1000")
    processes.wait_for_line("up")

    processes.stop(task)

    assert code_of(processes.end_of(task)) == 143


def test_the_whole_process_group_is_told(processes):
    script = (
        'sh -c "trap \\"echo child told; exit\\" TERM; echo up; while :; do sleep 0.05; done" &'
    )
    task = processes.start("sh", "-c", f'{script} trap "wait; exit 5" TERM; wait; wait')
    processes.wait_for_line("up")

    processes.stop(task)

    assert code_of(processes.end_of(task)) == 5
    assert "child told" in processes.texts(task)


def test_the_definitions_stop_timeout_counts(processes):
    definition = processes.register({"stopTimeout": 1})
    task = processes.start("sh", "-c", DEAF, definition=definition)
    processes.wait_for_line("up")

    processes.stop(task)

    assert code_of(processes.end_of(task)) == 137


@pytest.mark.parametrize(
    ("definition", "seconds"), [({}, 30), ({"stopTimeout": 2}, 2), ({"stopTimeout": 900}, 120)]
)
def test_the_stop_timeout_is_that_of_ecs(definition, seconds):
    assert stop_seconds(definition) == seconds


def test_the_first_reason_to_stop_stays(processes):
    task = processes.start("sh", "-c", UNTIL_TERM)
    processes.wait_for_line("up")

    processes.stop(task, reason="first")
    processes.stop(task, reason="second")
    processes.end_of(task)
    processes.stop(task, reason="third")

    assert processes.describe(task)["stoppedReason"] == "first"


def test_a_task_can_be_stopped_by_its_id(processes):
    task = processes.start("sh", "-c", UNTIL_TERM)
    processes.wait_for_line("up")

    processes.stop(task.rsplit("/", 1)[-1])

    assert processes.end_of(task)["stopCode"] == "UserInitiated"


def test_a_task_can_be_interrupted_as_spot_does(processes):
    task = processes.start("sh", "-c", UNTIL_TERM)
    processes.wait_for_line("up")

    processes.tasks.stop(task, reason="Your Spot Task was interrupted.", code=StopCode.SPOT)

    assert processes.end_of(task)["stopCode"] == "SpotInterruption"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands orphans over")
def test_what_left_the_process_group_ends_with_the_command(processes):
    script = "setsid sh -c 'echo pid $$; trap \"\" TERM; exec sleep 1000' & sleep 1000"
    task = processes.start("sh", "-c", script)
    pid = int(processes.wait_for_line("pid").text.split()[1])
    assert is_alive(pid)

    processes.stop(task)
    processes.end_of(task)

    assert not is_alive(pid)


def test_no_process_is_left_in_the_background(processes):
    task = processes.run("sh", "-c", "sleep 1000 & echo $!")

    (pid,) = processes.texts(task["taskArn"])
    assert not is_alive(int(pid))


def of_run(status: str, name: str = "r-1", machine: str = "batch-local-report"):
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}"
    detail = {"status": status, "name": name, "stateMachineArn": arn}
    return ExecutionStatusChange(datetime.now(UTC), ACCOUNT, REGION, detail)


def test_an_aborted_run_takes_its_task_with_it(ecs):
    task = ecs.start("sh", "-c", UNTIL_TERM, environment=RUN)
    ecs.wait_for_line("up")

    ecs.feed.publish(of_run("ABORTED"))

    assert ecs.end_of(task)["stopCode"] == "UserInitiated"


@pytest.mark.parametrize(
    "change",
    [
        of_run("TIMED_OUT"),
        of_run("FAILED"),
        of_run("ABORTED", name="r-2"),
        of_run("ABORTED", machine="batch-local-other"),
    ],
)
def test_no_other_run_takes_the_task_with_it(processes, change):
    task = processes.start("sh", "-c", UNTIL_TERM, environment=RUN)
    processes.wait_for_line("up")

    processes.feed.publish(change)

    assert processes.describe(task)["desiredStatus"] == "RUNNING"


# Several containers


SIDECAR = {"name": "sidecar", "essential": False}


def codes_of(task: dict) -> dict[str, int | None]:
    return {each["name"]: each.get("exitCode") for each in task["containers"]}


def test_a_failing_sidecar_is_recorded_and_ends_nothing(ecs):
    sidecar = {**SIDECAR, "command": ["sh", "-c", "echo side; exit 9"]}
    definition = ecs.register(sidecar, {"command": ["sh", "-c", UNTIL_TERM]})
    task = ecs.start(definition=definition)
    ecs.wait_for_line("up")
    wait_for(lambda: codes_of(ecs.describe(task))["sidecar"] is not None)

    assert ecs.describe(task)["desiredStatus"] == "RUNNING"
    ecs.stop(task)
    assert codes_of(ecs.end_of(task)) == {"sidecar": 9, "app": 5}
    assert ecs.texts(task, "sidecar") == ["side"]


def test_a_sidecar_is_stopped_when_an_essential_container_ends(ecs):
    sidecar = {**SIDECAR, "command": ["sh", "-c", UNTIL_TERM]}
    definition = ecs.register(sidecar, {"command": ["sh", "-c", "sleep 1"]})

    task = ecs.run(definition=definition)

    assert codes_of(task) == {"sidecar": 5, "app": 0}
    assert task["stopCode"] == "EssentialContainerExited"


def test_a_sidecar_that_cannot_start_says_why_and_ends_nothing(processes):
    sidecar = {**SIDECAR, "command": ["no-such-program"]}

    task = processes.run("true", definition=processes.register(sidecar, {}))

    assert codes_of(task) == {"sidecar": None, "app": 0}
    assert "no-such-program" in task["containers"][0]["reason"]
    assert task["stopCode"] == "EssentialContainerExited"


def test_an_essential_container_that_cannot_start_ends_the_others(processes):
    sidecar = {**SIDECAR, "command": ["sh", "-c", UNTIL_TERM]}

    task = processes.run("no-such-program", definition=processes.register(sidecar, {}))

    assert task["stopCode"] == "TaskFailedToStart"
    assert codes_of(task)["app"] is None


def test_a_sidecar_without_a_command_is_idle_as_a_process(processes):
    task = processes.run("sh", "-c", "exit 3", definition=processes.register(SIDECAR, {}))

    assert codes_of(task) == {"sidecar": 0, "app": 3}


# What is refused


def refused(call) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call()
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_run_task_refuses_what_is_not_there(processes):
    definition = processes.register()
    processes.api.deregister_task_definition(taskDefinition=definition)

    assert refused(lambda: processes.start("true", definition="nope")) == (
        "ClientException",
        "TaskDefinition not found.",
    )
    assert refused(lambda: processes.start("true", definition=definition)) == (
        "ClientException",
        "TaskDefinition is inactive",
    )
    assert refused(lambda: processes.start("true", cluster="nope")) == (
        "ClusterNotFoundException",
        "Cluster not found.",
    )


def test_overrides_over_the_limit_are_refused_and_nothing_runs(processes):
    code, message = refused(lambda: processes.start("echo", "x" * 8192))

    assert code == "InvalidParameterException"
    assert "8192" in message
    assert processes.happenings == []


def test_stopping_a_task_that_is_not_there_is_refused(processes):
    code, _ = refused(lambda: processes.stop(f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/c/nope"))

    assert code == "InvalidParameterException"


# Which executor


@pytest.mark.container
def test_auto_is_a_container_where_the_image_is_there(server, image):
    with playing(server, executor="auto", image=image) as ecs:
        ours = ecs.run("sh", "-c", "test -e /bin/busybox && ! test -e /etc/passwd")
        theirs = ecs.register({"image": "localhost/batch-no-such-image:1"})
        other = ecs.run("sh", "-c", "test -e /etc/passwd", definition=theirs)

    assert (code_of(ours), code_of(other)) == (0, 0)


def test_auto_is_a_process_where_no_engine_responds(server, monkeypatch):
    monkeypatch.setenv("BATCH_CONTAINER_ENGINE", "no-such-engine")

    with playing(server, executor="auto") as ecs:
        assert code_of(ecs.run("sh", "-c", "exit 3")) == 3


def test_containers_need_an_engine(monkeypatch):
    monkeypatch.setenv("BATCH_CONTAINER_ENGINE", "no-such-engine")

    with pytest.raises(EmulatorError, match="neither docker nor podman responds"):
        Tasks(Feed(), endpoint="http://127.0.0.1:1", executor="container").install()


def test_an_unknown_executor_is_refused():
    with pytest.raises(EmulatorError, match="'vm'; use auto, process or container"):
        Tasks(Feed(), endpoint="http://127.0.0.1:1", executor="vm")


def test_an_engine_that_does_not_answer_does_not_count(tmp_path, monkeypatch):
    broken = tmp_path / "engine"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BATCH_CONTAINER_ENGINE", str(broken))

    assert find_engine() is None


# Beginning and end


def test_closing_ends_what_runs(ecs, folders):
    ecs.start("sh", "-c", DEAF)
    ecs.wait_for_line("up")
    before = len(ecs.happenings)

    ecs.tasks.close()

    assert len(ecs.happenings) == before
    assert list(folders.iterdir()) == []


def test_what_ran_before_a_reset_is_gone_and_silent(processes, folders):
    processes.start("sh", "-c", DEAF)
    processes.wait_for_line("up")
    before = len(processes.happenings)

    processes.tasks.forget()

    assert len(processes.happenings) == before
    assert list(folders.iterdir()) == []
    assert code_of(processes.run("sh", "-c", "exit 3")) == 3


def test_tasks_can_be_installed_twice_and_again_after_the_end(processes):
    processes.tasks.install()
    ended = processes.run("sh", "-c", "exit 3")
    assert code_of(ended) == 3, ended["stoppedReason"]
    assert len(processes.changes()) == 5

    processes.tasks.close()
    processes.tasks.close()
    processes.tasks.install()

    assert code_of(processes.run("sh", "-c", "exit 4")) == 4


def test_the_last_one_installed_runs_the_tasks(processes):
    other = Feed()
    heard = []
    other.subscribe(heard.append)
    later = Tasks(other, endpoint=processes.endpoint, executor="process")

    later.install()
    processes.run("true")
    processes.tasks.close()
    processes.run("true")
    later.close()

    assert processes.happenings == []
    assert len(heard) == 10


def test_an_answer_shows_a_task_as_it_was_at_one_moment(processes):
    task = processes.start("sleep", "60")
    wait_for(lambda: processes.is_(task, "RUNNING"), f"the start of {task}")

    # What moto writes its answer from, a while after it was asked.
    (seen,) = ecs_backends[ACCOUNT][REGION].describe_tasks("c", [task])
    processes.stop(task)
    assert processes.end_of(task)["lastStatus"] == "STOPPED"

    assert (seen.last_status, seen.containers[0].last_status) == ("RUNNING", "RUNNING")
    assert seen.containers[0].exitCode is None


def test_many_tasks_run_side_by_side(processes):
    definition = processes.register()

    def run(code: int) -> int | None:
        return code_of(processes.run("sh", "-c", f"exit {code}", definition=definition))

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(run, range(40))) == list(range(40))
