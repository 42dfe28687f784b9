"""Reads a crontab, as Vixie cron, cronie and Debian's cron do: crontab(5). Pure.

Each line is carried over or reported. Variables hold for the lines after them, as they do there.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from batch.errors import InvalidInput, InvalidSchedule, Problem
from batch.job import shapes
from batch.schedule import unix_cron
from batchctl.importing.model import Imported, valid_name

_VARIABLE = re.compile(r"""\s*(?P<name>"[^"]*"|'[^']*'|[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*\Z""")
_WHEN = re.compile(r"[-]?(@\w+|[0-9*~][0-9*~/,a-z-]*)\s", re.IGNORECASE)
"""How a line begins that is to run something."""

_PART = re.compile(r"\\.|.", re.DOTALL)
_NO_LINE = "is no line of a crontab"
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

_WRAPPERS = {
    *("bash", "sh", "dash", "env", "exec", "sudo", "time", "nohup", "setsid", "chronic"),
    *("nice", "ionice", "flock", "timeout", "cd"),
    *("bundle", "python", "python3", "php", "ruby", "perl", "node", "java"),
}
"""Programs that a line begins with and is not called after."""

_BEFORE_A_PATH = frozenset({"flock", "cd"})
_DURATION = re.compile(r"[0-9.]+[smhd]?")
_TASK_RUNNERS = frozenset({"rake", "manage", "artisan", "rails", "console"})


@dataclass
class _State:
    """What the lines before say of the next."""

    default_timezone: str
    system: bool
    owner: str
    timezone: str = ""
    users: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    shell: str = ""
    window: int = 0
    comments: list[str] = field(default_factory=list)


def is_system(text: str) -> bool:
    """Return whether a line has root before its command, as the lines of /etc/crontab do."""
    lines = [line.strip() for line in text.split("\n")]
    split = [_split(line, system=True) for line in lines if _WHEN.match(line)]
    return any(entry is not None and entry[1] == "root" for entry in split)


def read(
    text: str, name: str, *, timezone: str = "UTC", system: bool = False, owner: str = ""
) -> Imported:
    """Return the jobs of a crontab.

    Args:
        name: what the file is called, for the error.
        timezone: the zone of the host, which lines before any CRON_TZ go by.
        system: whether each line has a user before its command, as in /etc/crontab.
        owner: whose jobs they become.

    Raises:
        InvalidInput: no line of it is one of a crontab.
    """
    found = Imported()
    state = _State(timezone, system, owner, timezone)
    entries = 0
    for number, line in enumerate(text.split("\n"), start=1):
        where, stripped = f"line {number}", line.strip()
        if not stripped:
            state.comments.clear()
        elif stripped.startswith("#"):
            comment = stripped.lstrip("#").strip()
            # A line that is commented out says nothing of the next.
            if not _WHEN.match(comment) and not _VARIABLE.match(comment):
                state.comments.append(comment)
        elif match := _VARIABLE.match(line):
            _variable(found, state, where, _unquoted(match["name"]), _unquoted(match["value"]))
            state.comments.clear()
        else:
            entries += _entry(found, state, where, stripped)
            state.comments.clear()
    if not entries:
        first = next((one for one in found.findings if _NO_LINE in one.what), None)
        said = f"it is no crontab: {first.where}, {first.what}" if first else "it runs nothing"
        raise InvalidInput([Problem(name, said, "give what `crontab -l` prints")])
    return found


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _variable(found: Imported, state: _State, where: str, name: str, value: str) -> None:
    if name == "CRON_TZ":
        state.timezone = value or state.default_timezone
    elif name == "SHELL":
        state.shell = value
    elif name == "RANDOM_DELAY":
        if value.isdecimal() and int(value) <= _WINDOW_LIMIT:
            state.window = int(value)
        else:
            found.lose(where, f"RANDOM_DELAY={value}", "set `flexible_window_minutes`, 0 to 1440")
    elif name in _OF_THE_HOST:
        found.lose(where, f"{name} is not carried over", _OF_THE_HOST[name])
    elif name.startswith(shapes.RESERVED_VARIABLES):
        found.lose(where, f"{name} is not carried over", "BATCH_ is the platform's; rename it")
    elif not shapes.matches(shapes.VARIABLE, name):
        found.lose(where, f"{name!r} is no name of a variable", "use letters, digits, underscores")
    else:
        state.variables[name] = value
        if name == "TZ":
            found.hint(where, "TZ is set for the commands", "cron's own zone is CRON_TZ")


def _entry(found: Imported, state: _State, where: str, line: str) -> int:
    """Take a line that is to run something; return 1 if it looks like one."""
    looks = 1 if _WHEN.match(f"{line} ") else 0
    split = _split(line, system=state.system)
    if split is None:
        wanted = (
            "five fields, a user and a command" if state.system else "five fields and a command"
        )
        found.lose(where, f"{line[:40]!r} {_NO_LINE}", f"it has {wanted}")
        return looks
    when, user, command = split
    if user and user not in state.users:
        state.users.add(user)
        found.lose(where, f"the user {user} is not carried over", "a job runs as the image's USER")
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
    found.add(where, valid_name(_name(command)), keys)
    if len(found.jobs) > before:
        for what, todo in told:
            found.hint(where, what, todo)
    return looks


def _split(line: str, *, system: bool) -> tuple[str, str, str] | None:
    """Return the time, the user (empty unless the file has users) and the command of a line."""
    # A hyphen before the time, of cronie, keeps a line out of syslog.
    line = line.removeprefix("-")
    count = 1 if line.startswith("@") else _FIELDS
    parts = line.split(None, count + system)
    if len(parts) <= count + system:
        return None
    return " ".join(parts[:count]), parts[count] if system else "", parts[-1]


def _parts(command: str) -> list[str]:
    """Return a command and the lines of its standard input, which unescaped ``%`` divide."""
    parts = [""]
    for match in _PART.finditer(command):
        if match[0] == "%":
            parts.append("")
        else:
            parts[-1] += "%" if match[0] == "\\%" else match[0]
    # What follows the last is no line of its own if there is nothing.
    return parts[:-1] if len(parts) > 1 and not parts[-1] else parts


def _shell(command: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the line for a shell, and what is worth knowing of it."""
    line, *given = _parts(command)
    line = line.strip()
    told = []
    if given:
        # On a line of its own, the brace ends no comment of the command's.
        line = f"printf '%s\\n' {' '.join(map(shlex.quote, given))} | {{ {line}\n}}"
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
        words = shlex.split(_parts(command)[0])
    except ValueError:
        words = command.split()
    rest: list[str] = []
    path_follows = False
    for word in words:
        program = PurePosixPath(word).name
        if rest:
            rest.append(word)
        elif word in ("&&", ";", "||") or _DURATION.fullmatch(word) or re.match(r"-|\w+=", word):
            continue
        elif path_follows:
            path_follows = False
        elif program in _WRAPPERS:
            path_follows = program in _BEFORE_A_PATH
        else:
            rest.append(word)
    if not rest:
        return "job"
    stem = PurePosixPath(rest[0]).stem
    return f"{stem}-{rest[1]}" if stem in _TASK_RUNNERS and len(rest) > 1 else stem
