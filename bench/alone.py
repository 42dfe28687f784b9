"""A process that evaluates the program without an engine: what Python alone takes of a preview.

Every registration is answered at once, and nothing is known that only AWS knows.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi.runtime import config, mocks, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from bench import jobs, program

ANSWERS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": jobs.ACCOUNT},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getRegion:getRegion": {"region": jobs.REGION},
}


class _Nobody(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        return ANSWERS[args.token]

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise NotImplementedError(args.typ)


class _Monitor(mocks.MockMonitor):
    """Answers with what it is given."""

    def __init__(self) -> None:
        super().__init__(_Nobody())
        self.registered: Counter[str] = Counter()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self.registered[request.type] += 1
        urn = f"urn:pulumi:{program.STACK}::{program.PROJECT}::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)

    def RegisterResourceOutputs(self, request: Any) -> None:  # noqa: N802, ARG002
        return None


def main() -> None:
    """Evaluate the program once and print how many resources of AWS it registers."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(64))
    monitor = _Monitor()
    mocks.set_mocks(
        _Nobody(), project=program.PROJECT, stack=program.STACK, preview=True, monitor=monitor
    )
    settings.set_root_resource(None)  # type: ignore[arg-type]
    config.set_all_config(program.as_text())
    loop.run_until_complete(run_in_stack(program.run))
    made = sum(n for type_, n in monitor.registered.items() if type_.startswith("aws:"))
    sys.stdout.write(f"{made}\n")


if __name__ == "__main__":
    main()
