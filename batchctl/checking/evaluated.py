"""A program evaluated without AWS: its jobs, what is wrong, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batch import stackfile
from batch.errors import BatchError, Problem, nearest
from batchctl.checking import declared
from batchctl.checking.declared import Jobs
from localaws.collecting import collected
from localaws.evaluation import Evaluation, evaluate
from localaws.offline import NOBODY, Offline

_TRIES = 10
"""Evaluations at most: each leaves out what the one before found wrong in the configuration."""

_FOREIGN = ("aws", "command", "pulumi")
"""Namespaces of a configuration that are not the project's."""


@dataclass
class Evaluated:
    """What an evaluation found."""

    project: str
    stack: str
    jobs: Jobs | None = None
    """None if the program did not come to its end."""

    problems: list[str] = field(default_factory=list)
    """``where: what; what to do``, some over several lines."""

    warnings: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)


def program(stack: str, project_dir: Path) -> Evaluated:
    """Evaluate the program of ``project_dir`` for ``stack``.

    Raises:
        InvalidSettings: the stack has no file, or it is none.
    """
    read, encrypted = _read(stack, project_dir)
    found = Evaluated(read.project, stack)
    found.problems += map(str, _misspelt(read))
    offline = Offline(_account(read), read.region or "us-east-1")
    wrong: list[Problem] = []
    for _ in range(_TRIES):
        with collected() as jobs:
            outcome = _evaluated(read, project_dir, offline, jobs.begin)
        problems = _of_config(outcome, read)
        if not problems:
            break
        wrong += [problem for problem in problems if _key(problem, read) not in encrypted]
        # What is wrong is left out, so that the rest is looked at too.
        left = {_key(problem, read) for problem in problems}
        read = replace(read, config={k: v for k, v in read.config.items() if k not in left})
    found.problems += map(str, dict.fromkeys([*wrong, *jobs.problems]))
    if isinstance(outcome, Evaluation):
        found.jobs = declared.of_resources(
            (one.registration.type, one.registration.inputs) for one in outcome.resources
        )
        found.warnings = list(dict.fromkeys(outcome.warnings))
    else:
        found.problems += _of_failure(outcome, jobs.jobs, known=bool(wrong or jobs.problems))
    found.not_checked = [
        *(f"{key}: it is encrypted, and stands for any value here" for key in sorted(encrypted)),
        *(f"{what}: only AWS knows it" for what in offline.asked),
    ]
    if found.jobs is None:
        found.not_checked.append("the jobs that come after what failed, and what changes")
    return found


def _read(stack: str, project_dir: Path) -> tuple[stackfile.StackFile, frozenset[str]]:
    """Return the configuration, and the keys whose values nobody could decrypt here."""
    try:
        return stackfile.read(stack, project_dir), frozenset()
    except BatchError:
        hidden = stackfile.read(stack, project_dir, secrets="hide")
        if not hidden.secrets:
            raise
        return hidden, hidden.secrets


def _account(read: stackfile.StackFile) -> str:
    account = read.namespace(read.project).get("accountId")
    return account if isinstance(account, str) and account.isdecimal() else NOBODY


def _evaluated(
    read: stackfile.StackFile, project_dir: Path, offline: Offline, prepare: Any
) -> Evaluation | BaseException:
    try:
        return evaluate(
            read.stack,
            project_dir,
            make=offline.make,
            answer=offline.answer,
            stack_file=read,
            prepare=prepare,
        )
    except BatchError as error:
        return error


def _of_config(outcome: Evaluation | BaseException, read: stackfile.StackFile) -> list[Problem]:
    """Return what is wrong with values that the stack's configuration has."""
    problems = getattr(outcome, "problems", ())
    return [problem for problem in problems if _key(problem, read) in read.config]


def _key(problem: Problem, read: stackfile.StackFile) -> str:
    # A path goes on with a dot or a bracket.
    key = problem.where.replace("[", ".").partition(".")[0]
    return f"{read.project}:{key}"


def _of_failure(error: BaseException, failed: set[str], *, known: bool) -> list[str]:
    problems = getattr(error, "problems", None)
    if problems is None:
        # A program that goes on with a job that is wrong meets it again, in worse words.
        return [] if known and failed else [str(error)]
    of_failed = {f"jobs.{job}" for job in failed}
    return [str(problem) for problem in problems if problem.where not in of_failed]


def _misspelt(read: stackfile.StackFile) -> list[Problem]:
    """Return keys whose namespace is nearly the project's: nobody would ever read them."""
    known = [read.project, *_FOREIGN]
    found = []
    for key in sorted(read.config):
        namespace = key.partition(":")[0]
        if namespace in known:
            continue
        if nearest(namespace, known) == read.project:
            right = f"{read.project}:{key.partition(':')[2]}"
            what = f"nobody reads the namespace {namespace}"
            found.append(Problem(f"Pulumi.{read.stack}.yaml: {key}", what, f"write {right}"))
    return found
