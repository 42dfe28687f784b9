"""Nothing of a task is left when the emulator ends, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from localaws import guard
from localaws.executors.container import find_engine
from localaws.executors.guarded import CannotExecute, Guarded, folder_of
from tests.container import busybox_image
from tests.local.ecs import is_alive, wait_for

ROOT = Path(__file__).parents[2]

EMULATOR = """
import sys
from tests.local.ecs import playing, serving

executor, image, script = sys.argv[1:]
with serving() as server, playing(server, executor=executor, image=image) as ecs:
    ecs.start("sh", "-c", script)
    print(ecs.wait_for_line("up").text, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    with busybox_image() as made:
        yield made


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch) -> Path:
    """Where the folders of commands are, for this test alone."""
    path = tmp_path / "folders"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


@pytest.fixture
def emulator(folders) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start an emulator in a process of its own, with one task."""
    started: list[subprocess.Popen[str]] = []

    def start(executor: str, image: str, script: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", EMULATOR, executor, image, script],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folders)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def guarded() -> Iterator[Callable[..., Guarded]]:
    """Make a guarded command, and end it."""
    made: list[Guarded] = []

    def make(*argv: str, env: dict[str, str] | None = None, **options: object) -> Guarded:
        environment = {"PATH": os.environ["PATH"], **(env or {})}
        made.append(Guarded(id=f"batch-test-{uuid4()}", argv=argv, env=environment, **options))
        return made[-1]

    yield make
    for each in made:
        if each.guard_pid and not each.is_over:
            each.abandon()
            attended(each)


def attended(command: Guarded) -> tuple[dict, bytes]:
    written: list[bytes] = []
    report = command.attend(lambda _, block: written.append(block))
    return report, b"".join(written)


# The emulator's end

FAMILY = """
trap "" TERM
sleep 1000 & child=$!
sh -c 'trap "" TERM HUP; exec sleep 1000' & deaf=$!
{setsid}
echo up $$ $child $deaf $left
wait
"""
# And whose parent is gone.
LEAVES_THE_GROUP = (
    "left=$(setsid sh -c 'trap \"\" TERM HUP; exec sleep 1000' >/dev/null 2>&1 & echo $!)"
)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_emulator(emulator, number, folders):
    leaves = LEAVES_THE_GROUP if sys.platform.startswith("linux") else ""
    running = emulator("process", "i", FAMILY.format(setsid=leaves))
    pids = [int(pid) for pid in running.stdout.readline().split()[1:]]
    assert len(pids) == (4 if leaves else 3)
    assert all(is_alive(pid) for pid in pids)

    os.kill(running.pid, number)
    running.wait()

    wait_for(lambda: not any(is_alive(pid) for pid in pids), "the end of every process")
    wait_for(lambda: list(folders.iterdir()) == [], "the end of its folder")


@pytest.mark.container
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_container_outlives_the_emulator(emulator, image, number):
    engine = find_engine()
    running = emulator("container", image, FAMILY.format(setsid=LEAVES_THE_GROUP))
    running.stdout.readline()
    ours = ("ps", "--all", "--quiet", "--filter", f"ancestor={image}")
    assert engine.call(*ours).stdout.split()

    os.kill(running.pid, number)
    running.wait()

    wait_for(lambda: not engine.call(*ours).stdout.split(), "the end of every container")


@pytest.mark.container
def test_a_container_that_is_just_being_made_does_not_outlive_the_emulator(image):
    engine = find_engine()
    name = f"batch-test-{uuid4()}"
    command = Guarded(
        id=name,
        argv=[
            *(engine.command, "run", "--name", name, "--network", "host", "--stop-timeout", "0"),
            *(image, "sleep", "1000"),
        ],
        env=dict(os.environ),
        adopt=False,
        remove=[engine.command, "rm", "--force", name],
    )
    command.start()

    command.abandon()

    attended(command)
    assert engine.call("ps", "--all", "--quiet", "--filter", f"name={name}").stdout == ""


def test_the_next_emulator_starts_after_a_killed_one(emulator):
    first = emulator("process", "i", "echo up; sleep 1000")
    first.stdout.readline()
    first.kill()

    second = emulator("process", "i", "echo up again; sleep 1000")

    assert second.stdout.readline() == "up again\n"


# The guard's own end


def test_a_guard_without_an_order_does_nothing(folders):
    done = subprocess.run(
        [sys.executable, "-I", "-S", guard.__file__],
        input=b'{"argv": ["touch"',
        capture_output=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == (b"", b"")
    assert list(folders.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_guard_that_is_told_to_end_ends_everything(guarded, number):
    command = guarded("sh", "-c", "echo up; exec sleep 1000")
    pid = command.start()

    os.kill(command.guard_pid, number)

    assert attended(command)[0]["exit"] == 137
    assert not is_alive(pid)


def test_a_guard_that_is_killed_takes_the_group_with_it(guarded):
    command = guarded("sh", "-c", "echo up; sleep 1000")
    pid = command.start()
    heard = threading.Event()
    reports: list[dict] = []

    def attend() -> None:
        reports.append(command.attend(lambda *_: heard.set()))

    thread = threading.Thread(target=attend)
    thread.start()
    assert heard.wait(30)
    os.kill(command.guard_pid, signal.SIGKILL)
    thread.join(30)

    assert [report["exit"] for report in reports] == [137]
    wait_for(lambda: not is_alive(pid), "the end of the process")
    assert not folder_of(command.id).exists()


# The command


def test_a_command_sees_its_environment_and_nothing_else(guarded):
    command = guarded("env", env={"A": "1"})
    command.start()

    _, written = attended(command)

    assert written.decode().split("\n")[:-1] == [f"PATH={os.environ['PATH']}", "A=1"]


def test_a_command_has_the_usual_signals(guarded):
    # Python ignores SIGPIPE; `producer | head` in a job must still end.
    command = guarded("sh", "-c", "kill -PIPE $$; echo survived")
    command.start()

    report, written = attended(command)

    assert (report["exit"], written) == (141, b"")


def test_a_command_holds_no_file_of_the_guard(guarded):
    script = "import os; print(sorted(os.listdir('/dev/fd')))"
    command = guarded(sys.executable, "-I", "-S", "-c", script)
    command.start()

    _, written = attended(command)

    # One more is the listing's own.
    assert json.loads(written.decode().replace("'", '"')) == ["0", "1", "2", "3"]


def test_what_cannot_be_executed_leaves_nothing(guarded):
    command = guarded("/no/such/program")

    with pytest.raises(CannotExecute) as refusal:
        command.start()

    assert refusal.value.errno == 2
    assert not folder_of(command.id).exists()


def test_an_argument_that_cannot_be_handed_over_is_refused(guarded):
    with pytest.raises(CannotExecute, match="null byte"):
        guarded("echo", "a\0b").start()


def test_a_folder_that_nobody_may_write_goes_as_well(guarded):
    command = guarded("sh", "-c", "mkdir -p a/b; touch a/b/c; chmod 500 a/b a .")
    command.start()

    attended(command)

    assert not folder_of(command.id).exists()


def test_a_link_out_of_the_folder_is_not_followed(guarded, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    command = guarded("ln", "-s", str(outside), "link")
    command.start()

    attended(command)

    assert [path.name for path in outside.iterdir()] == ["kept"]


def test_every_descendant_is_found(guarded):
    command = guarded("sh", "-c", "sh -c 'sleep 1000 & sleep 1000 & wait' & echo up; wait")
    command.start()

    def generations() -> bool:
        return len(guard.descendants(command.guard_pid)) == 4

    wait_for(generations, "four processes below the guard")


def test_a_guard_needs_little(guarded):
    command = guarded("true")
    command.start()
    attended(command)

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", guard.__file__],
        input=b"",
        capture_output=True,
        check=True,
    )

    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.decode().splitlines()}
    assert {"subprocess", "logging", "site", "tempfile", "asyncio"} & loaded == set()
