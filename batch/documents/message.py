"""Messages for a channel: what every one of them is made of, as JSONata.

A message is a *custom notification* of Amazon Q (``docs/notifications.md``): JSON that a machine
builds as an object and hands to SNS as text, so that nothing a job prints can break it. In it is
Slack's markup, in which ``&``, ``<`` and ``>`` mean something: they are written as entities.

AWS documents no lengths. What is kept here is what Slack shows in one block: 3,000 characters.
"""

from __future__ import annotations

from typing import Final

from batch import console
from batch.contract import Platform
from batch.documents.jsonata import text

TITLE_LIMIT: Final = 150
"""Characters: what Slack allows in a heading."""

DESCRIPTION_LIMIT: Final = 3000
"""Characters: what Slack allows in a block of text."""

REASON_LIMIT: Final = 400
"""Characters of why something happened, escaped."""

FACT_LIMIT: Final = 200
"""Characters of any other fact that people or AWS wrote, escaped: all of them fit together."""

CUT: Final = "…"
"""What stands where something was left out."""

# Escape sequences of terminals, then whatever is no character, then what turns the direction of
# writing around. Joiners stay: emoji are made with them. Three backticks would begin or end a block
# of Slack's: something invisible goes in between.
_CLEAN: Final = r"""
    $clean := function($text) {
        $replace($replace($replace($replace($text,
            /\x1b(\[[0-9;:?<=>]*[ -\/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\x5c)?|[@-Z\x5c-_])/, ''),
            /\r\n?/, '\n'),
            /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]/, ''),
            '```', '`\u200b`\u200b`')
    };
"""

# "&" first, or those of the others would be escaped again.
_ESCAPE: Final = """
    $escape := function($text) {
        $replace($replace($replace($text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
    };
"""

# Cut before it is escaped, or an entity would be cut in two. A fifth of it always fits, as no
# entity is longer than five characters.
_CUT: Final = f"""
    $share := function($text, $most, $part) {{
        $filter([1, 0.8, 0.6, 0.4, 0.2], function($share) {{
            $length($escape($part($text, $floor($share * ($most - 2))))) <= $most - 2 }})[0]
    }};
    $first := function($text, $count) {{ $substring($text, 0, $count) }};
    $last := function($text, $count) {{ $substring($text, $max([0, $length($text) - $count])) }};
    $head := function($text, $most) {{
        $length($escape($text)) <= $most ? $escape($text) :
            $escape($first($text, $floor($share($text, $most, $first) * ($most - 2)))) & '{CUT}'
    }};
    $tail := function($text, $most) {{
        $length($escape($text)) <= $most ? $escape($text) :
            '{CUT} ' & $escape($last($text, $floor($share($text, $most, $last) * ($most - 2))))
    }};
"""

_FACT: Final = f"""
    $fact := function($value) {{ $head($trim($clean($string($value))), {FACT_LIMIT}) }};
"""

_MOMENT: Final = r"""
    $moment := function($text) {
        $contains($text, /^[0-9-]{10}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)?Z/) ?
            $join($split($replace($text, /[.Z].*/, ''), 'T'), ' ') & ' UTC' : $fact($text)
    };
"""

# As batch.durations.in_words says it.
_DURATION: Final = """
    $duration := function($seconds) {(
        $whole := $round($seconds);
        $whole >= 172800 and $whole % 86400 = 0 ? $whole / 86400 & ' d' : (
            $parts := [
                {'number': $floor($whole / 3600), 'unit': 'h'},
                {'number': $floor($whole % 3600 / 60), 'unit': 'min'},
                {'number': $whole % 60, 'unit': 's'}
            ][number > 0];
            $count($parts) = 0 ? '0 s' : $join($parts.($string(number) & ' ' & unit), ' ')
        )
    )};
    $between := function($from, $to) {
        $duration($max([0, ($toMillis($to) - $toMillis($from)) / 1000]))
    };
"""

# Of a run's name, which may hold what a shell takes for its own.
_WORD: Final = r"""
    $word := function($text) {
        $contains($text, /[^A-Za-z0-9._@+=:\/-]/) ?
            '\u0027' & $join($split($text, '\u0027'), '\u0027\\\u0027\u0027') & '\u0027' : $text
    };
"""

PIECES: Final = f"{_CLEAN}{_ESCAPE}{_CUT}{_FACT}{_MOMENT}{_DURATION}{_WORD}"
"""Functions that the expressions of messages use, to be put before them in a block:

``$clean``      a text without control characters and ends of blocks
``$head``       a text, escaped, of which at most so many characters are left; ``$tail`` its end
``$fact``       any value as one short line, clean and escaped
``$moment``     a moment for people
``$duration``   seconds for people; ``$between`` two moments
``$word``       a text as one word of a command
"""


def execution_link(platform: Platform, arn: str) -> str:
    """Return the expression for a link to the execution that the expression ``arn`` names."""
    return f"({text(f'<{console.executions(platform)}')} & {arn} & '|execution>')"


def log_link(platform: Platform, stream: str) -> str:
    """Return the expression for a link to the log that the expression ``stream`` names."""
    start, slash = f"<{console.task_logs(platform)}", text(console.SLASH)
    return f"({text(start)} & $join($split({stream}, '/'), {slash}) & '|log>')"


def command(platform: Platform, verb: str, subject: str) -> str:
    """Return the expression for a command of batchctl about what ``subject`` names."""
    return (
        f"({text(f'`batchctl {verb} ')} & $word({subject}) & {text(f' --env {platform.stack}`')})"
    )


def notification(
    *,
    platform: Platform,
    job: str,
    kind: str,
    title: str,
    lines: str,
    steps: str = "[]",
    resources: str = "[]",
    context: str = "{}",
) -> str:
    """Return the expression for the text of a message.

    Args:
        job: the expression for the job's name. Messages of a job come in one thread.
        kind: the expression for what happened, for a machine: ``batch-run-failed`` and its like.
        title: the expression for what happened, for people, not escaped; the platform is put
            before it.
        lines: the expression for the lines below, as an array, escaped and within
            :data:`DESCRIPTION_LIMIT`.
        steps: the expression for the commands that help, as an array.
        resources: the expression for the ARNs of what it is about, as an array.
        context: the expression for further facts, an object of texts.
    """
    return f"""(
        $title := $head({text(f"{platform.prefix}: ")} & {title}, {TITLE_LIMIT});
        $string({{
            'version': '1.0',
            'source': 'custom',
            'content': {{
                'textType': 'client-markdown',
                'title': $title,
                'description': $join({lines}, '\\n'),
                'nextSteps': {steps}
            }},
            'metadata': {{
                'threadId': {text(platform.state_machine(""))} & {job},
                'summary': $title,
                'eventType': {kind},
                'relatedResources': {resources},
                'additionalContext': $merge([{{
                    'environment': {text(platform.stack)}, 'job': {job}
                }}, {context}])
            }}
        }})
    )"""
