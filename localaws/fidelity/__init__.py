"""What moto gets wrong for jobs to really run, one patch a module.

Each module says what AWS does and what moto does, with the upstream issue where there is one. Its
test takes this one patch off and sees moto fail: when it does not any more, the patch can go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Final

import localaws.moto_data  # noqa: F401 - before anything imports moto's EC2
from localaws.fidelity.patching import revert_all

NAMES: Final = (
    "abandoned_tasks",
    "boto_clients",
    "casing",
    "choices",
    "container_memory",
    "containers",
    "context_times",
    "dynamodb_values",
    "ecs_errors",
    "ecs_parameters",
    "error_codes",
    "execution_logs",
    "execution_names",
    "execution_output",
    "exit_codes",
    "fargate_sizes",
    "final_states",
    "heartbeats",
    "history",
    "json_texts",
    "jsonata",
    "log_group_keys",
    "log_retention",
    "missing_tasks",
    "noise",
    "parsing",
    "permissions",
    "programs",
    "response_times",
    "retry_tokens",
    "role_checks",
    "run_task_checks",
    "runtime_errors",
    "scheduler_api",
    "sdk_names",
    "state_machines",
    "states_errors",
    "status_events",
    "stop_execution",
    "string_escapes",
    "task_lists",
    "threads",
    "transactions",
    "transitions",
    "vpc_dns_names",
    "wait_timestamps",
)
"""The modules of the patches, in the order in which they are put on."""


def apply_all(*, without: Collection[str] = ()) -> None:
    """Put every patch on; twice is once.

    Args:
        without: Names of patches to leave out.
    """
    for name in NAMES:
        if name not in without:
            apply: Callable[[], None] = import_module(f"{__name__}.{name}").apply
            apply()


__all__ = ["NAMES", "apply_all", "revert_all"]
