"""A platform in a fresh emulator of this process."""

from __future__ import annotations

import functools
import gc
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from batch import stackfile
from batch.contract import Platform
from batch.settings import Settings
from batchctl.aws import Aws
from batchctl.errors import NotFound, OperatorError
from batchctl.local import declared
from batchctl.target import Target, checkout
from localaws.deployment import Deployment, deploy
from localaws.emulator import Emulator

if TYPE_CHECKING:
    from rich.console import Console

    from batchctl.deployed import DeployedJob
    from localaws.clock import Clock
    from localaws.monitor import Registration


class LocalAws(Aws):
    """The AWS of this process: its clients are there already, its account is known."""

    def __init__(self, target: Target, emulator: Emulator) -> None:
        self.target = target
        self._emulator = emulator

    def _client(self, service: Any, region: str | None = None) -> Any:
        return self._emulator.client(service, region=region or self.target.region)

    @functools.cached_property
    def identity(self) -> tuple[str, str]:
        """Account and ARN of the caller: who has the machine may do anything."""
        return self._emulator.account, f"arn:aws:iam::{self._emulator.account}:root"


@dataclass(frozen=True)
class LocalPlatform:
    """What was provisioned, and how it is spoken to."""

    emulator: Emulator
    aws: Aws
    settings: Settings
    jobs: list[DeployedJob]
    """Every job that the program has, sorted by name."""
    deployment: Deployment


@contextmanager
def provisioned(
    stack: str,
    *,
    console: Console,
    executor: str,
    fires: bool,
    port: int = 0,
    clock: Clock | None = None,
    only: Collection[str] = (),
) -> Iterator[LocalPlatform]:
    """Start an emulator, deploy the checkout's program into it, and end both.

    Args:
        stack: Whose configuration the program has.
        console: Where it is told.
        executor: How tasks run.
        fires: Whether schedules fire.
        port: Where to listen; 0 takes a free port.
        clock: What schedules go by.
        only: The jobs that are needed; all of them if none is named.

    Raises:
        NotFound: The program lacks a job that is needed.
        OperatorError: The stack belongs to an account, as one that is deployed to AWS does.
    """
    project_dir = checkout()
    file = stackfile.read(stack, project_dir)
    settings = Settings.parse(file.namespace(file.project), stack=stack)
    with Emulator(port=port, executor=executor, clock=clock, fires=fires) as emulator:
        if settings.account_id not in (None, emulator.account):
            raise OperatorError(
                f"{stack}: it belongs to account {settings.account_id}, the emulator is "
                f"{emulator.account}; run the stack local, with what you want to try in "
                "Pulumi.local.yaml"
            )
        target = Target(
            settings.name,
            stack,
            file.region or emulator.region,
            account=emulator.account,
            endpoint=emulator.endpoint,
            credentials=("local", "local"),
        )
        aws = LocalAws(target, emulator)
        console.print(f"[bold]{settings.platform_name}[/] in an AWS at {emulator.endpoint}")
        began = time.monotonic()
        deployment = deploy(
            emulator,
            stack=stack,
            project_dir=project_dir,
            needed=lambda registration: _needed(aws.platform, registration, only),
        )
        took = time.monotonic() - began
        # What is there by now stays, and is not gone through again.
        gc.freeze()
        gc.enable()
        jobs = declared.jobs(aws.platform, deployment.resources, deployed=datetime.now(UTC))
        known = [job.name for job in jobs]
        if wrong := [name for name in only if name not in known]:
            raise NotFound.jobs(wrong, settings.platform_name, known)
        console.print(f"provisioned {_count(deployment, only)} in {took:.1f} s")
        warn(console, deployment)
        yield LocalPlatform(emulator, aws, settings, jobs, deployment)


def warn(console: Console, deployment: Deployment) -> None:
    """Tell what the program warned of."""
    for warning in dict.fromkeys(deployment.warnings):
        console.print(f"[yellow]warning:[/] {escape(warning)}")


def _count(deployment: Deployment, only: Collection[str]) -> str:
    """Return how many resources were made, and of how many if not all were needed."""
    total = len(deployment.resources)
    if not deployment.left_out:
        return f"{total} resources"
    verb = "needs" if len(only) == 1 else "need"
    made = total - len(deployment.left_out)
    return f"{made} resources (of {total}: what {', '.join(only)} {verb})"


def _needed(platform: Platform, registration: Registration, only: Collection[str]) -> bool:
    job = declared.job_of(platform, registration)
    return job is None or not only or job in only
