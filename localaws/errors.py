"""The errors of the emulator, a branch under ``BatchError``.

::

    EmulatorError
    ├── PortInUse             something else listens where the emulator should
    └── DeploymentFailed      the program or one of its resources could not be made
"""

from __future__ import annotations

from batch.errors import BatchError


class EmulatorError(BatchError):
    """The emulator cannot do what was asked."""


class PortInUse(EmulatorError):
    """Something else listens at the emulator's address."""


class DeploymentFailed(EmulatorError):
    """The program, or a resource that it registered, could not be made."""
