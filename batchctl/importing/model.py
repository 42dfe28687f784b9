"""What an import finds: jobs in this project's form, and what could not be one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batch.contract import RUN_TASK
from batch.errors import InvalidJob
from batch.job import Job

NAME_LIMIT = 40
"""Characters of a job's name."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was: ``where: what; what to do``."""

    where: str
    what: str
    todo: str
    lost: bool = True
    """Whether something could not be carried over; else it was, and this is worth knowing."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.todo}"


@dataclass(frozen=True)
class ImportedJob:
    """A job in this project's form."""

    name: str
    keys: Mapping[str, Any]
    """As docs/jobs.md has them, without the platform."""

    where: str
    """What it comes from, as findings have it."""


@dataclass
class Imported:
    """What a file gave."""

    jobs: list[ImportedJob] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def lose(self, where: str, what: str, todo: str) -> None:
        """Note what could not be carried over."""
        self.findings.append(Finding(where, what, todo))

    def hint(self, where: str, what: str, todo: str) -> None:
        """Note what is worth knowing of what was."""
        self.findings.append(Finding(where, what, todo, lost=False))

    def add(self, where: str, name: str, keys: Mapping[str, Any]) -> None:
        """Take a job under its name, or one like it that is free; or note why it is none."""
        free = self._free(name)
        try:
            Job.parse(free, keys)
        except InvalidJob as error:
            for problem in error.problems:
                key = problem.where.removeprefix(f"jobs.{free}").lstrip(".")
                what = f"{key}: {problem.what}" if key else problem.what
                self.lose(where, f"{free} is left out: {what}", problem.fix)
            return
        if free != name:
            self.hint(where, f"it is called {free}", "give it a better name if you like")
        self.jobs.append(ImportedJob(free, keys, where))

    def in_order(self) -> list[Finding]:
        """Return the findings as their lines are in the files."""
        files = list(dict.fromkeys(_place(one)[0] for one in self.findings))
        return sorted(self.findings, key=lambda one: (files.index(_place(one)[0]), _place(one)[1]))

    def _free(self, name: str) -> str:
        base = valid_name(name)
        taken = {job.name for job in self.jobs} | {RUN_TASK}
        number, free = 1, base
        while free in taken:
            number += 1
            tail = f"-{number}"
            free = base[: NAME_LIMIT - len(tail)].rstrip("-") + tail
        return free


def valid_name(name: str) -> str:
    """Return a name of a job that is like ``name``."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "job"
    if not text[0].isalpha():
        text = f"job-{text}"
    return text[:NAME_LIMIT].rstrip("-")


def _place(finding: Finding) -> tuple[str, int]:
    file, _, line = finding.where.rpartition("line ")
    return file, int(line) if line.isdecimal() else 0
