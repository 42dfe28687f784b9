"""A platform in a fresh emulator of this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from batch import stackfile
from batch.settings import Settings
from batchctl.aws import Aws
from batchctl.target import Target, checkout
from localaws.deployment import deploy
from localaws.emulator import Emulator

if TYPE_CHECKING:
    from rich.console import Console

    from localaws.clock import Clock


@dataclass(frozen=True)
class LocalPlatform:
    """What was provisioned, and how it is spoken to."""

    emulator: Emulator
    aws: Aws
    settings: Settings


@contextmanager
def provisioned(
    stack: str,
    *,
    console: Console,
    executor: str,
    fires: bool,
    port: int = 0,
    clock: Clock | None = None,
) -> Iterator[LocalPlatform]:
    """Start an emulator, deploy the checkout's program into it, and end both.

    Args:
        fires: Whether schedules fire.
    """
    project_dir = checkout()
    settings = _settings(stack, project_dir)
    with Emulator(port=port, executor=executor, clock=clock, fires=fires) as emulator:
        console.print(f"[bold]{settings.platform_name}[/] in an AWS at {emulator.endpoint}")
        began = time.monotonic()
        deployment = deploy(emulator, stack=stack, project_dir=project_dir)
        took = time.monotonic() - began
        # What is there by now stays, and is not gone through again.
        gc.freeze()
        gc.enable()
        console.print(f"provisioned {len(deployment.resources)} resources in {took:.1f} s")
        for warning in deployment.warnings:
            console.print(f"[yellow]warning:[/] {escape(warning)}")
        aws = Aws(
            Target(
                settings.name,
                stack,
                emulator.region,
                account=emulator.account,
                endpoint=emulator.endpoint,
                credentials=("local", "local"),
            )
        )
        yield LocalPlatform(emulator, aws, settings)


def _settings(stack: str, project_dir: Path) -> Settings:
    file = stackfile.read(stack, project_dir)
    return Settings.parse(file.namespace(file.project), stack=stack)
