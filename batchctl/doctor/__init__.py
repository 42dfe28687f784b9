"""``batchctl doctor``: what keeps a deployed platform from running its jobs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from batchctl.output import json_option
from batchctl.target import Target, target_options

if TYPE_CHECKING:
    from batchctl.doctor.finding import Finding

NAMES = (
    "images", "secrets", "network", "roles", "slack", "subscriptions", "quotas", "queues", "table",
    "sweep", "logs", "schedules",
)  # fmt: skip
"""Those of ``examination.CHECKS``, which takes boto3 to import."""


@click.command()
@click.option(
    "--only", type=click.Choice(NAMES), multiple=True, help="Only this check; repeatable."
)
@click.option("--strict", is_flag=True, help="What could not be checked is a failure too.")
@target_options
@json_option
def doctor(only: tuple[str, ...], strict: bool, target: Target, *, as_json: bool) -> None:
    """Examine a deployed platform: images, secrets, network, roles, messages, quotas, queues.

    Each finding says what to do. What AWS does not answer is not checked, and never called fine.
    Exit status 1 if there is a problem, or with --strict something that was not checked.

    Example: batchctl doctor --env prod
    """
    from batchctl import output
    from batchctl.aws import Aws
    from batchctl.doctor.examination import CHECKS, examine
    from batchctl.doctor.finding import Level
    from batchctl.doctor.patient import Patient

    found = examine(Patient(Aws(target)), [name for name in CHECKS if not only or name in only])
    findings = [(name, finding) for name, some in found.items() for finding in some]
    count = {level: sum(one.level is level for _, one in findings) for level in Level}
    if as_json:
        output.write_json([_data(name, finding) for name, finding in findings])
    else:
        for level in (Level.PROBLEM, Level.WARNING, Level.NOT_CHECKED, Level.OK):
            for _, finding in findings:
                if finding.level is level:
                    _write(finding)
        output.note(f"{target.prefix}: {_summary(count)}")
    if count[Level.PROBLEM] or (strict and count[Level.NOT_CHECKED]):
        raise SystemExit(1)


def _write(finding: Finding) -> None:
    """Write a finding: a line that grep finds whole, or in a terminal a paragraph that fits."""
    from shutil import get_terminal_size
    from textwrap import fill

    line = f"{finding.level.value}: {finding}"
    if not sys.stdout.isatty():
        click.echo(line)
        return
    # An ARN is longer than a narrow terminal: it breaks where it has to.
    columns = get_terminal_size().columns
    text = fill(line, columns, subsequent_indent="  ", break_on_hyphens=False)
    level, rest = text[: len(finding.level.value)], text[len(finding.level.value) :]
    click.echo(click.style(level, fg=_COLOURS[finding.level.value], bold=True) + rest)


_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "not checked": "cyan"}


def _summary(count: dict[Any, int]) -> str:
    return ", ".join(f"{number} {level.value}" for level, number in count.items() if number)


def _data(check: str, finding: Finding) -> dict[str, Any]:
    return {
        "check": check,
        "level": finding.level.value,
        "where": finding.where,
        "what": finding.what,
        "todo": finding.todo or None,
    }
