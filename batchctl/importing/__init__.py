"""``batchctl import``: a module for ``jobs/`` from what a team comes from.

Each format has a module that reads it; what they find has one form, and one module writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batchctl.importing.model import Imported

_FILE = click.Path(path_type=Path)


def _common(command: Any) -> Any:
    """Add the options of every format."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Write module and report as JSON."),
        click.option("--force", is_flag=True, help="Write over a file that exists."),
        click.option(
            "--out",
            type=_FILE,
            help="Write the module there, for instance to jobs/imported.py.  [default: stdout]",
        ),
        click.option("--owner", default="", help="The jobs' owner, for instance your team."),
    ):
        command = option(command)
    return command


def _split(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the words of a command as a shell splits them."""
    import shlex

    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no command: {str(error).lower()}") from None


@click.group("import")
def importing() -> None:
    """Write a module for jobs/ from a crontab, or from the files of copilot or ecschedule.

    The module goes to standard output or --out; the report, to standard error, has a line for
    each thing that could not be carried over: where, why, and what to do. Lines that begin with
    "note" tell of what was carried over and is worth a look. Exit status: 0 when everything was
    carried over, 1 when something was not; the module is there in both cases, unless nothing
    could be.

    Example: batchctl import crontab crontab.txt --out jobs/host.py
    """


@importing.command("crontab")
@click.argument("file", type=_FILE)
@click.option(
    "--timezone",
    default="UTC",
    show_default=True,
    help="The host's zone, which lines before any CRON_TZ go by.",
)
@click.option(
    "--system/--no-system",
    default=None,
    help="Whether a user stands before each command.  [default: if one is root]",
)
@_common
def import_crontab(
    file: Path,
    timezone: str,
    system: bool | None,
    owner: str,
    out: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Take the lines of a crontab, as `crontab -l` prints it, or of /etc/crontab.

    Lines run by bash in the platform's image, with the variables that the crontab sets.

    Example: batchctl import crontab crontab.txt --timezone Europe/Berlin --out jobs/host.py
    """
    from batch.schedule import Schedule
    from batchctl.importing import crontab, files

    Schedule("rate(1 day)", timezone)  # a zone that does not exist would be told of each line
    _check(out, force=force)
    text = files.text(file)
    is_system = crontab.is_system(text) if system is None else system
    found = crontab.read(text, file.name, timezone=timezone, system=is_system, owner=owner)
    notes = [f"lines without a CRON_TZ go by {timezone} (--timezone)"]
    if is_system:
        notes.append("the word before each command is its user (--no-system)")
    _hand_out(found, file.name, notes, out, as_json=as_json)


@importing.command("copilot")
@click.argument("manifests", type=_FILE, nargs=-1, required=True, metavar="MANIFEST...")
@click.option("--environment", default="", help="The environment whose overrides count.")
@click.option(
    "--command",
    default="",
    callback=_split,
    help="The command of a job that has none of its own.",
)
@click.option("--region", default="", help="The region of parameters that are secrets.")
@click.option("--account", default="", help="The account of parameters that are secrets.")
@_common
def import_copilot(
    manifests: tuple[Path, ...],
    environment: str,
    command: tuple[str, ...],
    region: str,
    account: str,
    owner: str,
    out: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Take manifests of AWS Copilot whose type is Scheduled Job.

    Example: batchctl import copilot copilot/*/manifest.yml --environment prod --out jobs/app.py
    """
    from batchctl.importing import copilot, files
    from batchctl.importing.model import Imported

    _check(out, force=force)
    options = copilot.Options(
        environment=environment, command=command, owner=owner, region=region, account=account
    )
    found = Imported()
    for manifest in manifests:
        copilot.read(found, files.text(manifest), str(manifest), options)
    _hand_out(found, "AWS Copilot", [], out, as_json=as_json)


@importing.command("ecschedule")
@click.argument("file", type=_FILE)
@click.option(
    "--command",
    default="",
    callback=_split,
    help="The command of a rule that has none of its own.",
)
@_common
def import_ecschedule(
    file: Path,
    command: tuple[str, ...],
    owner: str,
    out: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Take the rules of ecschedule's configuration, in YAML or JSON.

    Example: batchctl import ecschedule ecschedule.yaml --out jobs/scheduled.py
    """
    from batchctl.errors import OperatorError
    from batchctl.importing import ecschedule, files

    _check(out, force=force)
    if file.suffix in (".jsonnet", ".libsonnet"):
        raise OperatorError(
            f"{file}: Jsonnet is not read; make JSON of it with `jsonnet {file} > rules.json`"
        )
    options = ecschedule.Options(command=command, owner=owner)
    found = ecschedule.read(files.text(file), file.name, options)
    _hand_out(found, file.name, [], out, as_json=as_json)


def _check(out: Path | None, *, force: bool) -> None:
    from batchctl.importing import files

    if out is not None:
        files.check_free(out, force=force)


def _hand_out(
    found: Imported, source: str, notes: list[str], out: Path | None, *, as_json: bool
) -> None:
    """Write the module and the report, and end with the status that goes with them."""
    from batchctl import output
    from batchctl.importing import files
    from batchctl.importing.module import module

    findings = found.in_order()
    lost = [one for one in findings if one.lost]
    text = module(found.jobs, source) if found.jobs else ""
    if text and out is not None:
        files.write(out, text)
    if as_json:
        output.write_json(
            {
                "jobs": [{"name": job.name, "where": job.where} for job in found.jobs],
                "findings": [vars(one) for one in findings],
                "notes": notes,
                "module": text,
            }
        )
    elif text and out is None:
        click.echo(text, nl=False)
    for one in findings:
        output.note(f"{'' if one.lost else 'note: '}{one}")
    for note in notes:
        output.note(f"note: {note}")
    jobs = f"{len(found.jobs)} job{'' if len(found.jobs) == 1 else 's'}"
    output.note(f"{jobs}; {len(lost)} thing{'' if len(lost) == 1 else 's'} not carried over")
    if text and out is not None:
        init = out.parent / "__init__.py"
        output.note(f"written to {out}; import {out.stem} in {init}, and add it to TEAMS there")
    if lost or not text:
        raise SystemExit(1)
