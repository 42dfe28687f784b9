"""How much one sweep does, so that it ends: oldest first, the next sweep goes on.

An execution has 25,000 events of history, and a state's result 256 KiB. A call is five events, in
a Map seven, and three more for each retry; what is found to do takes at most 25. With all of these
at their bound a sweep has a quarter of the events left for retries.
"""

from __future__ import annotations

from typing import Final

RUNS: Final = 900
"""Runs that one sweep asks about: their end is not recorded, or their message not sent."""

RUN_PAGE: Final = 100
"""Records of one query; what is known of each in the end is at most 1 KiB."""

TASKS: Final = 2000
"""Running tasks that one sweep looks at."""

TASK_PAGE: Final = 100
"""Tasks of one list."""

DESCRIBED_TASKS: Final = 10
"""Tasks of one description: each has up to 8 KiB of overrides besides what it is."""

EXPECTED_JOBS: Final = 3000
"""Jobs of which one sweep looks whether they ran."""

EXPECTED_PAGE: Final = 300

READ_JOBS: Final = 49
"""Jobs of one read, which has at most 100 keys: two a job, and one for all."""

ACTIONS: Final = 300
"""What one sweep does about what it found: recorders started, tasks stopped, jobs told."""

PROBLEMS: Final = 20
"""Problems that are named. One is enough to fail."""
