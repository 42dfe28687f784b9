"""The measured program: the repository's ``__main__.py``, with jobs of the bench's own.

The configuration is that of a stack with its own network.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any, Final

from bench import jobs

ROOT: Final = Path(__file__).parents[2]

PROJECT: Final = "batch-platform"
STACK: Final = "bench"

CONFIG: Final[dict[str, Any]] = {
    "aws:region": jobs.REGION,
    f"{PROJECT}:accountId": jobs.ACCOUNT,
    f"{PROJECT}:image": jobs.IMAGE,
    f"{PROJECT}:subnetIds": jobs.SUBNETS,
    f"{PROJECT}:securityGroupIds": jobs.SECURITY_GROUPS,
    f"{PROJECT}:assignPublicIp": "disabled",
}


def as_text() -> dict[str, str]:
    """Return the configuration as the engine hands it to a program."""
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in CONFIG.items()
    }


def run() -> None:
    """Run ``__main__.py``, as the language host does."""
    sys.path.insert(0, str(Path(__file__).parent))
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
