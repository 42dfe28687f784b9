"""botocore's data files, each read once in the emulator's process.

Every session of botocore reads the files of its services anew, and moto makes many: one for each
service's list of regions, and those of its interpreter. ``endpoints.json`` alone is 900 KB. What
is read is shared already by all clients of one session, so nobody writes to it.
"""

from __future__ import annotations

import functools
from typing import Any

from botocore.loaders import JSONFileLoader


def share() -> None:
    """Keep what is read, for every session that there is and will be."""
    if getattr(JSONFileLoader, "_shared", False):
        return
    read = JSONFileLoader.load_file

    @functools.cache
    def load_once(file_path: str) -> Any:
        return read(JSONFileLoader(), file_path)

    def load_file(_: JSONFileLoader, file_path: str) -> Any:
        return load_once(file_path)

    JSONFileLoader.load_file = load_file  # type: ignore[method-assign,assignment]
    JSONFileLoader._shared = True  # type: ignore[attr-defined]
