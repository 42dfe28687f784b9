"""Runs one container's command, and leaves nothing of it behind however the emulator ends.

Every command of a task has a guard between it and the emulator: a process of its own, in a
session of its own, started as a plain script so that it is small and up in milliseconds. It holds
the reading end of a pipe from the emulator. The pipe's end, which the operating system brings
about even after SIGKILL, is the order to end everything. The command is the guard's child, so
there is no moment in which it runs unguarded.

On Linux the guard also adopts what the command's processes leave behind (``setsid``, a daemon):
it finds them as its own descendants. Elsewhere it ends the command's process group.

Not in here: what is run and why. That is `localaws.executors`, whose `guarded` module speaks to
this script: one line of JSON in (see :func:`main`), then lines ``TERM`` or ``KILL``; lines of JSON
out. Only the standard library, and little of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from typing import Any

CONTROL, REPORTS = 0, 1

LEAVE_SECONDS = 10.0
"""How long a killed process may take to be gone before the guard gives up on it."""

REMOVE_SECONDS = 30.0
"""How long the engine may take to end a container whose emulator is gone."""

ENGINE_SECONDS = 30.0
"""How long one call of the engine may take."""

_ENDINGS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class _Wakeups:
    """Signals as bytes of a pipe, so that one ``select`` waits for them and for the emulator."""

    def __init__(self) -> None:
        self.fd, write = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *_ENDINGS):
            signal.signal(number, lambda *_: None)

    def wait(self, *others: int, seconds: float | None = None) -> tuple[set[int], set[int]]:
        """Return the signals that came and which of ``others`` can be read."""
        ready = select.select([self.fd, *others], [], [], seconds)[0]
        signals: set[int] = set()
        with contextlib.suppress(BlockingIOError):
            signals = set(os.read(self.fd, 4096))
        return signals, set(ready) - {self.fd}


def main() -> None:
    """Run the command that the first line describes, until it or the emulator ends.

    Keys of the line: ``argv`` and ``env``; ``output``, the file descriptors for its standard output
    and error; ``folder``, a directory to make for the command and to remove after it; ``files``, by
    name, to put into it; ``adopt``, whether everything that the command started ends with it; and
    for a container ``inspect`` and ``remove``, the engine's commands that tell how it ended and
    take it away.
    """
    buffer = b""
    while b"\n" not in buffer:
        data = os.read(CONTROL, 65536)
        if not data:
            return
        buffer += data
    line, orders = buffer.split(b"\n", 1)
    spec = json.loads(line)
    for output in spec["output"]:
        os.set_inheritable(output, False)  # noqa: FBT003 - it takes no keyword
    wakeups = _Wakeups()
    adopting = bool(spec["adopt"]) and _become_subreaper()
    try:
        _make_folder(spec["folder"], spec["files"])
        pid = spawn(spec["argv"], spec["env"], spec["folder"], *spec["output"])
    except (OSError, ValueError) as error:
        remove_folder(spec["folder"])
        _report(error=getattr(error, "errno", None) or 0, message=_text_of(error))
        return
    _report(pid=pid)
    code = _attend(pid, orders, wakeups)
    if code is None and spec["remove"]:
        code = _end_container(pid, spec["remove"], spec["env"], wakeups)
    state = run(spec["inspect"], spec["env"]) if spec["inspect"] else ""
    if spec["remove"]:
        run(spec["remove"], spec["env"])
    code = _end(pid, code, wakeups, adopting=adopting)
    remove_folder(spec["folder"])
    _report(exit=code, state=state)


def _attend(pid: int, orders: bytes, wakeups: _Wakeups) -> int | None:
    """Do what the emulator says; return the command's exit code, None if all is to end."""
    while True:
        for order in orders.split():
            _signal_group(pid, signal.SIGTERM if order == b"TERM" else signal.SIGKILL)
        orders = b""
        if (code := _reap(pid)) is not None:
            return code
        signals, readable = wakeups.wait(CONTROL)
        if signals & _ENDINGS:
            return None
        if readable:
            orders = os.read(CONTROL, 4096)
            if not orders:
                return None


def _end(pid: int, code: int | None, wakeups: _Wakeups, *, adopting: bool) -> int:
    """Kill what is left and return the command's exit code."""
    if not adopting:
        _signal_group(pid, signal.SIGKILL)
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline:
        if adopting:
            for descendant in descendants(os.getpid()):
                # A process of another user (sudo) is beyond reach.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(descendant, signal.SIGKILL)
        if (ended := _reap(pid)) is not None:
            code = ended
        if not adopting and code is not None:
            break
        if not _has_children():
            break
        wakeups.wait(seconds=0.05)
    return code if code is not None else 128 + signal.SIGKILL


def _end_container(
    pid: int, remove: list[str], env: dict[str, str], wakeups: _Wakeups
) -> int | None:
    """Remove the container until its client has ended.

    More than once, because the client may be about to make it: killing the client at that moment
    could leave a container that the engine does not know of yet.
    """
    deadline = time.monotonic() + REMOVE_SECONDS
    while time.monotonic() < deadline:
        run(remove, env)
        if (code := _reap(pid)) is not None:
            return code
        wakeups.wait(seconds=0.1)
    _signal_group(pid, signal.SIGKILL)
    return None


def spawn(argv: list[str], env: dict[str, str], folder: str, output: int, errors: int) -> int:
    """Start ``argv`` in a session of its own and return its process id.

    Raises:
        OSError: If it cannot be executed.
        ValueError: If an argument or a variable cannot be handed over.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(errors, 2)
            # Python ignores them, and what is ignored stays ignored in a program that it starts.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            os.execvpe(argv[0], argv, env)  # noqa: S606
        except OSError as error:
            os.write(write, json.dumps([error.errno, error.strerror]).encode())
        except Exception as error:  # noqa: BLE001 - anything must reach the parent
            os.write(write, json.dumps([0, str(error)]).encode())
        finally:
            os._exit(127)
    os.close(write)
    failure = _read_all(read)
    if failure:
        os.waitpid(pid, 0)
        number, text = json.loads(failure)
        raise OSError(number, text) if number else ValueError(text)
    return pid


def run(argv: list[str], env: dict[str, str]) -> str:
    """Run a command of the engine for what it prints; nothing if it fails or takes too long."""
    read, write = os.pipe()
    try:
        pid = spawn(argv, env, "/", write, write)
    except (OSError, ValueError):
        os.close(read)
        return ""
    finally:
        os.close(write)
    text = _read_all(read, seconds=ENGINE_SECONDS)
    _signal_group(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return text.decode(errors="replace")


def descendants(root: int) -> list[int]:
    """Return every process below ``root``, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - pathlib is not worth its import here
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as stat:  # noqa: PTH123
                # The command's name, in parentheses, may hold anything.
                parent = stat.read().rpartition(b")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _become_subreaper() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # only needed here, and not small

    pr_set_child_subreaper = 36
    return bool(ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0)


def _reap(pid: int) -> int | None:
    """Take every ended child off the process table; return the exit code of ``pid`` if it did."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == pid:
                code = os.waitstatus_to_exitcode(ended[1])
    # As a container engine counts: 128 and the signal.
    return 128 - code if code is not None and code < 0 else code


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    except AttributeError:  # macOS before Python 3.13; only Linux adopts children that matter
        return True
    return True


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _make_folder(path: str, files: dict[str, str]) -> None:
    os.mkdir(path, 0o700)  # noqa: PTH102
    for name, text in files.items():
        with open(f"{path}/{name}", "x", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
            file.write(text)


def remove_folder(path: str) -> None:
    """Remove a directory with all that is in it, whatever its permissions."""
    import shutil  # slow to import, and only needed at the end

    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)  # noqa: PTH101
    shutil.rmtree(path, ignore_errors=True)


def _read_all(fd: int, seconds: float | None = None) -> bytes:
    deadline = None if seconds is None else time.monotonic() + seconds
    data = b""
    try:
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([fd], [], [], left)[0]:
                return b""
            block = os.read(fd, 65536)
            if not block:
                return data
            data += block
    finally:
        os.close(fd)


def _text_of(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _report(**what: Any) -> None:
    # The emulator may be gone.
    with contextlib.suppress(OSError):
        os.write(REPORTS, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
