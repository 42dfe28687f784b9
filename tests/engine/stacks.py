"""Stacks that the real engine previews, updates and destroys.

The program runs in this process, as the Automation API has it; the engine is the CLI; the
provider is :mod:`tests.engine.provider`. So this proves what the engine makes of a program, given
what is published of the provider; not that AWS accepts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import runpy
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from pulumi import automation
from pulumi.automation import _stack, events
from pulumi.automation._server import LanguageServer
from pulumi.runtime import settings

from batch import stackfile
from components import clock
from tests import recording
from tests.engine import cli, plan, provider
from tests.engine.cloud import Cloud

ROOT = Path(__file__).parents[2]

STACKS = ("local", "prod", "stg")
"""Of this repository."""

Program = Callable[[], Any]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When programs run, so that dates in code are ahead of it."""


class Failed(Exception):
    """An update that did not reach its end."""

    def __init__(self, done: plan.Plan) -> None:
        super().__init__(done.said)
        self.plan = done


@dataclass
class Stack:
    """One stack of a project."""

    cloud: Cloud
    handle: automation.Stack
    program: Program

    def preview(self, program: Program | None = None, **options: Any) -> plan.Plan:
        """Return what an update would do."""
        return self._run("preview", program, **options)

    def up(self, program: Program | None = None, **options: Any) -> plan.Plan:
        """Update the stack and return what was done.

        Raises:
            Failed: with what was done until then.
        """
        if program is not None:
            self.program = program
        return self._run("up", program, **options)

    def refresh(self) -> plan.Plan:
        """Take over what the cloud has."""
        return self._run("refresh", None)

    def destroy(self) -> plan.Plan:
        """End everything.

        Raises:
            Failed: something is protected, for instance.
        """
        return self._run("destroy", None)

    def state(self) -> dict[str, Any]:
        """Return the state, its secrets in plain text."""
        return self.handle.export_stack().deployment

    def cli(self, *words: str) -> str:
        """Run a command as people type it in the project's folder, and return what it says.

        Raises:
            automation.CommandError: it ended with an error.
        """
        work = self.handle.workspace
        words = (*words, "--stack", self.handle.name, "--non-interactive", "--color", "never")
        return work.pulumi_command.run(list(words), work.work_dir, work.env_vars).stdout

    def _run(self, verb: str, program: Program | None, **options: Any) -> plan.Plan:
        seen: list[events.EngineEvent] = []
        said: list[str] = []
        if verb in ("preview", "up"):
            options["program"] = program or self.program
        try:
            with (
                mock.patch.object(_stack, "LanguageServer", _Host),
                mock.patch.object(settings, "_GRPC_CHANNEL_OPTIONS", _CHANNEL_OPTIONS),
                # It would start the CLI three times more, for a summary that nobody reads.
                mock.patch.multiple(automation.Stack, outputs=_nothing, info=_nothing),
                _left_waiting(),
            ):
                getattr(self.handle, verb)(
                    on_event=seen.append,
                    on_output=said.append,
                    on_error=said.append,
                    color="never",
                    **options,
                )
        except automation.CommandError as error:
            raise Failed(plan.of_events(seen, str(error))) from error
        return plan.of_events(seen, "\n".join(said))


_CHANNEL_OPTIONS = [
    *settings._GRPC_CHANNEL_OPTIONS,
    # Each run of the engine has a port of its own, and in time one comes again. gRPC would share
    # the connection with the channel to the engine that had it before, which waits before another
    # try: "Connection refused".
    ("grpc.use_local_subchannel_pool", 1),
]


@contextlib.contextmanager
def _left_waiting() -> Iterator[None]:
    """Take away what a program that failed leaves: the SDK makes Outputs that nobody waits for.

    Left to a later collection, Python would warn of them in whichever test runs then.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"coroutine 'Output\.", RuntimeWarning)
        try:
            yield
        except automation.CommandError:
            gc.collect()
            raise


def _nothing(*_: Any, **__: Any) -> dict[str, Any]:
    return {}


class _Host(LanguageServer):
    """Runs the program; where the engine is gone before its end, the base leaves its loop open."""

    def __init__(self, program: Program) -> None:
        self._loops: list[asyncio.AbstractEventLoop] = []

        def run() -> Any:
            self._loops.append(asyncio.get_running_loop())
            return program()

        super().__init__(run)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            return super().Run(request, context)
        finally:
            for loop in self._loops:
                _close(loop)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        with contextlib.suppress(RuntimeError):
            loop.run_until_complete(_cancel_all())
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    # How each ends is said already: the engine is gone, or another one ended the program.
    await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Backend:
    """A folder of states, and the cloud that they are about."""

    folder: Path
    cloud: Cloud
    ports: Mapping[str, int]
    """By package of resources."""

    def stack(
        self,
        program: Program,
        *,
        project: str = "batch-platform",
        stack: str = "test",
        config: Mapping[str, Any] | None = None,
    ) -> Stack:
        """Return a stack, made if it is not there, with that configuration.

        Args:
            config: ``namespace:key`` to a value, as a stack's file has it under ``config``.
        """
        work = self.folder / "work" / project
        work.mkdir(parents=True, exist_ok=True)
        (work / "Pulumi.yaml").write_text(yaml.safe_dump({"name": project, "runtime": "python"}))
        file = work / f"Pulumi.{stack}.yaml"
        # The salt of the stack's secrets is kept in the same file.
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        settings = {"aws:region": recording.REGION, **(config or {})}
        file.write_text(yaml.safe_dump({**kept, "config": settings}))
        handle = automation.create_or_select_stack(
            stack,
            project_name=project,
            program=program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(work),
                pulumi_command=cli.command(),
                env_vars=self.environment(),
                secrets_provider="passphrase",
                project_settings=automation.ProjectSettings(
                    name=project,
                    runtime="python",
                    backend=automation.ProjectBackend(url=f"file://{self.folder / 'states'}"),
                ),
            ),
        )
        return Stack(self.cloud, handle, program)

    def environment(self) -> dict[str, str]:
        """Return what the CLI is told."""
        return cli.environment(self.folder / "home", self.ports)

    def of_project(self, stack: str, changes: Mapping[str, Any] | None = None) -> Stack:
        """Return a stack of this repository's own program, with its file's configuration.

        Args:
            changes: keys of the project's own namespace that are different.
        """
        file = stackfile.read(stack, ROOT, secrets="omit")
        own = {f"{file.project}:{key}": value for key, value in (changes or {}).items()}
        given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
        return self.stack(program, project=file.project, stack=stack, config={**given, **own})


def program() -> None:
    """Run the repository's ``__main__.py``, as the language host does."""
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


@contextlib.contextmanager
def backend(
    folder: Path,
    answers: Mapping[str, provider.Answer] | None = None,
    *,
    account: str = recording.ACCOUNT,
    now: datetime = NOW,
) -> Iterator[Backend]:
    """Serve an empty cloud and keep states in ``folder``.

    Args:
        answers: of invokes, where they are not those of :data:`tests.recording.ANSWERS`.
        now: the time, for programs.
    """
    cloud = Cloud(account)
    (folder / "states").mkdir(parents=True, exist_ok=True)
    with (
        mock.patch.object(clock, "now", return_value=now),
        provider.serving(cloud, answers) as ports,
    ):
        yield Backend(folder, cloud, ports)


def backend_of(folder: Path, stack: str) -> contextlib.AbstractContextManager[Backend]:
    """Serve an empty cloud of the account that one of this repository's stacks belongs to."""
    file = stackfile.read(stack, ROOT, secrets="omit")
    vpc = {"vpcId": file.config.get(f"{file.project}:vpcId") or "vpc-0123456789abcdef0"}
    in_vpc = {"aws:ec2/getSubnet:getSubnet": lambda args: {"id": args["id"], **vpc}}
    return backend(folder, in_vpc, account=file.config[f"{file.project}:accountId"])


@contextlib.contextmanager
def up_to_date(folder: Path, program: Program) -> Iterator[Stack]:
    """Serve a stack on which nothing of ``program`` is left to do; previews leave it so."""
    with backend(folder) as served:
        stack = served.stack(program)
        stack.up()
        yield stack
