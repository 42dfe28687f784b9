"""The AWS provider's Python packages, of which a program imports the modules that it uses.

Each package of ``pulumi_aws`` imports all its modules as soon as one name of it is used: 182 for
``ec2``, of which a platform needs four. What a program sees is the same.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = re.compile(r"pulumi_aws\.\w+")

_EXPORTED: Final = re.compile(r"^from \.(\w+) import \*$", re.MULTILINE)

_NAME: Final = re.compile(r"'(\w+)'")


@contextmanager
def on_demand() -> Iterator[None]:
    """Have a package that is first used meanwhile import its modules when they are."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds the provider's packages as Python does, and has them loaded on demand."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _PACKAGE.fullmatch(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not spec.submodule_search_locations:
            return spec
        spec.loader = _OnDemand()
        return spec


class _OnDemand(Loader):
    """Loads a package without the modules that it exports."""

    def exec_module(self, module: ModuleType) -> None:
        assert module.__file__  # noqa: S101 - only packages with an __init__.py get here
        init = Path(module.__file__)
        source = init.read_text(encoding="utf-8")
        # As in the package, what is exported later wins.
        places = {
            name: place
            for place in _EXPORTED.findall(source)
            for name in _names(init.with_name(f"{place}.py"))
        }

        def find(name: str) -> Any:
            if name not in places:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            place = places[name]
            found = importlib.import_module(f"{module.__name__}.{place}")
            # All at once: a module of the same name as a function has just taken its place.
            for each in [each for each, its in places.items() if its == place]:
                setattr(module, each, getattr(found, each))
            return getattr(module, name)

        module.__getattr__ = find  # type: ignore[method-assign]
        exec(compile(_EXPORTED.sub("", source), str(init), "exec"), module.__dict__)  # noqa: S102


def _names(path: Path) -> list[str]:
    """Return ``__all__`` of a generated module, which is near the top, without the rest."""
    listed = ""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if listed or line.startswith("__all__"):
                listed += line
                if line.rstrip().endswith("]"):
                    break
    return _NAME.findall(listed)
