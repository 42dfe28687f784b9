"""What becomes of a question that AWS does not answer: it hides nothing that it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from batchctl.doctor.finding import Finding, not_checked

Thing = TypeVar("Thing")

_AT_ONCE = 8
"""Things that one check looks at at the same time."""

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def each(
    things: Iterable[tuple[str, Thing]], look: Callable[[str, Thing], Finding]
) -> Iterator[Finding]:
    """Yield what there is to say of each thing, in their order.

    Args:
        things: each with what it is called.
        look: gets both.
    """

    def looked(named: tuple[str, Thing]) -> Finding:
        try:
            return look(*named)
        except Exception as error:  # noqa: BLE001 - one that fails must not hide the others
            return unanswered(named[0], error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(looked, things)


def unanswered(where: str, error: Exception) -> Finding:
    """Return that a thing could not be looked at, and why."""
    match error:
        case ClientError():
            code = error.response.get("Error", {}).get("Code", "")
            message = error.response.get("Error", {}).get("Message", "")
            return not_checked(
                where,
                f"AWS refused {error.operation_name} ({code}): {message}",
                "ask for the policy `doctor` (docs/permissions.md)" if code in _DENIED else "",
            )
        case BotoCoreError():
            return not_checked(where, f"AWS gave no answer: {error}", "look at the network")
    what = f"this looks different from what batchctl knows ({type(error).__name__}: {error})"
    return not_checked(where, what, "compare the version that deployed it with batchctl's")
