"""``batchctl local`` as a person starts it: a process of its own, spoken to by real clients."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batch.contract import Platform
from localaws.clock import Clock
from localaws.deployment import deploy
from localaws.emulator import Emulator
from localaws.feed import ScheduleFired
from tests.roles import open_role

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
PLATFORM = Platform("batch", "local", "123456789012", "us-east-1")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def wait_for(condition):
    """Return what ``condition`` gives once that is something."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Up:
    """A running ``batchctl local up``, and what it has written so far."""

    def __init__(self, port: int, *options: str) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "batchctl", "local", "up", "--port", str(port), *options],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            wait_for(lambda: "Ctrl-C ends it" in self.text or self.process.poll() is not None)
            assert self.process.poll() is None, self.text
        except AssertionError:
            self.end(signal.SIGKILL)
            raise

    def __enter__(self) -> Up:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)

    def _read(self) -> None:
        for line in self.process.stderr:
            self.text += line

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        self.process.stderr.close()
        return status


def aws_cli(endpoint: str, *arguments: str) -> dict:
    """Call the AWS CLI as somebody would who never heard of this project."""
    ended = subprocess.run(
        [
            str(Path(sys.executable).parent / "aws"), "--endpoint-url", endpoint,
            "--region", "us-east-1", "--output", "json", *arguments,
        ],
        capture_output=True, text=True, check=False, env={**os.environ, **CREDENTIALS},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.strip() else {}


@pytest.fixture(scope="module")
def up():
    with Up(free_port()) as running:
        yield running
        assert running.end() == 0


def run_any(up: Up, command: str) -> dict:
    started = aws_cli(
        up.endpoint, "stepfunctions", "start-execution",
        "--state-machine-arn", PLATFORM.state_machine_arn("run-task"),
        "--input", json.dumps({"commands": ["bash", "-c", command]}),
    )  # fmt: skip

    def ended() -> dict | None:
        run = aws_cli(
            up.endpoint, "stepfunctions", "describe-execution",
            "--execution-arn", started["executionArn"],
        )  # fmt: skip
        return run if run["status"] != "RUNNING" else None

    return wait_for(ended)


def messages_about(up: Up, run: dict) -> list[str]:
    """Return the channels that showed a message about a run, once one has."""
    pattern = rf"#(\S+) [^\n]*\n(?:┃[^\n]*\n)*?┃[^\n]*{re.escape(run['name'])}"
    return wait_for(lambda: re.findall(pattern, up.text))


def test_a_failing_command_is_failed_logged_and_told_once(up):
    run = run_any(up, "echo hello from the cli; exit 3")

    cause = json.loads(run["cause"])
    lines = aws_cli(
        up.endpoint, "logs", "get-log-events",
        "--log-group-name", PLATFORM.task_log_group, "--log-stream-name", cause["logStream"],
    )  # fmt: skip
    assert (run["status"], run["error"], cause["exitCode"]) == ("FAILED", "Job.ExitCode", 3)
    assert [event["message"] for event in lines["events"]] == ["hello from the cli"]
    assert messages_about(up, run) == ["C0FAILURE"]


def test_a_command_that_succeeds_is_told_once_in_the_other_channel(up):
    run = run_any(up, "exit 0")

    assert run["status"] == "SUCCEEDED"
    assert messages_about(up, run) == ["C0SUCCESS"]


def test_a_port_in_use_is_named(up):
    ended = subprocess.run(
        [sys.executable, "-m", "batchctl", "local", "serve", "--port", up.endpoint.split(":")[-1]],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip

    assert ended.returncode == 1
    assert up.endpoint.removeprefix("http://") in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def processes_with(marker: str) -> list[str]:
    ended = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in ended.stdout.splitlines() if marker in line]


def test_killing_it_leaves_no_task_behind_and_the_next_start_works():
    port = free_port()
    marker = f"sleep 6{port}"
    with Up(port) as first:
        aws_cli(
            first.endpoint, "stepfunctions", "start-execution",
            "--state-machine-arn", PLATFORM.state_machine_arn("run-task"),
            "--input", json.dumps({"commands": ["bash", "-c", f"{marker} & {marker}"]}),
        )  # fmt: skip
        wait_for(lambda: len(processes_with(marker)) >= 2)
        first.end(signal.SIGKILL)

    wait_for(lambda: not processes_with(marker))
    with Up(port) as second:
        assert second.end(signal.SIGINT) == 0


def test_ctrl_c_ends_a_local_run_as_a_shell_says_it():
    process = subprocess.Popen(
        [sys.executable, "-m", "batchctl", "local", "run", "too-slow"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        written = []
        for line in process.stderr:
            written.append(line)
            if line.startswith("too-slow ") and "taking my time" in line:
                process.send_signal(signal.SIGINT)
        status = process.wait(PATIENCE_SECONDS)

    assert (status, written[-1]) == (130, "interrupted\n"), "".join(written)


class HandClock(Clock):
    """A clock that somebody moves."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._moved = threading.Condition()

    def now(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        with self._moved:
            self._now = to
            self._moved.notify_all()

    def wait_until(self, when: datetime, cancelled: threading.Event) -> bool:
        with self._moved:
            while self._now < when and not cancelled.is_set():
                self._moved.wait(0.05)
        return not cancelled.is_set()


def test_a_schedule_made_by_another_client_fires_once_in_its_zone():
    start = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    clock = HandClock(start)
    fired: list[ScheduleFired] = []

    def times(name: str) -> list[tuple[datetime, str | None]]:
        mine = [h for h in fired if h.schedule_arn.endswith(f"/{name}")]
        return [(h.scheduled_time.astimezone(UTC), h.error) for h in mine]

    def schedule(emulator: Emulator, name: str, due: datetime) -> None:
        local = due.astimezone(ZoneInfo("Asia/Tokyo"))
        aws_cli(
            emulator.endpoint, "scheduler", "create-schedule", "--name", name,
            "--schedule-expression", f"at({local:%Y-%m-%dT%H:%M:%S})",
            "--schedule-expression-timezone", "Asia/Tokyo",
            "--flexible-time-window", "Mode=OFF",
            "--target", json.dumps({
                "Arn": PLATFORM.state_machine_arn("hello"),
                "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
                "Input": '{"trigger": "schedule"}',
            }),
        )  # fmt: skip

    due = start + timedelta(minutes=2)
    with Emulator(clock=clock) as emulator:
        deploy(emulator, stack="local", project_dir=ROOT)
        open_role(emulator.client("iam"), "scheduler")
        emulator.feed.subscribe(lambda h: fired.append(h) if isinstance(h, ScheduleFired) else None)
        schedule(emulator, "by-hand", due)
        schedule(emulator, "afterwards", due + timedelta(minutes=1))
        clock.move(due - timedelta(seconds=1))
        assert times("by-hand") == []
        clock.move(due)
        wait_for(lambda: times("by-hand"))
        clock.move(due + timedelta(minutes=1))
        wait_for(lambda: times("afterwards"))

    assert times("by-hand") == [(due, None)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The program in a folder of its own, so that a stack's file can be another."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "jobs", tmp_path / "jobs")
    return tmp_path


def local_run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batchctl", "local", "run", *arguments],
        cwd=project,
        # What a machine at work may have, and what must not matter.
        env={
            **os.environ, "PYTHONPATH": str(ROOT), "AWS_PROFILE": "nobody",
            "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9",
        },
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS * 2,
    )  # fmt: skip


def test_local_run_ends_with_0_when_each_job_ended_as_expected(project):
    ended = local_run(project, "hello", "--json")

    assert ended.returncode == 0, ended.stderr
    assert [(row["job"], row["result"], row["met"]) for row in json.loads(ended.stdout)] == [
        ("hello", "SUCCEEDED", True)
    ]


def test_local_run_ends_with_1_when_one_did_not(project):
    file = project / "Pulumi.local.yaml"
    file.write_text(file.read_text() + "    hello: Job.ExitCode\n")

    ended = local_run(project, "hello", "--json")

    assert ended.returncode == 1
    assert json.loads(ended.stdout)[0]["expected"] == "Job.ExitCode"
    assert "did not end as expected" in ended.stderr


def test_local_run_of_an_unknown_job_gets_the_nearest_name(project):
    ended = local_run(project, "helo")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "helo: batch-local has no such job; did you mean hello" in ended.stderr


def test_a_wrong_configuration_is_shown_whole_and_nothing_is_made(project):
    file = project / "Pulumi.local.yaml"
    text = file.read_text().replace("logRetentionDays: 1", "logRetentionDays: 2")
    file.write_text(text.replace("batch-platform:image:", "batch-platform:imgae:"))

    ended = local_run(project, "hello")

    assert ended.returncode == 1
    assert "logRetentionDays" in ended.stderr
    assert "imgae" in ended.stderr
    assert "Traceback" not in ended.stderr
