"""Pieces of JSONata, the language of the state machines' expressions.

Only what Step Functions has: JSONata 2.0.6 without ``$eval``, and neither ``$`` nor ``$$``
(Step Functions, "Transforming data with JSONata").
"""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import quote

from batch.job import Backoff


def expression(text: str) -> str:
    """Return the JSON string that Step Functions evaluates as ``text``.

    Line breaks and indentation only serve the Python source.
    """
    return "{% " + " ".join(text.split()) + " %}"


def literal(value: Any) -> Any:
    """Return ``value`` so that no text in it is taken for an expression."""
    if isinstance(value, str):
        if value.startswith("{%") or value.endswith("%}"):
            return expression(f"$decodeUrlComponent('{quote(value, safe='')}')")
        return value
    if isinstance(value, dict):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [literal(item) for item in value]
    return value


def text(value: str) -> str:
    """Return a JSONata string literal. Single quotes stay readable inside JSON.

    JSONata has the escapes of JSON, and so none for the quote itself.
    """
    escaped = json.dumps(value, ensure_ascii=False)[1:-1].replace("'", "\\u0027")
    return f"'{escaped}'"


def utf8_bytes(of: str) -> str:
    """Return the number of bytes of the string that the expression ``of`` gives.

    JSONata counts characters; percent-encoding writes each byte beyond ASCII as one ``%XX``.
    """
    return f"$length($replace($encodeUrlComponent({of}), /%[0-9A-F]{{2}}/, 'x'))"


def moment(of: str) -> str:
    """Return a moment as the control table has it, ``2026-11-23T18:00:00.877Z``.

    Args:
        of: the expression for a moment in ISO 8601.
    """
    return f"$fromMillis($toMillis({of}))"


def delay(backoff: Backoff, *, tried: str) -> str:
    """Return the whole seconds to wait once something was tried ``tried`` + 1 times.

    With jitter anything from 1 s to the delay is waited, as ``JitterStrategy: FULL`` does.
    """
    seconds = longest_delay(backoff, tried=tried)
    return f"$ceil($random() * {seconds})" if backoff.jitter else seconds


def longest_delay(backoff: Backoff, *, tried: str) -> str:
    """Return the most whole seconds that :func:`delay` can be."""
    seconds = f"{backoff.interval_seconds}"
    if backoff.backoff_rate != 1 and 0 < backoff.interval_seconds < backoff.max_delay_seconds:
        # The exponent stops where the delay no longer grows: $power fails beyond 10^308.
        growth = math.log(backoff.max_delay_seconds / backoff.interval_seconds)
        last = math.ceil(growth / math.log(backoff.backoff_rate))
        seconds = f"{seconds} * $power({backoff.backoff_rate:g}, $min([{last}, {tried}]))"
    return f"$floor($min([{backoff.max_delay_seconds}, {seconds}]))"
