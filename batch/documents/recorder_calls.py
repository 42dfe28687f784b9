"""How the recorder calls AWS, and what becomes of an event that it cannot record.

Every call is tried again with growing pauses. One that fails for good puts the event aside, into
the queue of the messages that could not be delivered, and fails the execution: an alarm looks at
both, and the sweep finds what is owed.
"""

from __future__ import annotations

from typing import Any, Final

from batch.contract import Platform
from batch.documents import calls
from batch.documents.calls import otherwise
from batch.documents.jsonata import expression

PUT_ASIDE: Final = "Put the event aside"
TOO_MANY_TRIES: Final = "Too many tries"

MOST_TRIES: Final = 20
"""Of a transaction that others get in the way of. Fifty runs of a job may end at once."""

_FAILED: Final = "Not recorded"

# With a space, as an attribute of a message cannot be empty.
_FAILURE: Final = expression(
    """{
    'error': $states.errorOutput.Error & '',
    'cause': $substring($states.errorOutput.Cause & ' ', 0, 1000)
    }"""
)


def call(
    platform: Platform,
    action: str,
    arguments: dict[str, Any],
    *,
    after: str = "",
    assign: dict[str, Any] | None = None,
    catch: list[dict[str, Any]] | None = None,
    **what: Any,
) -> dict[str, Any]:
    """Return the state that makes a call of AWS (``calls.call``).

    Args:
        catch: what becomes of a failure that stays; the event is put aside if it is not said.
    """
    put_aside = otherwise(PUT_ASIDE, Assign={"failure": _FAILURE})
    return calls.call(
        platform, action, arguments, after=after, assign=assign, catch=catch or [put_aside], **what
    )


def failures(*, platform: Platform, queue_url: str) -> dict[str, Any]:
    """Return the states of an execution that fails, from :data:`PUT_ASIDE` on.

    The event goes into the queue as it came, like one that EventBridge could not deliver.
    """
    attributes = {
        "ERROR_CODE": "$failure.error",
        "ERROR_MESSAGE": "$failure.cause",
        "EXECUTION": "$states.context.Execution.Id",
    }
    return {
        TOO_MANY_TRIES: {
            "Type": "Pass",
            "Assign": {
                "failure": {
                    "error": "Recorder.Conflicts",
                    "cause": f"another write came in between, {MOST_TRIES} times",
                }
            },
            "Output": {},
            "Next": PUT_ASIDE,
        },
        PUT_ASIDE: call(
            platform,
            "sqs:sendMessage",
            {
                "QueueUrl": queue_url,
                "MessageBody": expression("$string($states.context.Execution.Input)"),
                "MessageAttributes": {
                    name: {"DataType": "String", "StringValue": expression(value)}
                    for name, value in attributes.items()
                },
            },
            catch=[otherwise(_FAILED)],
            after=_FAILED,
        ),
        _FAILED: {
            "Type": "Fail",
            "Error": "Recorder.Failed",
            "Cause": expression("$failure.error & ': ' & $failure.cause"),
        },
    }
