"""What the texts in a job look like: patterns that must match the whole of a text."""

from __future__ import annotations

import re
from typing import Final

JOB_NAME: Final = r"[a-z][a-z0-9-]*"
JOB_NAME_LIMIT: Final = 40

SCHEDULE_NAME_LIMIT: Final = 64
"""Of ``<job>.<schedule>`` (EventBridge Scheduler)."""

OWNER: Final = r"[\w .:/=+@-]{1,256}"
"""What the value of a tag may hold: an owner becomes one."""

DESCRIPTION_LIMIT: Final = 512
"""Of a schedule's description (EventBridge Scheduler)."""

CONTAINER: Final = r"[A-Za-z0-9_-]{1,255}"
IMAGE: Final = r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}"

VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_.]*"
RESERVED_VARIABLES: Final = "BATCH_"
"""What the platform's own variables begin with: they win over a job's."""

_ARN: Final = r"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:"
PARAMETER: Final = _ARN.format(service="ssm") + r"parameter/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*"
SECRET: Final = (
    _ARN.format(service="secretsmanager")
    # The name ends with six characters that Secrets Manager adds; a JSON key, a version stage and
    # a version id may follow, and ECS wants all three colons then.
    + r"secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}(:[^:]*:[^:]*:[^:]*)?"
)
ARN_SHAPES: Final = (
    "give arn:aws:ssm:<region>:<account>:parameter/<name> or "
    "arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 characters>"
    "[:<json key>:<version stage>:<version id>]"
)

TOPIC: Final = _ARN.format(service="sns") + r"[A-Za-z0-9_-]{1,256}"

FILE_SYSTEM: Final = r"fs-[0-9a-f]{8,40}"
ACCESS_POINT: Final = r"fsap-[0-9a-f]{8,40}"
VOLUME_NAME: Final = r"[A-Za-z0-9_-]{1,255}"
DIRECTORY: Final = r"/[^\0]*"

ACTION: Final = r"[a-z0-9-]+:[A-Za-z0-9*?]+"
RESOURCE: Final = r"\*|arn:aws[a-z-]*:[^:]*:[^:]*:[^:]*:.+"


def matches(pattern: str, text: str) -> bool:
    """Return whether ``pattern`` matches the whole of ``text``."""
    return re.fullmatch(pattern, text) is not None
