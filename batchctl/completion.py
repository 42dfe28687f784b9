"""``batchctl completion``, and what a shell is offered: stacks of the checkout, deployed jobs."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

SHELLS = ("bash", "fish", "zsh")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands, options, stacks and jobs.

    Put the example into ~/.bashrc; for zsh the same with zsh into ~/.zshrc; for fish
    `batchctl completion fish | source` into ~/.config/fish/config.fish. Jobs are asked of AWS, once
    the line says which platform.

    Example: eval "$(batchctl completion bash)"
    """
    root = context.find_root()
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has the three of SHELLS
    name = "batchctl"
    click.echo(kind(root.command, {}, name, f"_{name.upper()}_COMPLETE").source())


def stacks(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the stacks of this checkout that begin like that."""
    from batchctl.target import checkout

    files = sorted(checkout().glob("Pulumi.*.yaml"))
    return _beginning(incomplete, [file.name.split(".")[1] for file in files])


def jobs(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the deployed jobs that begin like that; none where AWS cannot be asked.

    A shell has no place for an error while a line is typed.
    """
    from batchctl import deployed
    from batchctl.aws import Aws
    from batchctl.target import resolve

    given = context.params
    try:
        target = resolve(
            env=given.get("env"),
            platform=given.get("platform"),
            stack=given.get("stack"),
            region=given.get("region"),
            endpoint=given.get("endpoint"),
            profile=given.get("profile"),
        )
        return _beginning(incomplete, deployed.names(Aws(target)))
    except Exception:  # noqa: BLE001 - whatever it is, there is nothing to offer
        return []


def _beginning(incomplete: str, values: list[str]) -> list[CompletionItem]:
    return [CompletionItem(value) for value in values if value.startswith(incomplete)]
