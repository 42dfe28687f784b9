"""Commands that a deployment runs on this machine, for real (Pulumi's command provider)."""

from __future__ import annotations

import os
from pathlib import Path

from localaws.monitor import Made, Resource
from localaws.provision.registry import Order, changes, makes, removes

_SHELL = ("/bin/sh", "-c")


@makes(
    "command:local:Command",
    # update, delete and addPreviousOutputInEnv concern later deployments, triggers only replace.
    "create update delete dir interpreter environment stdin triggers logging "
    "addPreviousOutputInEnv",
)
def command(order: Order) -> Made:
    """Run ``create``; its output becomes the resource's, its failure the deployment's."""
    inputs = order.inputs
    if not inputs.get("create"):
        return Made(order.registration.urn, {"stdout": "", "stderr": ""})
    processes = order.context.processes
    finished = processes.run(
        [*(inputs.get("interpreter") or _SHELL), str(inputs["create"])],
        cwd=str(Path(order.context.project_dir, inputs.get("dir") or ".")),
        environment={**_environment(order), **(inputs.get("environment") or {})},
        stdin=str(inputs.get("stdin") or ""),
    )
    stdout, stderr = finished.stdout.removesuffix("\n"), finished.stderr.removesuffix("\n")
    if finished.returncode:
        # What it wrote goes last: it has lines of its own.
        fix = "correct the command, or what it found"
        raise order.refused(
            f"the command ended with exit status {finished.returncode}",
            "\n".join(text for text in (fix, stdout, stderr) if text),
        )
    return Made(order.registration.urn, {"stdout": stdout, "stderr": stderr})


@changes("command:local:Command")
def changed_command(order: Order, _there: Resource) -> Made:
    """Run it again: what changed is what it is run for."""
    return command(order)


@removes("command:local:Command")
def removed_command(_order: Order, _there: Resource) -> None:
    """Forget a command that ran."""


def _environment(order: Order) -> dict[str, str]:
    """Return the caller's environment, with the emulator in the place of the caller's AWS."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    region = order.context.provider.region
    place = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return {**own, **order.context.emulator.environment(), **place}
