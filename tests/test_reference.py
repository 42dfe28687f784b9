"""``docs/batchctl.md`` is the help of every command.

``BATCH_GOLDEN=write pytest tests/test_reference.py`` writes it anew.
"""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from batchctl.main import CONTEXT, batchctl

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "batchctl.md"
WIDTH = 100

HEAD = """\
# batchctl

Every command, as `--help` prints it. What to use when: [operate.md](operate.md).
This page is written from the help: `BATCH_GOLDEN=write .venv/bin/pytest tests/test_reference.py`.

"""


def contexts(command, name, parent=None):
    """Yield a context of a command and of all below it, in the order of their lists."""
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH,
        **CONTEXT,
    )  # fmt: skip
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from contexts(command.get_command(context, below), below, context)


EVERY = list(contexts(batchctl, "batchctl"))


def page():
    sections = (
        f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n" for context in EVERY
    )
    return HEAD + "\n".join(sections)


def test_the_page_is_the_help():
    # In a process of its own: click keeps what a command was first asked for help with.
    written = subprocess.run(
        [sys.executable, "-c", "from tests.test_reference import page; print(page(), end='')"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    if os.environ.get("BATCH_GOLDEN") == "write":
        PAGE.write_text(written)

    assert PAGE.read_text() == written


@pytest.mark.parametrize("context", EVERY[1:], ids=lambda context: context.command_path)
def test_the_help_ends_in_an_example_of_the_command(context):
    last = inspect.cleandoc(context.command.help).split("\n\n")[-1]

    assert last.startswith("Example: ")
    assert context.command_path in " ".join(last.split())
