"""``batchctl local up`` and ``serve``: an AWS on this machine until Ctrl-C."""

from __future__ import annotations

import gc
import os
import select
import signal
from typing import TYPE_CHECKING

import click

from batchctl.local.options import clock_options, executor_option, stack_option

if TYPE_CHECKING:
    from datetime import datetime

    from localaws.clock import Clock

PORT = 4566

port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)


@click.command()
@stack_option
@port_option
@executor_option
@clock_options
def up(stack: str, port: int, executor: str, at: datetime | None, fast: bool) -> None:
    """Provision the platform, serve the AWS API and fire schedules until Ctrl-C.

    Any client works against it: the AWS CLI with --endpoint-url, boto3, batchctl --env local.
    A change of a job is deployed as soon as its file is saved; runs and their history stay.

    Example: batchctl local up
    """
    from batchctl.local import platform, screen
    from batchctl.local.following import LOOK_SECONDS, Following
    from batchctl.target import checkout

    console = screen.console()
    with (
        UntilTold() as told,
        platform.provisioned(
            stack, console=console, executor=executor, fires=True, port=port, clock=_clock(at, fast)
        ) as local,
    ):
        names = [job.name for job in local.jobs]
        local.emulator.feed.subscribe(screen.Screen(console, local.aws.platform, names=names))
        console.print(
            f"{len(names)} jobs; their schedules fire. `batchctl ls --env {stack}` lists them"
        )
        console.print("what you save under jobs/ is deployed at once; Ctrl-C ends it")
        following = Following(local, checkout(), console)
        while not told.wait(LOOK_SECONDS):
            following.look()
        console.print("ending")


@click.command()
@port_option
@executor_option
@clock_options
def serve(port: int, executor: str, at: datetime | None, fast: bool) -> None:
    """Serve the AWS API alone, with nothing provisioned, until Ctrl-C.

    For whoever has the Pulumi CLI and its AWS plug-in: `pulumi up --stack local` deploys into it.

    Example: batchctl local serve --port 4566
    """
    from batchctl.local import screen
    from localaws.emulator import Emulator

    console = screen.console()
    with (
        UntilTold() as told,
        Emulator(port=port, executor=executor, clock=_clock(at, fast)) as emulator,
    ):
        gc.freeze()
        gc.enable()
        console.print(f"AWS at {emulator.endpoint}, account {emulator.account}")
        console.print("Ctrl-C ends it")
        told.wait()
        console.print("ending")


def _clock(at: datetime | None, fast: bool) -> Clock | None:
    if at is None and not fast:
        return None
    from localaws.clock import MovedClock, SystemClock

    return MovedClock(at or SystemClock().now(), speed=None if fast else 1)


class Told:
    """Whether somebody told this process to end.

    A handler of signals may run while the main thread holds the lock of a ``threading.Event``, and
    would wait for it for ever: a pipe has none.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def tell(self) -> None:
        """Say it."""
        os.write(self._write, b".")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until somebody said it, at most so long, and return whether somebody did."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        return bool(ready)

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._read)
        os.close(self._write)


class UntilTold:
    """What Ctrl-C, a closed terminal or ``kill`` tells."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Told:
        self._told = Told()
        self._before = {
            number: signal.signal(number, lambda *_: self._told.tell()) for number in self.SIGNALS
        }
        return self._told

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._told.close()
