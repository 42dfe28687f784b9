"""The jobs of the teams, one module a team. Copy one, and name yours here.

A module has a function ``register``; it uses the public names of ``components`` and nothing else
of this repository.
"""

from components import BatchPlatform
from jobs import billing, data, hello, operations, practice, reporting

TEAMS = (billing, data, hello, operations, practice, reporting)


def register(platform: BatchPlatform) -> None:
    """Register the jobs of every team."""
    for team in TEAMS:
        team.register(platform)
