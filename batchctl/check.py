"""``batchctl check``: what the program would deploy, without AWS."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from batchctl.completion import stacks
from batchctl.target import ENV_VARIABLE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from batchctl.checking.declared import Jobs
    from batchctl.checking.report import Report


@click.command()
@click.option(
    "--env",
    "names",
    multiple=True,
    envvar=ENV_VARIABLE,
    shell_complete=stacks,
    help="Stack of this checkout; repeatable.",
)
@click.option("--all-envs", is_flag=True, help="Every stack that has a file here.")
@click.option(
    "--against",
    metavar="FILE|REVISION",
    help="Tell what changes: against a file of --save or of `pulumi stack export`, or against a "
    "branch, tag or commit of git.",
)
@click.option("--save", metavar="FILE", help="Write the jobs as they are, for a later --against.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="markdown is for a comment on a pull request.",
)
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
def check(
    names: tuple[str, ...],
    all_envs: bool,
    against: str | None,
    save: str | None,
    form: str,
    *,
    as_json: bool,
) -> None:
    """Evaluate the program and tell every problem, and what changes, without credentials.

    Nothing is asked of AWS. What only AWS knows, and values that are encrypted, stand for any
    value, and are listed as not checked. Exit status 0 without a problem, 1 with one.

    Example: batchctl check --env prod --against main
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from batch import stackfile
    from batchctl import output
    from batchctl.target import checkout

    project_dir = checkout()
    if all_envs:
        names = tuple(stackfile.stacks(project_dir))
    if not names:
        raise click.UsageError("which stack? give --env, or --all-envs")
    if save and len(names) > 1:
        raise click.UsageError("--save: a file holds one stack; give one --env")
    now = datetime.now(UTC)
    with ExitStack() as open_:
        before = _Before(against, open_, project_dir)
        reports = [
            _report(name, project_dir, before, Path(save) if save else None, now) for name in names
        ]
    if as_json or form == "json":
        output.write_json([report.data() for report in reports])
    elif form == "markdown":
        click.echo("\n".join(report.markdown() for report in reports))
    else:
        click.echo("\n".join(report.text() for report in reports))
    if any(report.problems for report in reports):
        raise SystemExit(1)


class _Before:
    """What a stack is compared with: a file, or the program of another revision."""

    def __init__(self, against: str | None, open_: ExitStack, project_dir: Path) -> None:
        from pathlib import Path

        from batchctl.checking import revision

        self.name = against or ""
        self._file = Path(against) if against and Path(against).is_file() else None
        self._folder = (
            open_.enter_context(revision.checked_out(against, project_dir))
            if against and self._file is None
            else None
        )

    def jobs(self, stack: str) -> Jobs | None:
        """Return the jobs that there were; None where nothing is compared."""
        from batchctl.checking import declared
        from batchctl.errors import OperatorError

        if self._file:
            return declared.read(self._file.read_text(encoding="utf-8"), self.name)
        if self._folder is None:
            return None
        from batch import stackfile
        from batchctl.checking import evaluated

        if stack not in stackfile.stacks(self._folder):
            return {}
        found = evaluated.program(stack, self._folder)
        if found.jobs is None:
            why = "\n".join(found.problems)
            raise OperatorError(
                f"{self.name}: its program cannot be evaluated, so nothing is compared; "
                f"give another revision, or a saved file:\n{why}"
            )
        return found.jobs


def _report(
    stack: str, project_dir: Path, before: _Before, save: Path | None, now: datetime
) -> Report:
    from batchctl.checking import declared, difference, evaluated
    from batchctl.checking.report import Report, clock_changes

    was = before.jobs(stack)
    found = evaluated.program(stack, project_dir)
    changes = difference.changes(was, found.jobs, now) if was is not None and found.jobs else []
    changed = {change.job for change in changes} if was is not None else None
    if save and found.jobs is not None:
        text = declared.saved(found.jobs, project=found.project, stack=stack)
        save.write_text(text, encoding="utf-8")
    return Report(
        stack,
        problems=found.problems,
        warnings=[*found.warnings, *clock_changes(found.jobs or {}, now, changed)],
        not_checked=found.not_checked,
        jobs=None if found.jobs is None else len(found.jobs),
        against=before.name if was is not None else "",
        changes=changes,
    )
