"""How many state transitions the recorder takes for a run. ``tests/local`` sees it take them."""

from __future__ import annotations

SUCCESS_WITHOUT_MESSAGE = 3
"""Read, decide, record."""

SUCCESS_WITH_MESSAGE = 5
"""Then tell, and note that it is told."""

FAILURE = 6
"""Before it tells, it reads the log."""

RECOVERED = 6
"""Tells two channels."""
