"""Runs a Pulumi program's ``__main__.py`` as the language host does, and puts the process back.

Not in here: what the program registers, see :mod:`localaws.evaluation`.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi

from batch.errors import BatchError
from localaws import provider_package
from localaws.errors import DeploymentFailed

_CHECKOUT = Path(__file__).parents[1]
_LIBRARY = frozenset({"batch", "batchctl", "components", "localaws"})
"""Packages that this process shares with a program of the same checkout: one copy of each."""


@contextmanager
def surroundings(project_dir: Path) -> Iterator[None]:
    """Give a program its working directory, import path and own modules, and take them back.

    Modules that the program imports from its directory are forgotten afterwards, so that two
    programs may both have a package ``jobs``.
    """
    own = _own_names(project_dir)
    aside = {name: module for name, module in sys.modules.items() if _top(name) in own}
    for name in aside:
        del sys.modules[name]
    main, path, arguments = sys.modules.get("__main__"), sys.path[:], sys.argv[:]
    directory, collecting, debug = Path.cwd(), gc.isenabled(), pulumi.log.debug
    # Compiled modules are told apart by whole seconds: one that was edited since might not be read.
    compiled, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(project_dir))
    sys.argv[:] = [str(project_dir / "__main__.py")]
    os.chdir(project_dir)
    try:
        with warnings.catch_warnings(), provider_package.on_demand():
            # Importing the provider warns of every deprecated class that it has, used or not.
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"pulumi_aws\.")
            yield
    finally:
        # A program may switch both off for the short time that its own process has.
        if collecting:
            gc.enable()
        pulumi.log.debug = debug
        sys.dont_write_bytecode = compiled
        os.chdir(directory)
        sys.argv[:], sys.path[:] = arguments, path
        for name in [name for name in sys.modules if _top(name) in own]:
            del sys.modules[name]
        sys.modules.update(aside)
        if main is not None:
            sys.modules["__main__"] = main


def run(project_dir: Path) -> None:
    """Execute ``__main__.py`` as the main module."""
    path = project_dir / "__main__.py"
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102


def files(project_dir: Path) -> list[Path]:
    """Return the Python files that a program may import from its directory."""
    packages = [project_dir / name for name in _own_names(project_dir)]
    return [
        *project_dir.glob("*.py"),
        *(path for package in packages if package.is_dir() for path in package.rglob("*.py")),
    ]


def failure(project_dir: Path, error: BaseException) -> BatchError:
    """Return ``error`` as a person who writes programs wants to read it.

    An error raised on purpose keeps its own text. Anything else names the program's lines that
    led to it, without the frames of Pulumi and of this package.
    """
    if isinstance(error, BatchError):
        return error
    lines = [
        f"{_relative(project_dir, frame.filename)}:{frame.lineno}: in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_of_program(project_dir, frame.filename)
    ]
    if isinstance(error, SystemExit):
        what = f"ended itself with exit status {error.code}"
    else:
        what = "".join(traceback.format_exception_only(error)).strip()
    return DeploymentFailed("\n".join(["the program failed; correct it:", *lines, what]))


def _own_names(project_dir: Path) -> frozenset[str]:
    names = {path.stem for path in project_dir.glob("*.py")} | {
        path.name
        for path in project_dir.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.glob("*.py"))
    }
    shared = _LIBRARY if project_dir == _CHECKOUT else frozenset()
    return frozenset(names - shared - {"__main__"})


def _top(module: str) -> str:
    return module.partition(".")[0]


def _is_of_program(project_dir: Path, filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(project_dir) and not (
        {".venv", "venv", "site-packages", "localaws"} & set(path.relative_to(project_dir).parts)
    )


def _relative(project_dir: Path, filename: str) -> str:
    return Path(filename).relative_to(project_dir).as_posix()
