"""What a channel is told by the sweep: runs that take too long, jobs that did not run."""

from __future__ import annotations

from batch.contract import Platform
from batch.documents import message
from batch.documents.jsonata import moment, text

_NOW = moment("$states.context.State.EnteredTime")


def over_limit(*, platform: Platform, run: str = "$run") -> str:
    """Return the expression for the message about a run that is over its limit and still runs.

    Args:
        run: the expression for an object with ``job``, ``run``, ``execution``, ``started`` and
            ``limit``, as the run's record has them.
    """
    subject = "($about.job & '/' & $about.run)"
    lines = f"""[
        {_heading(platform)},
        '*Result* still runs, and should have ended at ' & $moment($about.limit),
        '*Started* ' & $moment($about.started) & ' · *Runs for* ' &
            $between($about.started, {_NOW}),
        '*Run* `' & $about.run & '` · ' &
            {message.execution_link(platform, "$about.execution")}
    ]"""
    return _message(
        platform,
        run,
        kind="batch-run-over-limit",
        title="' is over its limit'",
        lines=lines,
        steps=f"""[{message.command(platform, "why", subject)},
            {message.command(platform, "logs", subject)}]""",
        resources="[$about.execution]",
    )


def did_not_run(*, platform: Platform, job: str = "$late") -> str:
    """Return the expression for the message about a job that did not succeed for too long.

    Args:
        job: the expression for an object with ``job``, ``within`` (seconds), ``since`` (when it
            was first looked at) and, if it ever succeeded, ``lastSuccess``, ``lastSuccessRun``.
    """
    lines = f"""[
        {_heading(platform)},
        '*Result* no success within ' & $duration($about.within),
        $exists($about.lastSuccess) ?
            '*Last success* ' & $moment($about.lastSuccess) & ' (' &
                $between($about.lastSuccess, {_NOW}) & ' ago)' &
                ($exists($about.lastSuccessRun) ? ', run `' & $about.lastSuccessRun & '`' : '') :
            '*Last success* none since ' & $moment($about.since)
    ]"""
    return _message(
        platform,
        job,
        kind="batch-job-did-not-run",
        title="' did not run: no success within ' & $duration($about.within)",
        lines=lines,
        steps=f"""[{message.command(platform, "history", "$about.job")},
            {message.command(platform, "run", "$about.job")}]""",
    )


def runs_again(*, platform: Platform, job: str = "$back") -> str:
    """Return the expression for the message about a job that succeeded at last.

    Args:
        job: the expression for an object with ``job``, ``lastSuccess``, ``lastSuccessRun`` and,
            if known, ``since``: when the channel was told that it did not run.
    """
    lines = f"""[
        {_heading(platform)},
        '*Result* succeeded at ' & $moment($about.lastSuccess) &
            ($exists($about.lastSuccessRun) ? ', run `' & $about.lastSuccessRun & '`' : ''),
        $exists($about.since) ? '*Before* it was missed since ' & $moment($about.since)
    ]"""
    return _message(
        platform,
        job,
        kind="batch-job-runs-again",
        title="' runs again'",
        lines=lines,
        steps=f"[{message.command(platform, 'history', '$about.job')}]",
    )


def _heading(platform: Platform) -> str:
    return f"'*Job* ' & $about.job & ' · *Environment* ' & {text(platform.stack)}"


def _message(
    platform: Platform,
    about: str,
    *,
    kind: str,
    title: str,
    lines: str,
    steps: str,
    resources: str = "[]",
) -> str:
    said = message.notification(
        platform=platform,
        job="$about.job",
        kind=text(kind),
        title=f"$about.job & {title}",
        lines=lines,
        steps=steps,
        resources=resources,
    )
    return f"({message.PIECES} $about := {about}; {said})"
