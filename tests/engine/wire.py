"""Property values as they travel between the engine and a provider.

A value that is not known yet is a string that nobody would write, and a secret is a map with a
signature: both as ``sdk/go/common/resource/plugin/rpc.go`` has them.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from tests.recording import plain

__all__ = ["UNKNOWN", "of", "plain", "to"]

UNKNOWN = rpc.UNKNOWN


def of(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a message's values, its unknowns and secrets as they are."""
    return json_format.MessageToDict(struct)


def to(values: dict[str, Any]) -> struct_pb2.Struct:
    """Return values as a message."""
    return json_format.ParseDict(values, struct_pb2.Struct())
