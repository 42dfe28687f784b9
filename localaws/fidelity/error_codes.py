"""The interpreter's errors have their code.

moto answers to a bad definition with an error whose code is empty, so no client can tell what it
is.
"""

from __future__ import annotations

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser import api

from localaws.fidelity.patching import patch, replace


@patch
def apply() -> None:
    """Name each error as its class is named."""
    for name, error in vars(api).items():
        if isinstance(error, type) and issubclass(error, AWSError) and error is not AWSError:
            replace(error, "TYPE", name)
