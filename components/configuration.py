"""The stack's configuration, as the engine hands it to a program."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import config


def project() -> dict[str, Any]:
    """Return the configuration of the project itself, without its name before the keys.

    ``pulumi.Config`` answers only for keys that one already knows; a misspelt key is found by
    looking at all of them.
    """
    prefix = f"{pulumi.get_project()}:"
    everything: Mapping[str, Any] = {**config.get_config_env(), **config.CONFIG.get()}
    return {
        key.removeprefix(prefix): value
        for key, value in everything.items()
        if key.startswith(prefix)
    }
