"""botocore's data files, each found and read once in the emulator's process.

Every loader of botocore looks for its services in a thousand folders and reads their files anew,
and moto makes many: one for each session that lists a service's regions, one for each service's
answers. ``endpoints.json`` alone is 900 KB. What is read is shared already by all clients of one
session, so nobody writes to it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from botocore.loaders import JSONFileLoader, Loader

_known: Final[dict[tuple[str, ...], dict[Any, Any]]] = {}
"""What loaders know, by the folders in which they look."""

_make = Loader.__init__


def share() -> None:
    """Keep what is read, for every session that there is and will be."""
    Loader.__init__ = _share  # type: ignore[method-assign]
    JSONFileLoader._load_file = _load_file  # type: ignore[attr-defined]


def _share(self: Any, *args: Any, **kwargs: Any) -> None:
    _make(self, *args, **kwargs)
    self._cache = _known.setdefault(tuple(self.search_paths), {})


def _load_file(_: JSONFileLoader, full_path: str, open_method: Callable[..., Any]) -> Any:
    return _read(full_path, open_method) if Path(full_path).is_file() else None


@functools.cache
def _read(full_path: str, open_method: Callable[..., Any]) -> Any:
    """Return what is in a file, in plain dicts: they keep their order too, in two thirds the time.

    moto's loaders look into a folder more, and so know less of each other; the files are the same.
    """
    with open_method(full_path, "rb") as file:
        return json.loads(file.read())
