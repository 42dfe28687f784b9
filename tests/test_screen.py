"""Lines for a person."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.text import Text

from batch.contract import Platform
from batchctl.local.screen import Screen, as_shown
from localaws.feed import SlackMessage

PLATFORM = Platform("batch", "local", "123456789012", "us-east-1")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("see <https://a.example/x?y#z|the log>, then", "see the log, then"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<!channel> <@U1>", "<!channel> <@U1>"),
        ("", ""),
    ],
)
def test_a_message_reads_as_in_slack(line, shown):
    assert as_shown(line).plain == shown


def test_a_link_can_be_followed():
    (span,) = as_shown("see <https://a.example/x|the log>").spans

    assert (span.start, span.end, str(span.style)) == (4, 11, "underline link https://a.example/x")


def test_a_narrow_terminal_shows_every_command_of_a_message_whole():
    command = "batchctl rerun reports/reports-20261125T091653-9495179c --env local"
    message = SlackMessage(
        datetime(2026, 11, 25, tzinfo=UTC),
        "C0FAILURE",
        PLATFORM.topic_arn(PLATFORM.failure_topic),
        "reports failed",
        "*Exit code* 3",
        (command,),
    )
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, no_color=True, width=60, highlight=False)

    Screen(console, PLATFORM, names=["reports"])(message)

    lines = [Text.from_ansi(line).plain for line in written.getvalue().splitlines()]
    assert max(map(len, lines)) <= 60
    assert all(line.startswith("┃ ") for line in lines)
    assert f"→ {command}" in " ".join(line.removeprefix("┃ ").rstrip() for line in lines)
