"""Jobs of the operations team: one that is off, and one for a single night."""

from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register both."""
    ScheduledJob(
        "retired",
        {
            "platform": platform.connection,
            "description": "The old clean-up, kept until nobody has missed it for a quarter",
            "shell": "echo cleaning up the old way",
            # Its schedule stays and starts nothing. By hand it still runs.
            "enabled": False,
            "schedule": "cron(30 4 1 * ? *)",
            "owner": "operations",
        },
    )
    ScheduledJob(
        "cutover",
        {
            "platform": platform.connection,
            "description": "Switches over to the new ledger, once",
            "shell": "echo switching over",
            # When is each stack's own affair: `schedule: at(...)` below jobs.cutover in its
            # configuration. Where it says nothing, only people start it.
            "attempt_timeout": "30m",
            "owner": "operations",
        },
    )
