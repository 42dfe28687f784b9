"""Reads a crontab, as Vixie cron, cronie and Debian's cron do: crontab(5). Pure.

Each line is carried over or reported. Variables hold for the lines after them, as they do there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from batch.errors import InvalidInput, InvalidSchedule, Problem
from batch.schedule import unix_cron
from batchctl.importing.model import Imported

_VARIABLE = re.compile(r"""\s*(?P<name>"[^"]*"|'[^']*'|[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*\Z""")
_PERCENT = re.compile(r"(?<!\\)%")
_FIELDS = 5
_DESCRIPTION_LIMIT = 512
_WINDOW_LIMIT = 1440

_OF_THE_HOST = {
    "MAILTO": "messages go to the platform's channels; a job may have a `topic_arn` of its own",
    "MAILFROM": "messages go to the platform's channels",
    "CONTENT_TYPE": "messages go to the platform's channels",
    "CONTENT_TRANSFER_ENCODING": "messages go to the platform's channels",
    "PATH": "the image has a PATH of its own; set it in `environment` if it is not enough",
    "HOME": "cron begins there, a job in the image's WORKDIR; write `cd DIR &&` where it matters",
    "LOGNAME": "a job runs as the image's USER",
    "USER": "a job runs as the image's USER",
    "START_HOURS_RANGE": "it is anacron's: nothing is caught up; see `start_deadline`",
}
"""Variables that mean something to cron or of its host, and what takes their place."""

_WRAPPERS = frozenset(
    "bash sh /bin/sh env nice ionice chronic setsid nohup sudo time exec bundle exec python python3 "
    "php ruby perl node java flock timeout cd".split()
)
_FOLLOWED_BY_ARGUMENT = frozenset({"flock", "timeout", "cd"})


@dataclass
class _State:
    """What the lines before say of the next."""

    timezone: str
    system: bool
    owner: str
    variables: dict[str, str] = field(default_factory=dict)
    shell: str = ""
    window: int = 0
    comments: list[str] = field(default_factory=list)


def read(text: str, *, timezone: str = "UTC", system: bool = False, owner: str = "") -> Imported:
    """Return the jobs of a crontab.

    Args:
        timezone: the zone of the host, which lines before any CRON_TZ go by.
        system: whether each line has a user before its command, as in /etc/crontab.
        owner: whose jobs they become.

    Raises:
        InvalidInput: no line of it is one of a crontab.
    """
    found = Imported()
    state = _State(timezone, system, owner)
    entries = 0
    for number, line in enumerate(text.splitlines(), start=1):
        where, stripped = f"line {number}", line.strip()
        if not stripped:
            state.comments.clear()
        elif stripped.startswith("#"):
            state.comments.append(stripped.lstrip("#").strip())
        elif match := _VARIABLE.match(line):
            entries += 1
            _variable(found, state, where, _unquoted(match["name"]), _unquoted(match["value"]))
            state.comments.clear()
        else:
            entries += _entry(found, state, where, stripped)
            state.comments.clear()
    if not entries and (found.findings or "\x00" in text):
        first = found.findings[0] if found.findings else None
        said = f": {first.what}" if first else ""
        problem = Problem("FILE", f"it is no crontab{said}", "give what `crontab -l` prints")
        raise InvalidInput([problem])
    return found


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _variable(found: Imported, state: _State, where: str, name: str, value: str) -> None:
    if name == "CRON_TZ":
        state.timezone = value
    elif name == "SHELL":
        state.shell = value
    elif name == "RANDOM_DELAY":
        if value.isdecimal() and int(value) <= _WINDOW_LIMIT:
            state.window = int(value)
        else:
            found.lose(where, f"RANDOM_DELAY={value}", "set `flexible_window_minutes`, 0 to 1440")
    elif name in _OF_THE_HOST:
        found.lose(where, f"{name} is not carried over", _OF_THE_HOST[name])
    elif name.startswith("BATCH_"):
        found.lose(where, f"{name} is not carried over", "BATCH_ is the platform's; rename it")
    else:
        state.variables[name] = value
        if name == "TZ":
            found.hint(where, "TZ is set for the commands", "cron's own zone is CRON_TZ")


def _entry(found: Imported, state: _State, where: str, line: str) -> int:
    """Take a line that is to run something; return 1 if it looks like one."""
    split = _split(line.removeprefix("-"), system=state.system)
    if split is None:
        wanted = "five fields, a user and a command" if state.system else "five fields and a command"
        found.lose(where, f"{line[:40]!r} is no line of a crontab", f"it has {wanted}")
        return 0
    when, command = split
    looks = 1 if when.startswith("@") or re.match(r"[0-9*]", when) else 0
    if "~" in when:
        found.lose(
            where,
            f"{when!r} is a random time",
            "choose one, with `flexible_window_minutes` so that not all run at once",
        )
        return looks
    try:
        expression = unix_cron(when)
    except InvalidSchedule as error:
        for problem in error.problems:
            found.lose(where, problem.what, problem.fix)
        return looks
    shell, told = _shell(command)
    keys = _keys(state, expression, shell)
    before = len(found.jobs)
    found.add(where, _name(command), keys)
    if len(found.jobs) > before:
        for what, todo in told:
            found.hint(where, what, todo)
    return looks


def _split(line: str, *, system: bool) -> tuple[str, str] | None:
    count = 1 if line.startswith("@") else _FIELDS
    parts = line.split(None, count + (1 if system else 0))
    if len(parts) <= count + (1 if system else 0):
        return None
    return " ".join(parts[:count]), parts[-1]


def _shell(command: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the line for a shell, and what is worth knowing of it.

    The first ``%`` ends the command; what follows is its standard input, a line each ``%``.
    """
    line, *given = _PERCENT.split(command)
    line = line.replace("\\%", "%").strip()
    told = []
    if given:
        lines = " ".join(shlex.quote(part.replace("\\%", "%")) for part in given)
        line = f"printf '%s\\n' {lines} | {{ {line}\n}}"
    if re.search(r">>?\s*\S", line) and "/dev/null" not in line:
        told.append(
            (
                "it writes its output into a file",
                "leave the redirection out: CloudWatch keeps what it prints, and its disk is gone "
                "with the task",
            )
        )
    if "/dev/null" in line:
        told.append(
            (
                "it throws its output away",
                "leave that out, and `batchctl logs` shows why it failed",
            )
        )
    if re.match(r"\S*flock\b", line):
        told.append(
            (
                "flock holds nothing against a run in another task",
                "set `overlap` to `skip` (as flock -n) or `queue` in its place",
            )
        )
    return line, told


def _keys(state: _State, expression: str, shell: str) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if description := " ".join(filter(None, state.comments)):
        keys["description"] = description[:_DESCRIPTION_LIMIT]
    if PurePosixPath(state.shell).name in ("", "bash", "sh", "dash"):
        keys["shell"] = shell
    else:
        keys["command"] = [state.shell, "-c", shell]
    keys["schedule"] = expression
    if state.timezone != "UTC":
        keys["timezone"] = state.timezone
    if state.window:
        keys["flexible_window_minutes"] = state.window
    if state.variables:
        keys["environment"] = dict(state.variables)
    if state.owner:
        keys["owner"] = state.owner
    return keys


def _name(command: str) -> str:
    """Return what a command would be called: the program behind the wrappers, and its task."""
    try:
        words = shlex.split(_PERCENT.split(command)[0])
    except ValueError:
        words = command.split()
    skip = 0
    rest: list[str] = []
    for word in words:
        if skip:
            skip -= 1
        elif rest:
            rest.append(word)
        elif word in ("&&", ";", "||") or word.startswith("-") or re.match(r"\w+=", word):
            continue
        elif PurePosixPath(word).name in _WRAPPERS:
            skip = 1 if PurePosixPath(word).name in _FOLLOWED_BY_ARGUMENT else 0
        elif not word.isdecimal():
            rest.append(word)
    if not rest:
        return "job"
    stem = PurePosixPath(rest[0]).stem
    if stem in ("rake", "manage", "artisan", "rails", "console") and len(rest) > 1:
        return f"{stem}-{rest[1]}"
    return stem


def summary(found: Imported, options: Mapping[str, Any]) -> str:
    """Return what holds of all jobs of a crontab."""
    zone = options.get("timezone") or "UTC"
    return (
        f"times without a CRON_TZ are taken to be of {zone} (--timezone); commands run by bash in "
        "the platform's image"
    )
