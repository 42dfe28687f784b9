"""What an exit code says, together with what the task wrote last.

126 to 128 + a signal's number are the shell's ("Exit Status", bash's manual).
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from typing import Final

from batch.diagnosis.finding import Diagnosis
from batch.diagnosis.starts import BUILD_FOR_ARCHITECTURE

_MEMORY: Final = re.compile(
    r"OutOfMemory|Container killed due to memory|\bOOM\b|out of memory|Cannot allocate memory"
    r"|MemoryError|heap out of memory|java\.lang\.OutOfMemoryError",
    re.IGNORECASE,
)
_WRONG_ARCHITECTURE: Final = re.compile(r"exec format error", re.IGNORECASE)
_NO_SPACE: Final = re.compile(r"No space left on device", re.IGNORECASE)
_DENIED: Final = re.compile(
    r"AccessDenied(Exception)?\b|is not authorized to perform: (?P<action>[\w:-]+)"
)

_MORE_MEMORY: Final = "raise the job's `memory`, or have it hold less at once"
_READ_LOG: Final = "read its last log lines, correct the command, and `batchctl rerun` it"


def of_exit(code: int | None, reason: str, last_lines: Sequence[str]) -> Diagnosis:
    """Return what became of a run that ended with an exit code other than 0."""
    failed = f"failed with exit code {code}"
    log = "\n".join(last_lines)
    if _MEMORY.search(reason) or (code == 137 and _MEMORY.search(log)):
        return Diagnosis(f"{failed}: it ran out of memory", _MORE_MEMORY)
    if _WRONG_ARCHITECTURE.search(log) or _WRONG_ARCHITECTURE.search(reason):
        return Diagnosis(
            f"{failed}: its program is built for another CPU architecture", BUILD_FOR_ARCHITECTURE
        )
    if _NO_SPACE.search(log):
        return Diagnosis(
            f"{failed}: its disk was full", "raise the job's `ephemeral_storage_gib`, or write less"
        )
    if denied := _DENIED.search(log):
        what = f" {denied['action']}" if denied["action"] else " what it asked for"
        return Diagnosis(
            f"{failed}: AWS denied it{what}, says its log",
            "add the action and its resource to the job's `permissions`, and deploy",
        )
    match code:
        case 137:
            return Diagnosis(
                f"{failed}: it was killed (SIGKILL), mostly for want of memory",
                f"compare the memory metrics of the task with its size; {_MORE_MEMORY}",
            )
        case 143:
            return Diagnosis(
                f"{failed}: something asked it to end (SIGTERM)",
                "look who stopped its task in CloudTrail (StopTask), and `batchctl rerun` it",
            )
        case 127:
            return Diagnosis(
                f"{failed}: its command was not found",
                "check the spelling, and that the image has the program on its PATH",
            )
        case 126:
            return Diagnosis(
                f"{failed}: its command is there, but cannot be executed",
                "check the file's mode and its first line (#!), in the image",
            )
        case 2:
            return Diagnosis(
                f"{failed}: for many programs that is wrong usage, for a shell a syntax error",
                _READ_LOG,
            )
        case int() if 128 < code < 160:
            return Diagnosis(f"{failed}: it ended by {_signal(code - 128)}", _READ_LOG)
    return Diagnosis(failed, _READ_LOG)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
