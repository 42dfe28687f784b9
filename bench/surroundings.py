"""What the figures depend on: the machine, and the versions of everything that is measured."""

from __future__ import annotations

import os
import platform
from importlib import metadata

from bench import local, preview, synth, terraform


def found() -> dict[str, str]:
    """Return the machine and the versions, "none" for what is not there."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "CPUs": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "Pulumi CLI": preview.version() if preview.is_there() else "none",
        **{package: metadata.version(package) for package in ("pulumi", "pulumi-aws", "moto")},
        **synth.versions(),
        **terraform.versions(),
        **{title: local.version(peer) for peer, title in local.PEERS.items()},
    }
