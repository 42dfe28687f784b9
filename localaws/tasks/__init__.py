"""ECS tasks that really run: moto's RunTask starts the containers' commands.

``service`` answers the API, ``life`` leads one task from its start to its end, ``record`` is what
DescribeTasks and the status events show of it, ``environment`` and ``secrets`` are what its
containers see, ``logs`` is where their output goes. How a container runs is `localaws.executors`.
"""

import localaws.moto_data  # noqa: F401 - before anything imports moto's EC2
from localaws.tasks.service import Tasks

__all__ = ["Tasks"]
