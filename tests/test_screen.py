"""Lines for a person."""

from __future__ import annotations

import pytest

from batchctl.local.screen import as_shown


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
